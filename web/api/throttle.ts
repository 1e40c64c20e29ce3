import { retryShare } from "../../src/wire/threshold.ts";

/** Over how long what was asked and what was accepted count, by half each, ms. */
const halfLifeMs = 60_000;
/** So many times as much is asked as is accepted before this caller holds requests back (SRE, chapter 21: K). */
const patience = 2;
/** Repeats that may be saved up, and those that there are at the beginning. */
const maxSavedRepeats = 3;
const firstRepeats = 1;

/**
 * How a caller of the API throttles itself, so that refusing does not become the server's load: with the probability
 * `max(0, (requests − K · accepts) / (requests + 1))` a request is not sent at all (B. Beyer et al.: Site Reliability
 * Engineering, 2016, chapter 21, "Client-Side Throttling"), or with what the server says that it does not accept, if that is
 * more; and what is asked again is at most a tenth of what is asked.
 */
export class Throttle {
  #requests = 0;
  #accepts = 0;
  #at = 0;
  #repeats = firstRepeats;
  #threshold = 1;
  readonly #draw: () => number;

  /** @param draw a number in [0, 1). @default Math.random */
  constructor(draw: () => number = Math.random) {
    this.#draw = draw;
  }

  /** The probability that a request is held back, 0 to 1. @param now ms that only grow */
  heldBack(now: number): number {
    this.#fade(now);
    const own = Math.max(0, (this.#requests - patience * this.#accepts) / (this.#requests + 1));
    return Math.max(own, this.#requests >= 1 ? 1 - this.#threshold : 0);
  }

  /** Whether a request may be sent; one that may not counts as asked, as in the book. */
  mayAsk(now: number): boolean {
    const may = this.#draw() >= this.heldBack(now);
    this.#requests++;
    this.#repeats = Math.min(maxSavedRepeats, this.#repeats + retryShare);
    return may;
  }

  /** Whether one that was refused may be asked again; it is taken off what may. */
  mayRepeat(): boolean {
    if (this.#repeats < 1) return false;
    this.#repeats--;
    return true;
  }

  /** What became of one that was sent. @param threshold the share that the server accepts now */
  answered(now: number, isAccepted: boolean, threshold: number): void {
    this.#fade(now);
    if (isAccepted) this.#accepts++;
    this.#threshold = threshold;
  }

  #fade(now: number): void {
    const kept = 2 ** -(Math.max(0, now - this.#at) / halfLifeMs);
    this.#at = now;
    this.#requests *= kept;
    this.#accepts *= kept;
  }
}
