import { readFileSync } from "node:fs";
import { createEncoder } from "libopus-wasm";
import { openClient, type TestClient, type TestClientOptions } from "../../src/stage/client.fixture.ts";
import type { Invite } from "../../src/wire/api.ts";

/** 20 ms at 48 kHz. */
const frame = 960;

/** A recording as a plain WHIP client's Opus packets of 20 ms; the file is a 48 kHz mono WAV of 16 bits. */
export async function opusPackets(wav: string): Promise<Uint8Array[]> {
  const bytes = readFileSync(wav);
  const start = bytes.indexOf("data", 12, "latin1") + 8;
  const count = Math.floor((bytes.length - start) / 2 / frame);
  const encoder = await createEncoder({ channels: 1, sampleRate: 48_000, bitrate: 48_000 });
  const packets = Array.from({ length: count }, (_, n) =>
    encoder.encodeFloat(
      Float32Array.from({ length: frame }, (_sample, i) => bytes.readInt16LE(start + 2 * (n * frame + i)) / 32_768),
    ),
  );
  encoder.free();
  return packets;
}

/** Says the packets over and over, 50 a second, until it is ended. */
export function speak(client: TestClient, packets: readonly Uint8Array[]): { end(): void } {
  const since = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    for (; sent * 20 < performance.now() - since; sent++) {
      const packet = packets[sent % packets.length];
      if (packet) void client.send(packet, sent % 2 ** 16, (sent * frame) % 2 ** 32).catch(() => {});
    }
  }, 10);
  return { end: () => clearInterval(timer) };
}

export interface OnStage extends AsyncDisposable {
  readonly client: TestClient;
  /** Where the session lives. */
  readonly location: string;
  /** DELETE; its status. */
  leave(): Promise<number>;
}

/** Comes on stage as OBS or GStreamer would: an offer and an invite, and no WebSocket. */
export async function publish(invite: Invite, options: TestClientOptions = {}): Promise<OnStage> {
  const client = await openClient({ direction: "sendonly", ...options });
  const authorization = `Bearer ${invite.token}`;
  const answer = await fetch(options.transport === "tcp" ? `${invite.whipUrl}?transport=tcp` : invite.whipUrl, {
    method: "POST",
    headers: { authorization, "content-type": "application/sdp" },
    body: client.offer,
  });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`WHIP: ${answer.status} ${text}`);
  const location = new URL(answer.headers.get("location") ?? "", invite.whipUrl).href;
  await client.accept(text);
  await client.connected();
  return {
    client,
    location,
    leave: async () => (await fetch(location, { method: "DELETE", headers: { authorization } })).status,
    [Symbol.asyncDispose]: () => client.close(),
  };
}
