import { randomBytes } from "node:crypto";
import { SpaceSaving, type Heavy } from "../sketch/space-saving.ts";
import type { ShieldSummary } from "../wire/shield-summary.ts";
import { costs, type Misdeed } from "./behaviour.ts";
import { Budgets, busyFrom, type Decision } from "./budgets.ts";
import { countedPrefixes, type Neighbourhood, Neighbours } from "./neighbours.ts";
import { prefixOf, type Subject, Subjects, writtenPrefix } from "./subject.ts";
import { type Connection, Watched } from "./watched.ts";

/** Prefixes that are told by name, for those who operate: those that spent most. */
export const namedPrefixes = 128;
/** An address that has so many points has misbehaved: nobody has them by mishap. */
const misbehavedFrom = 20;

export interface ShieldOptions {
  /** At least 16 secret bytes; the same for edges whose summaries are to be merged. */
  readonly key: Buffer;
  /** Monotonic, ms. */
  readonly now: number;
  /** In [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
  /** @default maxWatched */
  readonly maxWatched?: number | undefined;
  /** Told of each connection that is refused: of one that is there, so that its address is no forged one. @default nobody is */
  readonly onRefused?: ((address: string) => void) | undefined;
  /** Told of addresses from which one of us speaks. @default nobody is */
  readonly onVouched?: ((address: string) => void) | undefined;
}

/** What it did; numbers that only grow. */
export interface ShieldCounts {
  admitted: number;
  later: number;
  /** Of those told to come later: where some behave, so that it may have hit one of them. */
  laterBehaved: number;
  dropped: number;
  behaved: number;
  readonly misdeeds: Partial<Record<Misdeed, number>>;
}

/** A prefix that spent much lately: between `least` and `most` points; and how many addresses of it came, and misbehaved. */
export interface HeavyPrefix extends Omit<Heavy, "item">, Neighbourhood {
  readonly prefix: string;
}

/**
 * Whose connections may come, by what their address and its surroundings have cost and how they have behaved: it knows
 * addresses, cost and time, and no users. It never touches who is listening, and takes the same memory whatever comes.
 */
export class Shield {
  readonly counts: ShieldCounts = { admitted: 0, later: 0, laterBehaved: 0, dropped: 0, behaved: 0, misdeeds: {} };
  readonly budgets: Budgets;
  readonly watched: Watched;
  readonly neighbours = new Neighbours();
  /** What this process is called among those that exchange summaries. */
  readonly #id = randomBytes(6).toString("hex");
  #told = 0;
  readonly #subjects: Subjects;
  readonly #heavy = new SpaceSaving({ ways: namedPrefixes });
  /** The names of what `#heavy` counts. */
  readonly #names = new Map<number, string>();
  readonly #onRefused: ShieldOptions["onRefused"];
  readonly #onVouched: ShieldOptions["onVouched"];
  #now: number;
  #looked: number;

  constructor({ key, now, random, maxWatched, onRefused, onVouched }: ShieldOptions) {
    this.#onRefused = onRefused;
    this.#onVouched = onVouched;
    this.#subjects = new Subjects(key);
    this.budgets = new Budgets({ random, isMixed: (prefix) => this.neighbours.isMixed(prefix) });
    this.#now = this.#looked = now;
    const became = (subject: Subject, fate: "behaved" | "brief" | "left" | "spare"): void => {
      if (fate !== "behaved") return this.#charge(subject, fate);
      this.counts.behaved++;
      this.budgets.credit(subject);
    };
    const credit = ({ address }: Subject): number => this.budgets.behavedAt(address);
    this.watched = new Watched({ became, credit, most: maxWatched }, now);
  }

  /** Bytes of everything that could grow with traffic, and does not. */
  get byteLength(): number {
    const { budgets, watched, neighbours } = this;
    return budgets.byteLength + watched.byteLength + neighbours.byteLength + this.#heavy.byteLength;
  }

  /** A connection has come; if it may stay it is watched until it is known how it behaves. Costs about 3 µs. */
  arrive(address: string, connection: Connection): Decision {
    const subject = this.#subjects.of(address);
    const decision = this.#decide(subject);
    if (decision === "yes") this.watched.add(connection, subject, this.#now);
    else {
      this.#name(subject, address);
      this.#onRefused?.(address);
    }
    return decision;
  }

  /** The same for a request that somebody's proxy passes on: its connection tells nothing of who asks. */
  admit(address: string): Decision {
    return this.#decide(this.#subjects.of(address));
  }

  /** Somebody did what costs us. True when the address has now spent all it has. */
  saw(address: string, what: Misdeed): boolean {
    const subject = this.#subjects.of(address);
    this.#charge(subject, what);
    this.#name(subject, address);
    return this.budgets.isSpent(subject);
  }

  /** Whether some behaved lately behind an address, or in the prefix around it: then it is never closed to all. */
  isBusy(address: string, of: "address" | "prefix"): boolean {
    const { budgets } = this;
    const subject = this.#subjects.of(address);
    return (of === "address" ? budgets.behavedAt(subject.address) : budgets.behavedIn(subject.prefix)) >= busyFrom;
  }

  /** How many connections of an address have behaved lately. */
  behavedAt(address: string): number {
    return this.budgets.behavedAt(this.#subjects.of(address).address);
  }

  /** Somebody has shown the installation's key, or else is known to be one of us. */
  vouch(address: string, times = 100): void {
    this.budgets.credit(this.#subjects.of(address), times);
    this.#onVouched?.(address);
  }

  /** Looks at new connections and gives back what time gives back. To be called some times a second; monotonic ms. */
  tick(now: number): void {
    this.#now = now;
    if (now - this.#looked < 1000) return;
    const factor = 0.5 ** ((now - this.#looked) / 60_000);
    this.#looked = now;
    this.#heavy.scale(factor);
    this.neighbours.count(this.#heavy.top(countedPrefixes).map(({ item }) => item));
    this.watched.look(now);
    this.budgets.fade(now);
  }

  /** The prefixes whose misdeeds were seen most in the last minutes. */
  heavy(count = 20): HeavyPrefix[] {
    return this.#heavy.top(count).map(({ item, least, most }) => ({
      prefix: this.#names.get(item) ?? "?",
      least,
      most,
      ...this.neighbours.of(item),
    }));
  }

  /** What the other edges are to know of who costs this one; undefined when there is nothing. To be told every second. */
  summary(): ShieldSummary | undefined {
    const summary = this.budgets.summary();
    if (summary.all === 0 && summary.addresses.length === 0 && summary.prefixes.length === 0) return undefined;
    return { from: this.#id, n: ++this.#told, ...summary };
  }

  /** Another edge has told. False when it was known already. */
  hear(summary: ShieldSummary): boolean {
    return summary.from !== this.#id && this.budgets.elsewhere.hear(summary, this.#now);
  }

  #decide(subject: Subject): Decision {
    this.neighbours.came(subject);
    const decision = this.budgets.decide(subject);
    if (decision === "yes") this.counts.admitted++;
    else {
      this.counts[decision === "later" ? "later" : "dropped"]++;
      // Those who behave behind a busy address try again as they were told, and nobody pays for that.
      if (!this.budgets.isBusy(subject)) this.#charge(subject, "persisted");
      else if (decision === "later") this.counts.laterBehaved++;
    }
    return decision;
  }

  #charge(subject: Subject, what: Misdeed): void {
    const { misdeeds } = this.counts;
    misdeeds[what] = (misdeeds[what] ?? 0) + 1;
    this.#heavy.add(subject.prefix, costs[what]);
    this.budgets.charge(subject, what);
    if (this.budgets.spentAt(subject.address) >= misbehavedFrom) this.neighbours.misbehaved(subject);
  }

  /** Says how a prefix is written, while it is among the heavy ones. */
  #name({ prefix }: Subject, address: string): void {
    if (this.#names.has(prefix)) return;
    this.#names.set(prefix, writtenPrefix(prefixOf(address)));
    if (this.#names.size <= 2 * namedPrefixes) return;
    const heavy = new Set(this.#heavy.top(namedPrefixes).map(({ item }) => item));
    for (const one of this.#names.keys()) if (!heavy.has(one)) this.#names.delete(one);
  }
}
