/** Buckets in each doubling: a value is told to within 1/32 of itself. */
const perDoubling = 16;
/** The least value that is told apart from zero, and the number of doublings above it; beyond is counted in the last bucket. */
const least = 2 ** -10;
const doublings = 34;
const size = 1 + perDoubling * doublings;

/** A histogram as plain JSON: pairs of bucket and count, ascending; and the exact sum and largest value. */
export interface Histogram {
  readonly buckets: readonly (readonly [bucket: number, count: number])[];
  readonly sum: number;
  readonly max: number;
}

/**
 * Counts of values of zero and more in buckets that grow with the value, as HdrHistogram has them (Tene, 2012): 545 counters whatever comes,
 * quantiles within 1/32 of the value, and two can be added up. The unit is the caller's; from 2⁻¹⁰ to 2²⁴ of it.
 */
export class HistogramCounter {
  readonly #counts = new Float64Array(size);
  #count = 0;
  #sum = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  get max(): number {
    return this.#max;
  }

  /** NaN when nothing was counted. */
  get mean(): number {
    return this.#count === 0 ? Number.NaN : this.#sum / this.#count;
  }

  add(value: number): void {
    const bucket = bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count++;
    if (value > 0) this.#sum += value;
    if (value > this.#max) this.#max = value;
  }

  /** Adds another histogram's counts to this one. Buckets that do not exist are ignored. */
  merge(other: Histogram): void {
    for (const [bucket, count] of other.buckets) {
      if (!Number.isInteger(bucket) || bucket < 0 || bucket >= size || !(count > 0)) continue;
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
      this.#count += count;
    }
    this.#sum += other.sum;
    this.#max = Math.max(this.#max, other.max);
  }

  /** The value that the share `q` of all is at or below, NaN when nothing was counted; never above the largest that came. */
  quantile(q: number): number {
    if (this.#count === 0) return Number.NaN;
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < size; bucket++) {
      seen += this.#counts[bucket] ?? 0;
      if (seen >= rank) return Math.min(this.#max, middleOf(bucket));
    }
    return this.#max;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#count = this.#sum = this.#max = 0;
  }

  toJSON(): Histogram {
    const buckets: [number, number][] = [];
    for (let bucket = 0; bucket < size; bucket++) {
      const count = this.#counts[bucket] ?? 0;
      if (count > 0) buckets.push([bucket, count]);
    }
    return { buckets, sum: this.#sum, max: this.#max };
  }
}

/** Tells the value in the middle of each bucket that has any, ascending, and how many it has. */
export function eachOf({ buckets }: Histogram, told: (value: number, count: number) => void): void {
  for (const [bucket, count] of buckets) told(middleOf(bucket), count);
}

function bucketOf(value: number): number {
  if (!(value >= least)) return 0;
  const doubling = Math.min(doublings - 1, Math.floor(Math.log2(value / least)));
  const within = Math.min(perDoubling - 1, Math.floor((value / (least * 2 ** doubling) - 1) * perDoubling));
  return 1 + doubling * perDoubling + Math.max(0, within);
}

function middleOf(bucket: number): number {
  if (bucket === 0) return 0;
  const doubling = Math.floor((bucket - 1) / perDoubling);
  const within = (bucket - 1) % perDoubling;
  return least * 2 ** doubling * (1 + (within + 0.5) / perDoubling);
}
