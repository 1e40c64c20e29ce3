import { Activity } from "./activity.ts";
import { type AudioFrame, frameSamples } from "./frame.ts";
import { amplitude, levelOf } from "./level.ts";
import { KWeighting, loudness, relativeGate } from "./loudness.ts";

export interface LevellerOptions {
  /** The loudness every voice is brought to, LUFS. @default -20 */
  readonly target?: number;
  /** Bounds of the gain, dB. @default -12 */
  readonly least?: number;
  /** @default 18 */
  readonly most?: number;
}

/** What a frame was found to be before levelling. */
export interface VoiceLevel {
  /** RMS, dBFS, −90…0. */
  readonly db: number;
  readonly speaking: boolean;
}

/** 400 ms of speech are measured every 100 ms, over the last ten seconds of speech. */
const blockFrames = 20;
const stepFrames = 5;
const blocks = 100;
/** Speech that must be heard before anything is changed: one second. */
const enough = 10;
/** The loudest tenth of the blocks is left out: a cough or a knock is not the voice. */
const outliers = 0.1;
/** How fast the gain moves, dB per frame: 4 dB/s, and three times that until the voice is known for five seconds. */
const slew = 0.08;
const quickSlew = 3 * slew;
const known = 50;
/** Within this of the target nothing moves, LU. */
const tolerance = 0.5;
/** A microphone that nobody speaks into is turned down by this much, dB, within a second; back within 5 ms. */
const idle = -9;
const idleSlew = 0.2;
const backSamples = 240;

/**
 * Brings one voice to an even loudness. The gain follows the gated loudness (ITU-R BS.1770-4) of speech alone, slowly and
 * within bounds; while nobody speaks it stands still, so that neither silence nor noise is ever pulled up.
 */
export class Leveller {
  readonly #target: number;
  readonly #least: number;
  readonly #most: number;
  readonly #filter = new KWeighting();
  readonly #activity = new Activity();
  readonly #recent = new Float64Array(blockFrames);
  readonly #blocks = new Float64Array(blocks);
  readonly #sorted = new Float64Array(blocks);
  readonly #out: AudioFrame = new Float32Array(frameSamples);
  #speech = 0;
  #measured = 0;
  #wanted = 0;
  #gain = 0;
  #rest = idle;
  #applied = amplitude(idle);

  constructor(options: LevellerOptions = {}) {
    this.#target = options.target ?? -20;
    this.#least = options.least ?? -12;
    this.#most = options.most ?? 18;
  }

  /** The gain in force for speech, dB. */
  get gain(): number {
    return this.#gain;
  }

  /** Levels the next frame. The frame returned is used again by the next call. */
  process(frame: AudioFrame): { readonly voice: AudioFrame; readonly level: VoiceLevel } {
    const db = levelOf(frame);
    const speaking = this.#activity.push(db);
    if (speaking) {
      this.#measure(this.#filter.meanSquare(frame));
      const step = this.#measured < known ? quickSlew : slew;
      const off = this.#wanted - this.#gain;
      if (Math.abs(off) > tolerance || this.#measured >= known) this.#gain += Math.max(-step, Math.min(step, off));
    }
    this.#rest = speaking ? 0 : Math.max(idle, this.#rest - idleSlew);
    this.#apply(frame, amplitude(this.#gain + this.#rest));
    return { voice: this.#out, level: { db, speaking } };
  }

  #measure(power: number): void {
    this.#recent[this.#speech++ % blockFrames] = power;
    if (this.#speech < blockFrames || this.#speech % stepFrames !== 0) return;
    let sum = 0;
    for (let i = 0; i < blockFrames; i++) sum += this.#recent[i] ?? 0;
    this.#blocks[this.#measured++ % blocks] = sum / blockFrames;
    if (this.#measured < enough) return;
    const lufs = this.#speechLoudness();
    this.#wanted = Math.max(this.#least, Math.min(this.#most, this.#target - lufs));
  }

  /** Mean of the blocks without the loudest, gated at −10 LU below themselves. */
  #speechLoudness(): number {
    const count = Math.min(this.#measured, blocks);
    const sorted = this.#sorted.subarray(0, count);
    sorted.set(this.#blocks.subarray(0, count));
    sorted.sort();
    const kept = count - Math.floor(count * outliers);
    let all = 0;
    for (let i = 0; i < kept; i++) all += sorted[i] ?? 0;
    const gate = (all / kept) * 10 ** (relativeGate / 10);
    let sum = 0;
    let passed = 0;
    for (let i = 0; i < kept; i++) {
      const one = sorted[i] ?? 0;
      if (one < gate) continue;
      sum += one;
      passed++;
    }
    return loudness(sum / Math.max(1, passed));
  }

  /** Multiplies by a gain that moves in a straight line: over the frame, or over 5 ms when speech begins. */
  #apply(frame: AudioFrame, to: number): void {
    const from = this.#applied;
    const ramp = to > from * 1.5 ? backSamples : frameSamples;
    const step = (to - from) / ramp;
    for (let i = 0; i < ramp; i++) this.#out[i] = (frame[i] ?? 0) * (from + step * (i + 1));
    for (let i = ramp; i < frameSamples; i++) this.#out[i] = (frame[i] ?? 0) * to;
    this.#applied = to;
  }
}
