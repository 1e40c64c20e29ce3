import { BloomFilter } from "../../../sketch/bloom-filter.ts";

/** 64 KB each of two; full, one in a thousand of those who answer is taken for one who answered before, and is asked anew. */
const bits = 2 ** 19;
/** The most challenges that are remembered before the older half is forgotten. */
export const maxSpent = 25_000;

/**
 * Which challenges were answered, in constant memory, for as long as they are good: two Bloom filters that change places.
 * When more are answered in that time than fit, the oldest are forgotten early, and could be used again: better than to
 * refuse those who have worked.
 */
export class SpentChallenges {
  readonly #lifeMs: number;
  readonly #forgot: () => void;
  #now = new BloomFilter({ bits });
  #before = new BloomFilter({ bits });
  #count = 0;
  #since = Number.NEGATIVE_INFINITY;

  /**
   * @param lifeMs how long a challenge is good
   * @param forgot called when some were forgotten while they were still good
   */
  constructor(lifeMs: number, forgot: () => void) {
    this.#lifeMs = lifeMs;
    this.#forgot = forgot;
  }

  /** Spends a challenge by its nonce, 32 hex digits that this server chose; false when it was spent before, or seems so. */
  spend(nonce: string, now: number): boolean {
    this.#turn(now);
    const hash = Number.parseInt(nonce.slice(0, 13), 16);
    if (this.#before.has(hash) || !this.#now.add(hash)) return false;
    this.#count++;
    return true;
  }

  #turn(now: number): void {
    const age = now - this.#since;
    const isFull = this.#count >= maxSpent;
    if (age < this.#lifeMs && !isFull) return;
    if (isFull && age < this.#lifeMs) this.#forgot();
    [this.#now, this.#before] = [this.#before, this.#now];
    this.#now.clear();
    if (age >= 2 * this.#lifeMs) this.#before.clear();
    this.#count = 0;
    this.#since = now;
  }
}
