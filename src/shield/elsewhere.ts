import type { ShieldEntry, ShieldSummary } from "../wire/shield-summary.ts";

/** Processes whose summaries are heard; what others tell is not taken. */
export const maxEdgesHeard = 16;
/** Who has not told anything for so long is forgotten, ms. */
const heardForMs = 60_000;

interface Heard {
  readonly summary: ShieldSummary;
  readonly at: number;
}

/** What all of them together have told of addresses, or of prefixes. */
export class Told {
  readonly #spent = new Map<number, number>();
  readonly #behaved = new Map<number, number>();

  /** Those that have cost somebody. */
  get costly(): Iterable<number> {
    return this.#spent.keys();
  }

  spent(hash: number): number {
    return this.#spent.size === 0 ? 0 : (this.#spent.get(hash) ?? 0);
  }

  behaved(hash: number): number {
    return this.#behaved.size === 0 ? 0 : (this.#behaved.get(hash) ?? 0);
  }

  add(entries: readonly ShieldEntry[], left: number): void {
    for (const [hash, spent, behaved] of entries) {
      if (spent > 0) this.#spent.set(hash, this.spent(hash) + spent * left);
      if (behaved > 0) this.#behaved.set(hash, this.behaved(hash) + behaved);
    }
  }

  clear(): void {
    this.#spent.clear();
    this.#behaved.clear();
  }
}

/**
 * What other edges have told of who costs them. Of each process only its latest summary counts, whole: told twice it is the same,
 * and lost it is made up by the next one. What was told fades as if it had been counted here.
 */
export class Elsewhere {
  readonly #halfLifeMs: number;
  readonly #heard = new Map<string, Heard>();
  readonly addresses = new Told();
  readonly prefixes = new Told();
  /** Points of all. */
  all = 0;

  /** @param halfLifeMs in which half of what was spent fades */
  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs;
  }

  /** Processes that are heard now. */
  get size(): number {
    return this.#heard.size;
  }

  /** False for one that is not newer than what was heard already, or of one process too many. */
  hear(summary: ShieldSummary, now: number): boolean {
    const before = this.#heard.get(summary.from);
    if (before ? summary.n <= before.summary.n : this.#heard.size >= maxEdgesHeard) return false;
    this.#heard.set(summary.from, { summary, at: now });
    this.#sumUp(now);
    return true;
  }

  /** Gives back what time gives back; forgets who is silent. To be called about once a second. */
  fade(now: number): void {
    if (this.#heard.size === 0) return;
    for (const [from, { at }] of this.#heard) if (now - at >= heardForMs) this.#heard.delete(from);
    this.#sumUp(now);
  }

  #sumUp(now: number): void {
    this.addresses.clear();
    this.prefixes.clear();
    this.all = 0;
    for (const { summary, at } of this.#heard.values()) {
      const left = 0.5 ** (Math.max(0, now - at) / this.#halfLifeMs);
      this.all += summary.all * left;
      this.addresses.add(summary.addresses, left);
      this.prefixes.add(summary.prefixes, left);
    }
  }
}
