import { BloomFilter } from "../sketch/bloom-filter.ts";
import { CountMin } from "../sketch/count-min.ts";
import { SpaceSaving } from "../sketch/space-saving.ts";
import { maxSummaryEntries, type ShieldEntry, type ShieldSummary } from "../wire/shield-summary.ts";
import { costs, type Misdeed } from "./behaviour.ts";
import { Elsewhere } from "./elsewhere.ts";
import type { Subject } from "./subject.ts";

/** Points that an address may have spent and not have back yet. Half of what was spent is back after `halfLifeMs`. */
export const addressBudget = 2000;
export const halfLifeMs = 10_000;
/** The same for a /24 or /48. */
export const prefixBudget = 16 * addressBudget;
/** Points that everybody together may have spent before the budgets of those who are not known shrink. */
export const budgetOfAll = 20_000;
/** What is left of an address's budget at least. */
export const leastBudget = 50;
/** So much more is the budget of who is in a prefix that behaved lately. */
const behavedFactor = 2;
/** Points that each connection that behaved adds, to the address's budget and to the prefix's, and how long it counts. */
export const creditPoints = 1;
export const creditHalfLifeMs = 3_600_000;
/** The credit of one address or prefix counts up to here. */
export const mostCredit = 20_000;
/** Who has so much credit is busy: others are behind the same address, and it is never closed to all of them. */
export const busyFrom = 8;
/** Who has spent so many budgets is not answered any more, and above `mostBudgets` nothing is counted. */
const dropFrom = 2;
const mostBudgets = 8;
/** Prefixes are known as those that behaved for one to two of these, ms. */
const behavedForMs = 4 * 3_600_000;
const fadeEveryMs = 1000;
const creditFadesEveryMs = 60_000;

/** Who has cost so much here is told to the other edges. */
const toldFrom = { address: 16, prefix: 128 };

/** Whether a connection may come: yes; not now, and it is told so; or it is closed. */
export type Decision = "yes" | "later" | "drop";

export interface BudgetsOptions {
  /** In [0, 1): chooses who of a busy address that has spent its budget comes in. @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Whether many come from a prefix of which most have done nothing. @default that is not known */
  readonly isMixed?: ((prefix: number) => boolean) | undefined;
}

/**
 * What addresses and prefixes have spent by misbehaving, and what they have earned by behaving, in memory of constant size.
 *
 * Every error leans to the visitor's side: what is spent is told by the lower bound of Space-Saving, so nobody pays for
 * another one however many there are; what is earned by Count-Min, which is never too small.
 */
export class Budgets {
  readonly #random: () => number;
  readonly #isMixed: (prefix: number) => boolean;
  readonly elsewhere = new Elsewhere(halfLifeMs);
  readonly spentByAddress = new SpaceSaving({ sets: 4096, ways: 8 });
  readonly spentByPrefix = new SpaceSaving({ sets: 2048, ways: 8 });
  readonly creditOfAddress = new CountMin();
  readonly creditOfPrefix = new CountMin();
  /** Prefixes that behaved since the last turn, and in the turn before. */
  behaved = new BloomFilter();
  behavedBefore = new BloomFilter();
  /** Points of all who had not spent their own budget. */
  #spentByAll = 0;
  #faded = -Infinity;
  #creditFaded = -Infinity;
  #turned = -Infinity;
  /** Decisions by which a busy address or prefix was spared. */
  spared = 0;

  constructor({ random = Math.random, isMixed = () => false }: BudgetsOptions = {}) {
    this.#random = random;
    this.#isMixed = isMixed;
  }

  get byteLength(): number {
    const all = [this.spentByAddress, this.spentByPrefix, this.creditOfAddress, this.creditOfPrefix];
    return [...all, this.behaved, this.behavedBefore].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** By how much budgets are smaller because of what everybody has spent: 1 is not at all. */
  get shrunkBy(): number {
    return Math.max(1, (this.#spentByAll + this.elsewhere.all) / budgetOfAll);
  }

  /** Whether somebody's next connection may come. */
  decide(subject: Subject): Decision {
    const ofAddress = this.#ofAddress(subject);
    const ofPrefix = this.#ofPrefix(subject);
    if (ofAddress <= 1 && ofPrefix <= 1) return "yes";
    const credit = this.behavedAt(subject.address);
    // Who behaves does not pay for its neighbours.
    if (ofAddress <= 1 && credit >= 1) return "yes";
    if (!this.isBusy(subject)) return ofAddress >= dropFrom ? "drop" : "later";
    const spent = Math.min(mostBudgets, Math.max(ofAddress, ofPrefix));
    this.spared++;
    // Some of those who come from there are somebody else: as many are let in as the budget goes into what was spent.
    return this.#random() * spent < 1 ? "yes" : "later";
  }

  /** Whether others behave where this one comes from: behind the address that has spent its budget, or else in its prefix. */
  isBusy(subject: Subject): boolean {
    if (this.isSpent(subject)) return this.behavedAt(subject.address) >= busyFrom;
    return this.behavedIn(subject.prefix) >= busyFrom || this.#isMixed(subject.prefix);
  }

  /** How many connections of an address, or in a prefix, have behaved: here and at the other edges, as far as they told. */
  behavedAt(address: number): number {
    return this.creditOfAddress.estimate(address) + this.elsewhere.addresses.behaved(address);
  }
  behavedIn(prefix: number): number {
    return this.creditOfPrefix.estimate(prefix) + this.elsewhere.prefixes.behaved(prefix);
  }

  /** What an address has spent here and elsewhere. */
  spentAt(address: number): number {
    return this.spentByAddress.least(address) + this.elsewhere.addresses.spent(address);
  }

  /** Whether an address has spent all it has. */
  isSpent(subject: Subject): boolean {
    return this.#ofAddress(subject) > 1;
  }

  charge(subject: Subject, what: Misdeed, times = 1): void {
    const points = costs[what] * times;
    const spent = this.#ofAddress(subject);
    if (spent < 1 && this.#ofPrefix(subject) < 1) this.#spentByAll += points;
    if (spent < mostBudgets) this.spentByAddress.add(subject.address, points);
    // What an address does beyond its own budget is not its neighbours' doing.
    if (spent < 1) this.spentByPrefix.add(subject.prefix, points);
  }

  /** A connection has behaved: what was sent to it went through for some seconds, and it stayed. */
  credit(subject: Subject, times = 1): void {
    this.creditOfAddress.add(subject.address, times);
    this.creditOfPrefix.add(subject.prefix, times);
    this.behaved.add(subject.prefix);
  }

  /**
   * What the other edges are to know: who has cost most here, and of those of whom they told, what they have cost and how they
   * have behaved here. Nothing of it is what was heard of others, so it can be told to all.
   */
  summary(): Omit<ShieldSummary, "from" | "n"> {
    const { addresses, prefixes } = this.elsewhere;
    return {
      all: Math.round(this.#spentByAll),
      addresses: entriesOf(this.spentByAddress, this.creditOfAddress, toldFrom.address, addresses.costly),
      prefixes: entriesOf(this.spentByPrefix, this.creditOfPrefix, toldFrom.prefix, prefixes.costly),
    };
  }

  /** Gives back what time gives back. To be called about once a second; `now` is monotonic, ms. */
  fade(now: number): void {
    this.elsewhere.fade(now);
    if (this.#faded === -Infinity) this.#faded = this.#creditFaded = this.#turned = now;
    if (now - this.#faded >= fadeEveryMs) {
      const factor = 0.5 ** ((now - this.#faded) / halfLifeMs);
      this.#faded = now;
      this.spentByAddress.scale(factor);
      this.spentByPrefix.scale(factor);
      this.#spentByAll *= factor;
    }
    if (now - this.#creditFaded >= creditFadesEveryMs) {
      const factor = 0.5 ** ((now - this.#creditFaded) / creditHalfLifeMs);
      this.#creditFaded = now;
      this.creditOfAddress.scale(factor);
      this.creditOfPrefix.scale(factor);
    }
    if (now - this.#turned >= behavedForMs) {
      this.#turned = now;
      [this.behaved, this.behavedBefore] = [this.behavedBefore, this.behaved];
      this.behaved.clear();
    }
  }

  /** How many of its budgets an address has spent. */
  #ofAddress({ address, prefix }: Subject): number {
    const spent = this.spentAt(address);
    if (spent <= leastBudget) return spent / addressBudget;
    const known = this.behaved.has(prefix) || this.behavedBefore.has(prefix);
    const own = Math.max(leastBudget, ((known ? behavedFactor : 1) * addressBudget) / this.shrunkBy);
    return spent / (own + creditPoints * Math.min(mostCredit, this.behavedAt(address)));
  }

  #ofPrefix({ prefix }: Subject): number {
    const spent = this.spentByPrefix.least(prefix) + this.elsewhere.prefixes.spent(prefix);
    if (spent <= leastBudget) return spent / prefixBudget;
    const known = this.behaved.has(prefix) || this.behavedBefore.has(prefix);
    const own = Math.max(leastBudget, ((known ? behavedFactor : 1) * prefixBudget) / this.shrunkBy);
    return spent / (own + creditPoints * Math.min(mostCredit, this.behavedIn(prefix)));
  }
}

function entriesOf(spent: SpaceSaving, behaved: CountMin, from: number, asked: Iterable<number>): ShieldEntry[] {
  const hashes = new Set(spent.above(from, maxSummaryEntries).map(({ item }) => item));
  for (const hash of asked) if (hashes.size < maxSummaryEntries) hashes.add(hash);
  return [...hashes]
    .map((hash) => [hash, Math.round(spent.least(hash)), Math.floor(behaved.estimate(hash))] as const)
    .filter(([, points, connections]) => points > 0 || connections > 0);
}
