/** How long the loop is kept by work for many before accepts, reads and everybody else have their turn, ms. */
export const sliceMs = 5;

/** Work for many, done piece by piece. */
export interface Sliced {
  /** Goes on with the work: true when none is left, false when `isOver()` said that the slice is over. Asks it often. */
  step(isOver: () => boolean): boolean;
}

/**
 * Time slices of one process's loop for all its work for many: what is short is done at once, what is long goes on in
 * turns of `sliceMs`, one job after the other, with the loop's other work in between.
 */
export class Slices {
  /** In the order of their turns. */
  readonly #jobs = new Set<Sliced>();
  readonly #now: () => number;
  readonly #sliceMs: number;
  readonly #isOver = (): boolean => this.#now() >= this.#until;
  #until = 0;
  #slicing = false;

  constructor(now: () => number = () => performance.now(), slice = sliceMs) {
    this.#now = now;
    this.#sliceMs = slice;
  }

  /** Begins a job at once when nobody else is at it. A job that is under way already finds its new work itself. */
  run(job: Sliced): void {
    this.#jobs.add(job);
    if (this.#jobs.size === 1 && !this.#slicing) this.#slice();
  }

  #slice(): void {
    this.#until = this.#now() + this.#sliceMs;
    this.#slicing = true;
    try {
      for (const job of this.#jobs) {
        const done = job.step(this.#isOver);
        this.#jobs.delete(job);
        if (done) continue;
        this.#jobs.add(job);
        break;
      }
    } finally {
      this.#slicing = false;
    }
    if (this.#jobs.size > 0) setImmediate(() => this.#slice());
  }
}
