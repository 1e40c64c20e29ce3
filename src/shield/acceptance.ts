import { retryShare } from "../wire/threshold.ts";

/** Half of what was accepted or refused so long ago counts; ms. */
export const acceptanceHalfLifeMs = 5000;
/** Less than so many refusals lately are none. */
const noneBelow = 0.5;
/** Repeated requests that are let wait without first ones before them, and how many can be saved up. */
const firstRetries = 10;
const mostRetries = 100;

/** How much of what is asked is accepted lately, and whether what is asked again may wait too. */
export class Acceptance {
  #accepted = 0;
  #refused = 0;
  #faded = 0;
  #retries = firstRetries;

  /** A first request has come: a tenth of a repeated one may. */
  came(): void {
    this.#retries = Math.min(mostRetries, this.#retries + retryShare);
  }

  /** Takes the place of a repeated request; false when there have been too many. */
  mayRetry(): boolean {
    if (this.#retries < 1) return false;
    this.#retries--;
    return true;
  }

  /** @param now monotonic ms */
  accepted(now: number): void {
    this.#fade(now);
    this.#accepted++;
  }

  refused(now: number): void {
    this.#fade(now);
    this.#refused++;
  }

  /** The share that is accepted, above 0; 1 when nobody was refused lately. */
  share(now: number): number {
    this.#fade(now);
    if (this.#refused < noneBelow) return 1;
    return Math.max(0.01, this.#accepted / (this.#accepted + this.#refused));
  }

  #fade(now: number): void {
    const factor = 0.5 ** ((now - this.#faded) / acceptanceHalfLifeMs);
    this.#faded = now;
    this.#accepted *= factor;
    this.#refused *= factor;
  }
}
