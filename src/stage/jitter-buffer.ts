import type { OpusDecoderHandle } from "libopus-wasm";
import { type AudioFrame, frameSamples } from "../audio/frame.ts";
import { opusHasFec, opusSamples } from "../audio/opus-packet.ts";
import { crossfade, SampleQueue } from "./sample-queue.ts";

/** The decoder that the buffer needs; libopus-wasm's handle is one. Mono, 48 kHz. */
export type Decoder = Pick<OpusDecoderHandle, "decodeFloat" | "free">;

export interface BufferedPacket {
  readonly ssrc: number;
  /** With wraps counted. */
  readonly sequence: number;
  /** RTP timestamp, 32 bits. */
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** What happened so far, in packets unless said otherwise. */
export interface JitterCounts {
  played: number;
  /** Losses filled from the next packet's in-band FEC. */
  recovered: number;
  /** Frames of 20 ms made up by the decoder: losses without FEC, and waits. */
  concealed: number;
  /** Came after their time. */
  late: number;
  duplicate: number;
  /** Not Opus, or not decodable. */
  invalid: number;
  /** Frames of 20 ms taken out because the buffer was too deep. */
  dropped: number;
  /** The sender started a new stream or jumped. */
  resets: number;
}

const noCounts = (): JitterCounts => ({
  played: 0,
  recovered: 0,
  concealed: 0,
  late: 0,
  duplicate: 0,
  invalid: 0,
  dropped: 0,
  resets: 0,
});

/** Frames of 20 ms that are gathered before playing; more after each time the buffer ran dry. */
export const minDepth = 2;
export const maxDepth = 8;
/** Deeper than this (a stall whose packets came all at once) it jumps to its depth: latency over completeness. */
export const jumpDepth = maxDepth + 4;
/** Packets held at most; the oldest goes. */
export const maxHeldPackets = 100;
/** Frames made up in a row; after that the stream counts as paused, and silence is nobody's frame. */
const maxConcealed = 5;
/** A timestamp further from the last than this begins a new stream: 3 s. */
const maxJump = 3 * 48_000;
/** Ticks over which the shallowest moment is looked for, and windows without trouble until the depth may shrink. */
const windowTicks = 50;
const calmWindows = 10;
/** Ticks between two lengthenings for late packets. */
const stretchPause = 10;

interface Held {
  readonly sequence: number;
  /** With wraps counted. */
  readonly timestamp: number;
  readonly payload: Uint8Array;
  readonly samples: number;
}

interface Place {
  readonly timestamp: number;
  readonly sequence: number;
}

type Play =
  /** Gathering until the depth is reached, or for as many ticks; `awaited` is what did not come in time before. */
  | { readonly state: "filling"; ticks: number; readonly awaited?: Place }
  /** `next` is the timestamp whose sound comes next; `madeUp` counts samples played in its place while it is awaited. */
  | { readonly state: "playing"; next: number; lastSequence: number; madeUp: number; madeUpInRow: number };

/**
 * Turns packets that come when they like into 20 ms of sound every 20 ms. Works on timestamps, not on packet counts, so
 * packets may hold 2.5 to 120 ms and a sender may pause.
 *
 * A packet that is missing while later ones are there is lost: the next one's FEC or concealment takes its place. When
 * nothing is there, sound is made up without moving on, so what comes late still plays, later: that is how the depth
 * grows. It shrinks by fading two frames into one once the shallowest moment of a second is deeper than needed.
 */
export class JitterBuffer {
  readonly counts: JitterCounts = noCounts();
  #told: JitterCounts = noCounts();
  readonly #decoder: Decoder;
  /** Ordered by timestamp. */
  readonly #held: Held[] = [];
  readonly #ready = new SampleQueue();
  #play: Play = { state: "filling", ticks: 0 };
  #ssrc: number | undefined;
  #newest = 0;
  #depth = minDepth;
  #window = { ticks: 0, shallowest: Infinity, calm: 0, calmShallowest: Infinity };
  #shrink = false;
  #sinceStretch = stretchPause;

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  /** What happened since this was last asked. */
  takeCounts(): JitterCounts {
    const since = noCounts();
    for (const what of Object.keys(since) as (keyof JitterCounts)[]) since[what] = this.counts[what] - this.#told[what];
    this.#told = { ...this.counts };
    return since;
  }

  /** The depth that is aimed at now, in frames of 20 ms. */
  get depth(): number {
    return this.#depth;
  }

  /** What is buffered now, in frames of 20 ms. */
  get level(): number {
    const last = this.#held.at(-1);
    if (!last) return this.#ready.length / frameSamples;
    const from = this.#play.state === "playing" ? this.#play.next : (this.#held[0]?.timestamp ?? 0);
    return (Math.max(0, last.timestamp + last.samples - from) + this.#ready.length) / frameSamples;
  }

  push(packet: BufferedPacket): void {
    const samples = opusSamples(packet.payload);
    if (samples === undefined) {
      this.counts.invalid++;
      return;
    }
    const ahead = (packet.timestamp - this.#newest) | 0;
    if (this.#ssrc === undefined || packet.ssrc !== this.#ssrc || Math.abs(ahead) > maxJump) {
      if (this.#ssrc !== undefined) this.counts.resets++;
      this.#ssrc = packet.ssrc;
      this.clear();
      this.#newest = packet.timestamp;
    }
    const timestamp = this.#newest + ((packet.timestamp - this.#newest) | 0);
    this.#newest = Math.max(this.#newest, timestamp);
    if (this.#play.state === "playing" && timestamp < this.#play.next) {
      if (packet.sequence === this.#play.lastSequence) this.counts.duplicate++;
      else this.#onLate(this.#play.next - timestamp);
      return;
    }
    let at = this.#held.length;
    while (at > 0 && (this.#held[at - 1]?.timestamp ?? 0) > timestamp) at--;
    if (at > 0 && this.#held[at - 1]?.timestamp === timestamp) {
      this.counts.duplicate++;
      return;
    }
    this.#held.splice(at, 0, { sequence: packet.sequence, timestamp, payload: packet.payload, samples });
    if (this.#held.length > maxHeldPackets) {
      this.#held.shift();
      this.counts.dropped++;
    }
  }

  /** 960 samples, once every 20 ms; `undefined` while the sender is silent or the buffer fills. */
  pull(): AudioFrame | undefined {
    this.#sinceStretch++;
    if (this.#play.state === "filling" && !this.#begin(this.#play)) return undefined;
    this.#keepDepth();
    const frame = this.#frame();
    if (!frame || !this.#shrink || this.level < 1) return frame;
    const second = this.#frame();
    this.#shrink = false;
    if (!second) return frame;
    this.counts.dropped++;
    return crossfade(frame, second);
  }

  /** Forgets what is buffered and gathers anew; the depth that was learned stays. */
  clear(): void {
    this.#held.length = 0;
    this.#ready.clear();
    this.#play = { state: "filling", ticks: 0 };
    this.#newWindow();
    this.#shrink = false;
  }

  free(): void {
    this.clear();
    this.#decoder.free();
  }

  #begin(play: Play & { state: "filling" }): boolean {
    const first = this.#held[0];
    if (!first) return false;
    if (this.level < this.#depth && play.ticks++ < this.#depth) return false;
    if (first.sequence === play.awaited?.sequence && first.timestamp === play.awaited.timestamp) this.#deepen();
    this.#play = {
      state: "playing",
      next: first.timestamp,
      lastSequence: first.sequence - 1,
      madeUp: 0,
      madeUpInRow: 0,
    };
    this.#newWindow();
    return true;
  }

  #frame(): AudioFrame | undefined {
    while (this.#ready.length < frameSamples && this.#play.state === "playing") this.#decodeNext(this.#play);
    return this.#ready.take(frameSamples);
  }

  #decodeNext(play: Play & { state: "playing" }): void {
    const next = this.#held[0];
    if (!next) return this.#awaitNext(play);
    let gap = next.timestamp - play.next;
    const missing = next.sequence - play.lastSequence - 1;
    // It was awaited and it is here: late. A pause of the sender or a loss says nothing about the network's delay.
    if (play.madeUp > 0 && gap === 0) this.#deepen();
    if (gap > 0) {
      // What was made up while waiting stood for these.
      const stoodFor = Math.min(gap, play.madeUp);
      play.next += stoodFor;
      gap -= stoodFor;
      play.madeUp = 0;
    }
    if (gap > 0 && (missing <= 0 || gap % 120 !== 0 || gap > maxConcealed * frameSamples)) {
      // The sender paused, or so much is lost that making it up would be a lie: go on with what there is.
      play.next = next.timestamp;
      gap = 0;
    }
    if (gap > next.samples) return this.#conceal(play, Math.min(frameSamples, gap - next.samples));
    if (gap > 0) return this.#recover(play, next, gap);
    this.#held.shift();
    play.next = next.timestamp + next.samples;
    play.lastSequence = next.sequence;
    play.madeUp = play.madeUpInRow = 0;
    try {
      this.#ready.add(this.#decoder.decodeFloat(next.payload));
      this.counts.played++;
    } catch {
      this.counts.invalid++;
      this.#ready.add(this.#decoder.decodeFloat(null, { frameSize: next.samples }));
    }
  }

  /** Nothing is there: makes up a frame in its place, and gives up after a while. */
  #awaitNext(play: Play & { state: "playing" }): void {
    if (play.madeUpInRow++ >= maxConcealed) {
      const awaited = { timestamp: play.next, sequence: play.lastSequence + 1 };
      this.#play = { state: "filling", ticks: 0, awaited };
      this.#ready.clear();
      return;
    }
    play.madeUp += frameSamples;
    this.counts.concealed++;
    this.#ready.add(this.#decoder.decodeFloat(null, { frameSize: frameSamples }));
  }

  #conceal(play: Play & { state: "playing" }, samples: number): void {
    play.next += samples;
    this.counts.concealed++;
    this.#ready.add(this.#decoder.decodeFloat(null, { frameSize: samples }));
  }

  #recover(play: Play & { state: "playing" }, next: Held, samples: number): void {
    if (!opusHasFec(next.payload)) return this.#conceal(play, samples);
    play.next += samples;
    try {
      this.#ready.add(this.#decoder.decodeFloat(next.payload, { decodeFec: true, frameSize: samples }));
      this.counts.recovered++;
    } catch {
      this.#ready.add(this.#decoder.decodeFloat(null, { frameSize: samples }));
      this.counts.concealed++;
    }
  }

  /** A packet came after its place was played: with a deeper buffer it would have been in time. */
  #onLate(bySamples: number): void {
    this.counts.late++;
    if (bySamples > maxDepth * frameSamples || this.#sinceStretch < stretchPause || this.#depth >= maxDepth) return;
    this.#sinceStretch = 0;
    this.#deepen();
    this.counts.concealed++;
    this.#ready.add(this.#decoder.decodeFloat(null, { frameSize: frameSamples }));
  }

  #deepen(): void {
    this.#depth = Math.min(maxDepth, this.#depth + 1);
    this.#newWindow();
    this.#window.calm = 0;
    this.#window.calmShallowest = Infinity;
    this.#shrink = false;
  }

  #newWindow(): void {
    this.#window.ticks = 0;
    this.#window.shallowest = Infinity;
  }

  #keepDepth(): void {
    const level = this.level;
    if (level > jumpDepth) this.#jump();
    const window = this.#window;
    window.shallowest = Math.min(window.shallowest, level);
    if (++window.ticks < windowTicks) return;
    if (window.shallowest > this.#depth) this.#shrink = true;
    window.calmShallowest = Math.min(window.calmShallowest, window.shallowest);
    if (++window.calm >= calmWindows) {
      if (window.calmShallowest >= minDepth) this.#depth = Math.max(minDepth, this.#depth - 1);
      window.calm = 0;
      window.calmShallowest = Infinity;
    }
    this.#newWindow();
  }

  /** Leaves out the oldest until the depth is right again. */
  #jump(): void {
    if (this.#play.state !== "playing") return;
    this.#ready.clear();
    while (this.level > this.#depth) {
      const oldest = this.#held.shift();
      if (!oldest) break;
      this.#play.next = this.#held[0]?.timestamp ?? oldest.timestamp + oldest.samples;
      this.#play.lastSequence = (this.#held[0]?.sequence ?? oldest.sequence + 1) - 1;
      this.counts.dropped += Math.ceil(oldest.samples / frameSamples);
    }
    this.#newWindow();
  }
}
