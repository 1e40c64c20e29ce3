export interface GradientOptions {
  /** What it begins with. @default 128 */
  readonly first?: number | undefined;
  /** @default 64 */
  readonly least?: number | undefined;
  /** @default 512 */
  readonly most?: number | undefined;
}

/** How much slower than usual answers may be before less is let in at once. */
const tolerance = 1.5;
/** So many answers are looked at together: one alone says little. */
const windowSize = 20;
/** How much of a new long-time latency, and of a new limit, counts. */
const longShare = 1 / 60;
const limitShare = 0.2;
/** When answers are so much faster than the long-time latency, that one is out of date, and forgotten faster. */
const staleFrom = 2;
const staleFactor = 0.95;

/**
 * How much may be under way at once, measured: as long as answers are as fast as usual it grows by the square root of
 * itself, and when they slow down it shrinks in proportion (Gradient2 of Netflix's concurrency-limits, 2018: the gradient of
 * the long-time latency against that of the moment).
 */
export class Gradient {
  readonly #least: number;
  readonly #most: number;
  #limit: number;
  #longMs = 0;
  #sumMs = 0;
  #count = 0;
  /** The most that was under way while the window was open. */
  #busiest = 0;

  constructor({ first = 128, least = 64, most = 512 }: GradientOptions = {}) {
    this.#least = least;
    this.#most = most;
    this.#limit = Math.min(most, Math.max(least, first));
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** An answer took `tookMs`; with it `underWay` were under way. */
  answered(tookMs: number, underWay: number): void {
    this.#sumMs += tookMs;
    this.#busiest = Math.max(this.#busiest, underWay);
    if (++this.#count < windowSize) return;
    // Below a millisecond it is the machine's scheduling that is measured.
    const shortMs = Math.max(1, this.#sumMs / this.#count);
    this.#sumMs = this.#count = 0;
    this.#longMs = this.#longMs === 0 ? shortMs : this.#longMs + (shortMs - this.#longMs) * longShare;
    if (this.#longMs / shortMs > staleFrom) this.#longMs *= staleFactor;
    const wasBusy = this.#busiest >= this.#limit / 2;
    this.#busiest = 0;
    // What is not used tells nothing about what would be too much.
    if (!wasBusy) return;
    const gradient = Math.min(1, Math.max(0.5, (tolerance * this.#longMs) / shortMs));
    const wanted = this.#limit * gradient + Math.sqrt(this.#limit);
    const smooth = this.#limit * (1 - limitShare) + wanted * limitShare;
    this.#limit = Math.min(this.#most, Math.max(this.#least, smooth));
  }
}
