import type { SegmentNumber } from "../wire/timeline.ts";
import type { Holder, HoldBudget } from "./hold-budget.ts";
import type { Sliced, Slices } from "./slices.ts";

/** Requests that are answered between two looks at the clock. */
const stride = 4;

type Outcome = "published" | "expired";
export type Answer = (outcome: Outcome) => void;

/** A request that is held. */
export interface Hold {
  readonly n: SegmentNumber;
  readonly holder: Holder;
  readonly answer: Answer;
  readonly until: number;
  /** What it is answered with, in its turn. */
  outcome: Outcome | undefined;
}

/** Something that tells when its client has left. */
interface Closing {
  once(event: "close", hear: () => void): unknown;
}

/**
 * Requests that came before their segment, answered when it is there or when their patience is over: in time slices, for
 * there may be thousands.
 */
export class Holds implements Sliced {
  readonly #holds = new Set<Hold>();
  readonly #budget: HoldBudget;
  readonly #slices: Slices;
  /** Those who are to be answered now, in the order in which they came; they are in `#holds` too until they are. */
  #due: Hold[] = [];
  #at = 0;

  constructor(budget: HoldBudget, slices: Slices) {
    this.#budget = budget;
    this.#slices = slices;
  }

  get size(): number {
    return this.#holds.size;
  }

  /** How many requests the budget allows, all queues together. */
  get most(): number {
    return this.#budget.most;
  }

  /** Whether a request of an address can be held now. */
  hasRoomFor(address: () => string): boolean {
    return this.#budget.hasRoomFor(address);
  }

  /** Holds a request until `release` reaches `n`; undefined when there is no place for its holder. */
  add(n: SegmentNumber, holder: Holder, answer: Answer): Hold | undefined {
    if (!this.#budget.take(holder)) return undefined;
    const until = performance.now() + this.#budget.patienceMs;
    const hold: Hold = { n, holder, answer, until, outcome: undefined };
    this.#holds.add(hold);
    return hold;
  }

  /** The same for a response to an address: a client that leaves is forgotten. False when there is no place for it. */
  hold(n: SegmentNumber, address: string, response: Closing, answer: Answer): boolean {
    const hold = this.add(n, this.#budget.holder(address), answer);
    if (hold) response.once("close", () => this.forget(hold));
    return hold !== undefined;
  }

  /** Lets go of a request without an answer; false when it has one. */
  forget(hold: Hold): boolean {
    if (!this.#holds.delete(hold)) return false;
    this.#budget.giveBack(hold.holder);
    return true;
  }

  /** Answers all that wait for segment `latest` or an earlier one. */
  release(latest: SegmentNumber): void {
    for (const hold of this.#holds) if (hold.n <= latest) this.#isDue(hold, "published");
    if (this.#due.length > 0) this.#slices.run(this);
  }

  /** Answers those who have waited long enough at `now` (monotonic ms); everybody with Infinity. */
  expire(now: number): void {
    for (const hold of this.#holds) if (hold.until <= now) this.#isDue(hold, "expired");
    if (this.#due.length > 0) this.#slices.run(this);
  }

  step(isOver: () => boolean): boolean {
    while (this.#at < this.#due.length) {
      const to = Math.min(this.#at + stride, this.#due.length);
      while (this.#at < to) {
        const hold = this.#due[this.#at++];
        if (hold?.outcome && this.forget(hold)) hold.answer(hold.outcome);
      }
      if (isOver() && this.#at < this.#due.length) return false;
    }
    this.#due = [];
    this.#at = 0;
    return true;
  }

  #isDue(hold: Hold, outcome: Outcome): void {
    if (hold.outcome) return;
    hold.outcome = outcome;
    this.#due.push(hold);
  }
}
