import { type AudioFrame, frameSamples } from "../audio/frame.ts";
import { opusSamples } from "../audio/opus-packet.ts";
import type { Decoder } from "./jitter-buffer.ts";

/** Packets decoded before the first that is heard after a jump, so that the decoder has settled (RFC 7845, 4.6: 80 ms). */
const preRoll = 4;

/**
 * A synthetic speaker: Opus packets of 20 ms that loop by the clock. The frame's index says which packet plays, so several
 * recordings stay in step, and a stage that restarts goes on where the clock is. Packets are decoded as they are played:
 * a minute costs 240 KB, not 11 MB.
 */
export class Recording {
  readonly #packets: readonly Uint8Array[];
  readonly #decoder: Decoder;
  #next: number | undefined;
  #freed = false;

  /** @param packets as `checkedPackets` gives them */
  constructor(packets: readonly Uint8Array[], decoder: Decoder) {
    this.#packets = packets;
    this.#decoder = decoder;
  }

  /** The 20 ms of this frame; `undefined` when they cannot be decoded, or after `free`. */
  pull(frameIndex: number): AudioFrame | undefined {
    if (this.#freed) return undefined;
    if (frameIndex !== this.#next)
      for (let back = Math.min(preRoll, frameIndex); back > 0; back--) this.#decode(frameIndex - back);
    this.#next = frameIndex + 1;
    return this.#decode(frameIndex);
  }

  /** Gives the decoder back; safe twice. */
  free(): void {
    if (!this.#freed) this.#decoder.free();
    this.#freed = true;
  }

  #decode(frameIndex: number): AudioFrame | undefined {
    const packet = this.#packets[frameIndex % this.#packets.length];
    try {
      return packet && this.#decoder.decodeFloat(packet);
    } catch {
      return undefined;
    }
  }
}

/** The packets of a recording, when there are any and each holds 20 ms; throws otherwise. */
export function checkedPackets(packets: readonly Uint8Array[]): readonly Uint8Array[] {
  if (packets.length === 0) throw new Error("the recording is empty");
  const odd = packets.findIndex((packet) => opusSamples(packet) !== frameSamples);
  if (odd >= 0) throw new Error(`packet ${odd} of the recording is not 20 ms of Opus`);
  return packets;
}
