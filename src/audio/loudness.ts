import { type AudioFrame, frameSamples } from "./frame.ts";

/** Loudness of nothing, LUFS. */
export const silence = -Infinity;

/** Loudness of one channel from its K-weighted mean square (ITU-R BS.1770-4, equation 2), LUFS. */
export const loudness = (meanSquare: number): number => -0.691 + 10 * Math.log10(meanSquare);
/** The mean square that has this loudness. */
export const meanSquareOf = (lufs: number): number => 10 ** ((lufs + 0.691) / 10);

/** Below this a block says nothing about a programme (BS.1770-4, section 5.1), LUFS. */
export const absoluteGate = -70;
/** A block this far below the loudness of the rest does not count, LU. */
export const relativeGate = -10;

/** The two filters of K-weighting at 48 kHz (BS.1770-4, tables 1 and 2), transposed direct form II. */
export class KWeighting {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  /** Filters the next frame and returns the mean square of what comes out. */
  meanSquare(frame: AudioFrame): number {
    let a = this.#a;
    let b = this.#b;
    let c = this.#c;
    let d = this.#d;
    let sum = 0;
    for (let i = 0; i < frameSamples; i++) {
      const x = frame[i] ?? 0;
      const y = 1.53512485958697 * x + a;
      a = -2.69169618940638 * x + 1.69065929318241 * y + b;
      b = 1.19839281085285 * x - 0.73248077421585 * y;
      const z = y + c;
      c = -2 * y + 1.99004745483398 * z + d;
      d = y - 0.99007225036621 * z;
      sum += z * z;
    }
    // Denormal numbers of a fading tail are a hundred times slower than others.
    const tiny = 1e-15;
    this.#a = Math.abs(a) < tiny ? 0 : a;
    this.#b = Math.abs(b) < tiny ? 0 : b;
    this.#c = Math.abs(c) < tiny ? 0 : c;
    this.#d = Math.abs(d) < tiny ? 0 : d;
    return sum / frameSamples;
  }
}

/** Frames in the window of momentary loudness, 400 ms, and of short-term loudness, 3 s. */
const momentaryFrames = 20;
const shortTermFrames = 150;
/** Gating blocks of 400 ms overlap by 75 %: one begins every 100 ms. */
const stepFrames = 5;
/** Integrated loudness is kept as a histogram of 0.1 LU, so that hours of programme take the same memory as seconds. */
const binsPerLu = 10;
const bins = 80 * binsPerLu;

/** A loudness meter of a mono programme (ITU-R BS.1770-4, EBU Tech 3341). */
export class LoudnessMeter {
  readonly #filter = new KWeighting();
  readonly #ring = new Float64Array(shortTermFrames);
  readonly #count = new Uint32Array(bins);
  readonly #energy = new Float64Array(bins);
  #frames = 0;

  push(frame: AudioFrame): void {
    this.#ring[this.#frames++ % shortTermFrames] = this.#filter.meanSquare(frame);
    if (this.#frames < momentaryFrames || this.#frames % stepFrames !== 0) return;
    const power = this.#mean(momentaryFrames);
    const lufs = loudness(power);
    if (lufs < absoluteGate) return;
    const bin = Math.min(bins - 1, Math.floor((lufs - absoluteGate) * binsPerLu));
    this.#count[bin] = (this.#count[bin] ?? 0) + 1;
    this.#energy[bin] = (this.#energy[bin] ?? 0) + power;
  }

  /** Over the last 400 ms, LUFS. */
  get momentary(): number {
    return loudness(this.#mean(momentaryFrames));
  }

  /** Over the last 3 s, LUFS. */
  get shortTerm(): number {
    return loudness(this.#mean(shortTermFrames));
  }

  /** Over everything so far, gated twice (BS.1770-4, section 5.1), LUFS. */
  get integrated(): number {
    const all = this.#gated(0);
    if (all === 0) return silence;
    const gate = Math.max(0, Math.ceil((loudness(all) + relativeGate - absoluteGate) * binsPerLu));
    return loudness(this.#gated(gate));
  }

  #mean(frames: number): number {
    let sum = 0;
    for (let i = 1; i <= frames && i <= this.#frames; i++) sum += this.#ring[(this.#frames - i) % shortTermFrames] ?? 0;
    return sum / frames;
  }

  #gated(from: number): number {
    let count = 0;
    let energy = 0;
    for (let bin = from; bin < bins; bin++) {
      count += this.#count[bin] ?? 0;
      energy += this.#energy[bin] ?? 0;
    }
    return count === 0 ? 0 : energy / count;
  }
}
