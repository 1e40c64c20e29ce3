import { createEncoder } from "libopus-wasm";
import type { Space } from "../../src/wire/api.ts";
import type { Server } from "./server.ts";
import { type OnStage, publish, speak } from "./whip-client.ts";

/** A second of a tone as Opus packets of 20 ms. */
async function tone(): Promise<Uint8Array[]> {
  const encoder = await createEncoder({ channels: 1, sampleRate: 48_000, bitrate: 48_000 });
  const packets = Array.from({ length: 50 }, (_, n) =>
    encoder.encodeFloat(Float32Array.from({ length: 960 }, (_sample, i) => 0.2 * Math.sin((n * 960 + i) / 20))),
  );
  encoder.free();
  return packets;
}

/** Somebody who speaks on the stage of a live Space of their own, over real WebRTC. */
export interface Speaker extends AsyncDisposable {
  readonly space: Space;
  /** Packets that they have heard from the stage. */
  readonly heard: number;
  /** Whether the Space is live with them, and no hold audio in their place. */
  isOnAir(): Promise<boolean>;
}

export async function speaker(server: Server): Promise<Speaker> {
  const space = await server.createSpace({ title: "Somebody speaks" });
  const invite = await server.invite(space.id, "host", "Host");
  const on: OnStage = await publish(invite, { direction: "sendrecv" });
  const speaking = speak(on.client, await tone());
  const isOnAir = async (): Promise<boolean> => {
    const { status, hold, stage } = await server.state(space.id);
    return status === "live" && !hold && stage.some(({ present }) => present);
  };
  await server.until(space.id, ({ status, hold, latest }) => status === "live" && !hold && latest !== null);
  return {
    space,
    get heard() {
      return on.client.received.length;
    },
    isOnAir,
    [Symbol.asyncDispose]: async () => {
      speaking.end();
      await on.leave();
      await on.client.close();
    },
  };
}
