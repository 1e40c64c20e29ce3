import { createHash } from "node:crypto";
import { Problem } from "../../foundation/errors.ts";

/** How many writes of one address are taken at once, and how many more each second. */
export const writeBurst = 60;
export const writesPerSecond = 4;
/** Budgets kept; addresses beyond share one, so that memory stays what it is whoever comes. */
const slots = 16_384;

/** A budget of writes for each address, in constant memory: token buckets in a table indexed by a keyed hash. */
export class WriteBudget {
  readonly #level = new Float32Array(slots).fill(writeBurst);
  readonly #at = new Float64Array(slots);
  readonly #key: Uint8Array;
  readonly #now: () => number;

  /** `key` keeps outsiders from choosing addresses that share a budget. `now` in ms, never jumping. */
  constructor(key: Uint8Array, now: () => number) {
    this.#key = key;
    this.#now = now;
  }

  /** Takes one write from the address's budget; throws `too-many-requests` when it is used up. */
  take(address: string): void {
    const slot = createHash("sha256").update(this.#key).update(address).digest().readUInt32LE(0) % slots;
    const now = this.#now();
    const since = Math.max(0, now - (this.#at[slot] ?? 0)) / 1000;
    const level = Math.min(writeBurst, (this.#level[slot] ?? 0) + since * writesPerSecond);
    this.#at[slot] = now;
    this.#level[slot] = level >= 1 ? level - 1 : level;
    if (level < 1) throw tooManyRequests();
  }
}

const tooManyRequests = (): Problem =>
  new Problem({
    status: 429,
    code: "too-many-requests",
    title: "Too many requests",
    detail: `More than ${writeBurst} changes at once, or ${writesPerSecond} a second, came from your address.`,
    action: "Wait a little, then go on more slowly.",
    retryAfter: 1,
  });
