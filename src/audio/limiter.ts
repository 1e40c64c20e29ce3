import { type AudioFrame, frameSamples } from "./frame.ts";
import { amplitude } from "./level.ts";

export interface LimiterOptions {
  /** Nothing goes above, dBTP (or dBFS without `truePeak`). @default -1 */
  readonly ceiling?: number;
  /** Finds peaks between the samples too, by oversampling four times (ITU-R BS.1770-4, annex 2). @default true */
  readonly truePeak?: boolean;
}

/** The limiter looks 5 ms ahead: its output is that much late, in samples at 48 kHz. */
export const limiterDelay = 240;

/** The interpolating filter of BS.1770-4, annex 2: phases 0 and 1; phases 3 and 2 are the same backwards. */
const phase0 = Float64Array.of(
  0.001708984375,
  0.010986328125,
  -0.0196533203125,
  0.033203125,
  -0.0594482421875,
  0.1373291015625,
  0.97216796875,
  -0.102294921875,
  0.047607421875,
  -0.026611328125,
  0.014892578125,
  -0.00830078125,
);
const phase1 = Float64Array.of(
  -0.0291748046875,
  0.029296875,
  -0.0517578125,
  0.089111328125,
  -0.16650390625,
  0.465087890625,
  0.77978515625,
  -0.2003173828125,
  0.1015625,
  -0.0582275390625,
  0.0330810546875,
  -0.0189208984375,
);
const taps = 12;

/** The largest magnitude between and at the twelve samples that end at `at`. */
export function truePeak(samples: Float32Array, at: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let k = 0; k < taps; k++) {
    const sample = samples[at - k] ?? 0;
    a += (phase0[k] ?? 0) * sample;
    b += (phase1[k] ?? 0) * sample;
    c += (phase1[taps - 1 - k] ?? 0) * sample;
    d += (phase0[taps - 1 - k] ?? 0) * sample;
  }
  return Math.max(Math.abs(a), Math.abs(b), Math.abs(c), Math.abs(d));
}

const history = limiterDelay + taps - 1;
/** The gain is worked out once for 16 samples, and moves in a straight line between. */
const block = 16;
const delayBlocks = limiterDelay / block;
/** Blocks over which the least gain is held, and then averaged, so that it is reached before its peak comes out. */
const hold = delayBlocks + 1;
const smooth = delayBlocks - 1;
/** Recovery per block: 63 % in 80 ms. */
const recovery = 1 - Math.exp(-block / (0.08 * 48_000));
/** Between samples a peak is up to 3 dB higher than they are (a tone at a quarter of the rate); half a decibel more is room. */
const suspicious = 0.66;
const settled = 0.99999;

/**
 * A look-ahead peak limiter: the gain needed for each peak is held for 5 ms, averaged over 5 ms, and applied to the sound
 * delayed by 5 ms. Below the ceiling it changes nothing but the delay.
 */
export class Limiter {
  readonly #ceiling: number;
  readonly #truePeak: boolean;
  /** The samples that wait, and behind them the frame that has come. */
  readonly #samples = new Float32Array(history + frameSamples);
  readonly #out: AudioFrame = new Float32Array(frameSamples);
  /** Samples left for which a peak may hide between samples. */
  #near = 0;
  #envelope = 1;
  /** Nothing while the gain is 1. */
  #gain: GainWindow | undefined;

  constructor(options: LimiterOptions = {}) {
    this.#ceiling = amplitude(options.ceiling ?? -1);
    this.#truePeak = options.truePeak ?? true;
  }

  /** A limiter with the same sound waiting in it and the same gain, with its own options. */
  fork(options: LimiterOptions): Limiter {
    const fork = new Limiter(options);
    fork.#samples.set(this.#samples);
    fork.#near = this.#near;
    fork.#envelope = this.#envelope;
    fork.#gain = this.#gain?.copy();
    return fork;
  }

  /** Takes the next frame and returns the one that comes out, 5 ms late; the next call uses it again. */
  process(frame: AudioFrame): AudioFrame {
    this.#samples.copyWithin(0, frameSamples);
    this.#samples.set(frame, history);
    const out = this.#out;
    out.set(this.#samples.subarray(taps - 1, taps - 1 + frameSamples));
    if (this.#gain !== undefined || this.#near > 0 || this.#loud(frame)) this.#limit(out);
    return out;
  }

  #loud(frame: AudioFrame): boolean {
    const bound = this.#ceiling * (this.#truePeak ? suspicious : 1);
    for (let i = 0; i < frameSamples; i++) {
      const sample = frame[i] ?? 0;
      if (sample > bound || sample < -bound) return true;
    }
    return false;
  }

  #limit(out: AudioFrame): void {
    const gain = (this.#gain ??= new GainWindow());
    const calm = this.#envelope >= settled;
    let worst = 1;
    for (let start = 0; start < frameSamples; start += block) {
      const peak = this.#peak(history + start);
      const needed = peak > this.#ceiling ? this.#ceiling / peak : 1;
      this.#envelope = Math.min(needed, this.#envelope + (1 - this.#envelope) * recovery);
      worst = Math.min(worst, needed);
      const from = gain.value;
      const step = (gain.push(this.#envelope) - from) / block;
      for (let i = 0; i < block; i++) out[start + i] = (out[start + i] ?? 0) * (from + step * (i + 1));
    }
    // A whole frame without a peak, on a gain that had recovered: every value in the window is 1 again.
    if (calm && worst === 1) {
      this.#gain = undefined;
      this.#envelope = 1;
    }
  }

  /** The largest magnitude in the block that begins at `at`; true peaks are those of up to six samples before each. */
  #peak(at: number): number {
    const bound = this.#ceiling * suspicious;
    let peak = 0;
    for (let i = at; i < at + block; i++) {
      const magnitude = Math.abs(this.#samples[i] ?? 0);
      if (magnitude > peak) peak = magnitude;
      if (!this.#truePeak) continue;
      if (magnitude > bound) this.#near = taps;
      if (this.#near === 0) continue;
      this.#near--;
      peak = Math.max(peak, truePeak(this.#samples, i));
    }
    return peak;
  }
}

/** The least of the last `hold` values, averaged over the last `smooth` of those. */
class GainWindow {
  readonly #values = new Float64Array(hold).fill(1);
  readonly #least = new Float64Array(smooth).fill(1);
  #blocks = 0;
  value = 1;

  copy(): GainWindow {
    const copy = new GainWindow();
    copy.#values.set(this.#values);
    copy.#least.set(this.#least);
    copy.#blocks = this.#blocks;
    copy.value = this.value;
    return copy;
  }

  push(value: number): number {
    this.#values[this.#blocks % hold] = value;
    let least = 1;
    for (let i = 0; i < hold; i++) least = Math.min(least, this.#values[i] ?? 1);
    this.#least[this.#blocks % smooth] = least;
    this.#blocks++;
    let sum = 0;
    for (let i = 0; i < smooth; i++) sum += this.#least[i] ?? 1;
    this.value = sum / smooth;
    return this.value;
  }
}
