import { segmentMs } from "../wire/timeline.ts";

/**
 * Whether this edge is leaving. While it does, answers on kept connections are more and more likely to be the last on
 * theirs (`connection: close`), so that those who ask once a segment part evenly over the time there is.
 */
export class Leaving {
  readonly #now: () => number;
  readonly #chance: () => number;
  #until: number | undefined;

  /** @param now monotonic milliseconds */
  constructor(now: () => number = () => performance.now(), chance: () => number = Math.random) {
    this.#now = now;
    this.#chance = chance;
  }

  get begun(): boolean {
    return this.#until !== undefined;
  }

  /** @param until when everybody is to have had a last answer, in monotonic ms */
  begin(until: number): void {
    this.#until = until;
  }

  /** Asked once for each answer on a connection that could be kept. */
  isLastAnswer(): boolean {
    if (this.#until === undefined) return false;
    // Whoever asks once a segment is asked about as many times as segments are left: the last of them for certain.
    const timesLeft = Math.floor((this.#until - this.#now()) / segmentMs);
    return timesLeft <= 1 || this.#chance() * timesLeft < 1;
  }
}
