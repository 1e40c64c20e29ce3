import type { ServerResponse } from "node:http";
import type { SegmentNumber } from "../wire/timeline.ts";

/** How many requests one edge holds for what is not published yet; more are told to come again. */
export const maxHeldRequests = 20_000;
/** Milliseconds for which a request is held: two segments early, its own length, and an origin that has just restarted. */
export const maxHeldMs = 5000;

/** How many requests an edge holds now, all queues together. */
export interface HoldBudget {
  held: number;
  readonly most: number;
  /** How long each may be held. */
  readonly patienceMs: number;
}

export const holdBudget = (most = maxHeldRequests, patienceMs = maxHeldMs): HoldBudget => ({
  held: 0,
  most,
  patienceMs,
});

type Answer = (outcome: "published" | "expired") => void;

interface Hold {
  readonly n: SegmentNumber;
  readonly answer: Answer;
  readonly until: number;
}

/** Requests that came before their segment, answered when it is there or when their patience is over. */
export class Holds {
  readonly #holds = new Set<Hold>();
  readonly #budget: HoldBudget;

  constructor(budget: HoldBudget) {
    this.#budget = budget;
  }

  get size(): number {
    return this.#holds.size;
  }

  /** How many requests the budget allows, all queues together. */
  get most(): number {
    return this.#budget.most;
  }

  /** Holds a response until `release` reaches `n`; false when the budget is spent. A client that leaves is forgotten. */
  hold(n: SegmentNumber, response: ServerResponse, answer: Answer): boolean {
    if (this.#budget.held >= this.#budget.most) return false;
    const hold: Hold = { n, answer, until: performance.now() + this.#budget.patienceMs };
    this.#holds.add(hold);
    this.#budget.held++;
    response.once("close", () => this.#forget(hold));
    return true;
  }

  /** Answers all that wait for segment `latest` or an earlier one. */
  release(latest: SegmentNumber): void {
    for (const hold of this.#holds) if (hold.n <= latest && this.#forget(hold)) hold.answer("published");
  }

  /** Answers those who have waited long enough at `now` (monotonic ms); everybody with Infinity. */
  expire(now: number): void {
    for (const hold of this.#holds) if (hold.until <= now && this.#forget(hold)) hold.answer("expired");
  }

  #forget(hold: Hold): boolean {
    if (!this.#holds.delete(hold)) return false;
    this.#budget.held--;
    return true;
  }
}
