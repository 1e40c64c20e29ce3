import { createHash } from "node:crypto";
import { Problem } from "./errors.ts";

/** So many of one address are taken at once, and so many more each second. */
export interface BudgetLimits {
  readonly burst: number;
  readonly perSecond: number;
  /** What they are called. */
  readonly what: string;
}

/** Budgets kept; addresses beyond share one, so that memory stays what it is whoever comes. */
const slots = 16_384;

/** A budget for each address, in constant memory: token buckets in a table indexed by a keyed hash. */
export class Budget {
  readonly #limits: BudgetLimits;
  readonly #level: Float32Array;
  readonly #at = new Float64Array(slots);
  readonly #key: Uint8Array;
  readonly #now: () => number;

  /** `key` keeps outsiders from choosing addresses that share a budget. `now` in ms, never jumping. */
  constructor(limits: BudgetLimits, key: Uint8Array, now: () => number) {
    this.#limits = limits;
    this.#level = new Float32Array(slots).fill(limits.burst);
    this.#key = key;
    this.#now = now;
  }

  /** Takes one from the address's budget; throws `too-many-requests` when it is used up. */
  take(address: string): void {
    const { burst, perSecond } = this.#limits;
    const slot = createHash("sha256").update(this.#key).update(address).digest().readUInt32LE(0) % slots;
    const now = this.#now();
    const since = Math.max(0, now - (this.#at[slot] ?? 0)) / 1000;
    const level = Math.min(burst, (this.#level[slot] ?? 0) + since * perSecond);
    this.#at[slot] = now;
    this.#level[slot] = level >= 1 ? level - 1 : level;
    if (level < 1) throw tooManyRequests(this.#limits);
  }
}

const tooManyRequests = ({ burst, perSecond, what }: BudgetLimits): Problem =>
  new Problem({
    status: 429,
    code: "too-many-requests",
    title: "Too many requests",
    detail: `More than ${burst} ${what} at once, or ${perSecond} a second, came from your address.`,
    action: "Wait a little, then go on more slowly.",
    retryAfter: 1,
  });
