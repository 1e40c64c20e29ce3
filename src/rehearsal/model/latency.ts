/** A histogram of waits with bins of equal ratio (9 % wide), from 0.1 ms to 28 minutes. */
const least = 1e-4;
const binsPerDecade = 27;
const bins = 1 + 7.2 * binsPerDecade;

export class Latencies {
  readonly #counts = new Float64Array(Math.ceil(bins) + 1);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** Notes that `people` waited `seconds`. */
  add(seconds: number, people: number): void {
    if (!(people > 0)) return;
    const bin = seconds <= least ? 0 : Math.min(this.#counts.length - 1, Math.log10(seconds / least) * binsPerDecade);
    const at = Math.ceil(bin);
    this.#counts[at] = (this.#counts[at] ?? 0) + people;
    this.#total += people;
  }

  /** The wait in seconds that a share `quantile` did not exceed; `undefined` when there was nobody. */
  quantile(quantile: number): number | undefined {
    if (!(this.#total > 0)) return undefined;
    let left = quantile * this.#total;
    for (let i = 0; i < this.#counts.length; i++) {
      const count = this.#counts[i] ?? 0;
      if (left <= count && count > 0) return least * 10 ** ((i - 1 + left / count) / binsPerDecade);
      left -= count;
    }
    return least * 10 ** ((this.#counts.length - 1) / binsPerDecade);
  }

  /** Tells each bin's middle in seconds and how many waited so long. */
  each(told: (seconds: number, people: number) => void): void {
    for (let i = 0; i < this.#counts.length; i++) {
      const count = this.#counts[i] ?? 0;
      if (count > 0) told(i === 0 ? 0 : least * 10 ** ((i - 0.5) / binsPerDecade), count);
    }
  }

  /** The waits of who waits for one thing and then, independently of it, for another (the convolution of both); of one person in all. */
  followedBy(other: Latencies): Latencies {
    const sum = new Latencies();
    this.each((first, share) =>
      other.each((second, part) => sum.add(first + second, (share / this.#total) * (part / other.#total))),
    );
    return sum;
  }

  merge(other: Latencies): void {
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i] = (this.#counts[i] ?? 0) + (other.#counts[i] ?? 0);
    this.#total += other.#total;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }
}
