import type { AudioFrame } from "../audio/frame.ts";
import type { RenditionName } from "../wire/rendition.ts";

/**
 * One rendition's encoder. All encoders delay the sound by the same `encoderDelay`, so that the packets of one slot
 * decode to the same sound in every rendition, without any samples dropped at the start.
 */
export interface Encoder {
  readonly rendition: RenditionName;
  /**
   * Forgets what was and starts afresh on silence: the first packet that comes after starts with the next frame given,
   * `encoderDelay` samples late.
   */
  restart(): void;
  /** Takes 20 ms; returns the packets that are complete, oldest first. They belong to the caller. */
  encode(frame: AudioFrame): readonly Uint8Array[];
  /** Gives the memory back. Safe twice. */
  close(): void;
}

/** How late the sound is in a rendition's decoded packets, in samples at 48 kHz: the look-ahead of libopus. */
export const encoderDelay = 312;
