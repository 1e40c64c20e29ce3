import { type AudioFrame, silentFrame } from "../audio/frame.ts";
import { mediaChunk } from "../cmaf/chunk.ts";
import { packetsPerChunk } from "../cmaf/init.ts";
import type { EpochMs } from "../foundation/duration.ts";
import type { RoomEvent } from "../wire/events.ts";
import type { RenditionName } from "../wire/rendition.ts";
import { chunkMs, frameMs } from "../wire/timeline.ts";
import type { Encoder } from "./encoder.ts";
import type { Voice } from "./mixer.ts";
import { VoicesGatherer } from "./voices.ts";

/** 320 ms of one rendition. */
export interface Chunk {
  readonly rendition: RenditionName;
  /** Its number since the epoch: `3 · segment + part`. */
  readonly slot: number;
  /** A CMAF chunk with its events. */
  readonly bytes: Uint8Array;
}

/** Where chunks go; it never blocks and never throws. */
export interface ChunkSink {
  publish(chunk: Chunk): void;
}

export interface ProgrammeOptions {
  /** When segment 0 starts. */
  readonly epoch: EpochMs;
  /** The start of the first segment to publish; null while the audience hears something else. @default null */
  readonly onAirFrom?: EpochMs | null;
  readonly sink: ChunkSink;
  /** One for each rendition; the programme closes them. */
  readonly encoders: readonly Encoder[];
  /** Called when frames were missing: filled with silence, or left to the origin's hold audio. @default nothing */
  readonly missed?: (frames: number, what: "filled" | "left") => void;
}

const framesPerChunk = chunkMs / frameMs;
/**
 * A gap of up to this many frames, two chunks, is filled with silence; a longer one is left to the origin, which has put
 * hold audio there by then.
 */
export const mostFilled = 32;

type Air =
  /** Nothing is encoded. */
  | { readonly state: "off" }
  /** Waiting for the first frame of a slot. */
  | { readonly state: "waiting"; readonly slot: number }
  | { readonly state: "on"; readonly packagers: readonly Packager[]; nextFrame: number };

/**
 * The programme of a Space: 20 ms frames in, chunks of every rendition out, named by the clock. Once on air every slot
 * is whole: frames that never came are silence.
 */
export class Programme {
  readonly #options: ProgrammeOptions;
  readonly #gatherer = new VoicesGatherer();
  /** What was gathered for slots whose last rendition is not out yet. */
  readonly #events = new Map<number, readonly RoomEvent[]>();
  #air: Air = { state: "off" };
  #closed = false;

  constructor(options: ProgrammeOptions) {
    this.#options = options;
    this.setOnAir(options.onAirFrom ?? null);
  }

  get onAir(): boolean {
    return this.#air.state === "on";
  }

  /** From when on to publish, a segment's start; null takes the programme off the air at once. */
  setOnAir(from: EpochMs | null): void {
    if (from === null || this.#closed) {
      this.#air = { state: "off" };
      return;
    }
    if (this.#air.state !== "on") {
      this.#air = { state: "waiting", slot: Math.ceil((from - this.#options.epoch) / chunkMs) };
    }
  }

  /**
   * Takes one frame of the mix.
   *
   * @param frameIndex of the 20 ms since the epoch; a smaller one than before is ignored
   * @param voices who has a microphone open, with levels
   */
  push(frameIndex: number, frame: AudioFrame, voices: readonly Voice[]): void {
    if (this.#air.state === "off") return;
    if (this.#air.state === "waiting" && !this.#begin(this.#air.slot, frameIndex)) return;
    if (this.#air.state !== "on" || frameIndex < this.#air.nextFrame) return;
    const missing = frameIndex - this.#air.nextFrame;
    if (missing > mostFilled) {
      this.#options.missed?.(missing, "left");
      this.#air = { state: "waiting", slot: Math.ceil(frameIndex / framesPerChunk) };
      this.push(frameIndex, frame, voices);
      return;
    }
    if (missing > 0) this.#options.missed?.(missing, "filled");
    for (let index = this.#air.nextFrame; index < frameIndex; index++) this.#encode(index, silentFrame, []);
    this.#encode(frameIndex, frame, voices);
    this.#air.nextFrame = frameIndex + 1;
  }

  /** Ends for good. Safe twice. */
  close(): void {
    this.#air = { state: "off" };
    if (!this.#closed) for (const encoder of this.#options.encoders) encoder.close();
    this.#closed = true;
  }

  /** Goes on air with the first slot, from `slot` on, that has not begun by `frameIndex` already. */
  #begin(slot: number, frameIndex: number): boolean {
    const first = slot * framesPerChunk;
    if (frameIndex < first) return false;
    if (frameIndex > first + mostFilled) {
      const next = Math.ceil(frameIndex / framesPerChunk);
      this.#options.missed?.((next - slot) * framesPerChunk, "left");
      if (next * framesPerChunk > frameIndex) {
        this.#air = { state: "waiting", slot: next };
        return false;
      }
      slot = next;
    }
    for (const encoder of this.#options.encoders) encoder.restart();
    this.#events.clear();
    this.#gatherer.take();
    this.#air = {
      state: "on",
      packagers: this.#options.encoders.map((encoder) => new Packager(encoder, slot)),
      nextFrame: slot * framesPerChunk,
    };
    return true;
  }

  #encode(index: number, frame: AudioFrame, voices: readonly Voice[]): void {
    if (this.#air.state !== "on") return;
    const slot = Math.floor(index / framesPerChunk);
    this.#gatherer.add(index - slot * framesPerChunk, voices);
    if ((index + 1) % framesPerChunk === 0) this.#events.set(slot, [this.#gatherer.take()]);
    for (const packager of this.#air.packagers) {
      for (const { slot: done, packets } of packager.push(frame)) {
        const { rendition } = packager;
        const bytes = mediaChunk({ rendition, slot: done, packets, events: this.#events.get(done) ?? [] });
        this.#options.sink.publish({ rendition, slot: done, bytes });
      }
    }
    const oldest = Math.min(...this.#air.packagers.map((packager) => packager.slot));
    for (const done of this.#events.keys()) if (done < oldest) this.#events.delete(done);
  }
}

/** Gathers one rendition's packets into chunks. */
class Packager {
  readonly rendition: RenditionName;
  readonly #encoder: Encoder;
  readonly #perChunk: number;
  #packets: Uint8Array[] = [];
  /** The slot that is being filled. */
  slot: number;

  constructor(encoder: Encoder, slot: number) {
    this.rendition = encoder.rendition;
    this.#encoder = encoder;
    this.#perChunk = packetsPerChunk(encoder.rendition);
    this.slot = slot;
  }

  push(frame: AudioFrame): { readonly slot: number; readonly packets: readonly Uint8Array[] }[] {
    this.#packets.push(...this.#encoder.encode(frame));
    const chunks = [];
    while (this.#packets.length >= this.#perChunk) {
      chunks.push({ slot: this.slot++, packets: this.#packets.splice(0, this.#perChunk) });
    }
    return chunks;
  }
}
