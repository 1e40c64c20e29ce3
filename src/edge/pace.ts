/** Requests that a connection may ask at once, and then on and on each second: twice what a page and what a player asks. */
export const requestsAtOnce = 32;
export const requestsPerSecond = 4;
/** What is beyond is answered one after another with so much between, ms; with more when the address has spent its budget. */
export const beyondGapMs = 60;
export const spentGapMs = 500;

/** Requests beyond the pace that wait at once, all connections together; one more is refused: each holds some kilobytes. */
export const maxPaced = 4096;

const everyMs = 1000 / requestsPerSecond;
const allowanceMs = requestsAtOnce * everyMs;

/**
 * How often one connection asks (a leaky bucket kept as the time at which it is empty: the generic cell rate algorithm, ITU-T I.371).
 * It costs who keeps to it an addition a request.
 */
export class Pace {
  /** When all that was asked would have been asked at the usual pace; ms. */
  #due = 0;
  /** When the last of what was beyond it is answered. */
  #last = 0;

  /** A request at `now` (monotonic ms, or a little before): whether that is what one may ask. */
  isKept(now: number): boolean {
    this.#due = Math.max(this.#due, now) + everyMs;
    if (this.#due <= now + allowanceMs) return true;
    this.#due = now + allowanceMs;
    return false;
  }

  /** For how long the answer to a request that is beyond it has to wait, ms. */
  wait(now: number, gapMs: number): number {
    this.#last = Math.max(this.#last, now) + gapMs;
    return this.#last - now;
  }
}
