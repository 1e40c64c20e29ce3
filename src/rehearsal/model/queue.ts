import type { Batch } from "./batch.ts";
import { kinds } from "./costs.ts";

/** Steps whose arrivals are kept apart; beyond that the latest are taken together. */
const maxEntries = 64;
const width = kinds.length;

/** Who waits on one edge to be served, first come first served: for each step's batch how many of each kind are left. */
export class Queue {
  readonly #batches: (Batch | undefined)[] = Array.from({ length: maxEntries });
  readonly #people = new Float64Array(maxEntries * width);
  /** Which share of the batch's entry has been served: those came first. */
  readonly #served = new Float64Array(maxEntries);
  #head = 0;
  #length = 0;
  /** How many wait. */
  size = 0;

  /** The oldest batch; `undefined` when nobody waits. */
  get batch(): Batch | undefined {
    return this.#length > 0 ? this.#batches[this.#head] : undefined;
  }

  /** How many of a kind are left of the oldest batch. */
  left(kind: number): number {
    return this.#people[this.#head * width + kind] ?? 0;
  }

  /** Everybody who waits, by kind. */
  count(kind: number): number {
    let sum = 0;
    for (let i = 0; i < this.#length; i++) sum += this.#people[((this.#head + i) % maxEntries) * width + kind] ?? 0;
    return sum;
  }

  /** Takes a share of a batch. */
  push(batch: Batch, share: number): void {
    const full = this.#length === maxEntries;
    const at = (this.#head + this.#length - (full ? 1 : 0)) % maxEntries;
    if (!full) {
      this.#batches[at] = batch;
      this.#served[at] = 0;
      for (let kind = 0; kind < width; kind++) this.#people[at * width + kind] = 0;
      this.#length++;
    }
    for (let kind = 0; kind < width; kind++) {
      const people = (batch.sums[kind] ?? 0) * share;
      this.#people[at * width + kind] = (this.#people[at * width + kind] ?? 0) + people;
      this.size += people;
    }
  }

  /**
   * Serves a share of what is left of the oldest batch.
   * @returns when those came on average, seconds
   */
  serve(share: number): number {
    const batch = this.#batches[this.#head];
    if (!batch || this.#length === 0) return 0;
    const before = this.#served[this.#head] ?? 0;
    const now = share >= 1 ? 1 : before + share * (1 - before);
    for (let kind = 0; kind < width; kind++) {
      const people = this.left(kind);
      const gone = share >= 1 ? people : people * share;
      this.#people[this.#head * width + kind] = people - gone;
      this.size -= gone;
    }
    this.#served[this.#head] = now;
    if (share >= 1) {
      this.#batches[this.#head] = undefined;
      this.#head = (this.#head + 1) % maxEntries;
      this.#length--;
      if (this.#length === 0) this.size = 0;
    }
    return batch.start + (batch.length * (before + now)) / 2;
  }
}
