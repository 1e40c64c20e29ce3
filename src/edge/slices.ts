/** How long the loop is kept by work for many while nobody else has anything for it, ms. */
export const sliceMs = 5;
/** The most, when others keep it long, ms. */
export const longestSliceMs = 10;
/** So much of the time that others had work for many has too, while others have work: a third of all. */
const share = 0.5;
/** A turn of the loop in which nothing happened takes less, ms. */
const emptyTurnMs = 0.03;
/** When others have worked for so long in one turn, a slice is due within it, ms. */
export const longTurnMs = sliceMs / share;

/** Work for many, done piece by piece. */
export interface Sliced {
  /** Goes on with the work: true when none is left, false when `isOver()` said that the slice is over. Asks it often. */
  step(isOver: () => boolean): boolean;
}

/**
 * Time slices of one process's loop for all its work for many: what is short is done at once, what is long goes on in
 * turns of some milliseconds, one job after the other, with the loop's other work in between. Turns are short while there is
 * such work: the loop accepts one connection in each, and in a rush those who come are to be heard soon, and those who play
 * to have a third of the time.
 */
export class Slices {
  /** In the order of their turns. */
  readonly #jobs = new Set<Sliced>();
  readonly #now: () => number;
  readonly #patienceMs: number;
  readonly #isOver = (): boolean => this.#now() >= this.#until;
  #until = 0;
  #slicing = false;
  /** When the last slice was over. */
  #ended = 0;
  /** Whether the next turn of the loop has a slice. */
  #isScheduled = false;

  /**
   * @param now monotonic milliseconds
   * @param patienceMs after how much of others' work in one turn a slice is due within it
   */
  constructor(now: () => number = () => performance.now(), patienceMs = longTurnMs) {
    this.#now = now;
    this.#patienceMs = patienceMs;
  }

  /** Begins a job at once when nobody else is at it. A job that is under way already finds its new work itself. */
  run(job: Sliced): void {
    if (this.#jobs.has(job)) return;
    this.#jobs.add(job);
    if (this.#jobs.size === 1 && !this.#slicing) this.#slice(sliceMs);
  }

  /** Begins a job when others have had their share of this turn; else at its end, or when they have had it. */
  later(job: Sliced): void {
    if (this.#jobs.has(job)) return;
    this.#jobs.add(job);
    if (this.#slicing) return;
    if (this.#now() - this.#ended >= this.#patienceMs) this.#slice(sliceMs);
    else this.#schedule();
  }

  /**
   * To be called wherever others' work begins, thousands of times in a turn: libuv hears a thousand sockets at once and, as long as
   * that many have something, up to 48 times before anything else has its turn. Work for many does not wait for that.
   */
  breathe(): void {
    if (this.#jobs.size === 0 || this.#slicing) return;
    if (this.#now() - this.#ended >= this.#patienceMs) this.#work(sliceMs);
  }

  #slice(forMs: number): void {
    this.#work(forMs);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#jobs.size === 0 || this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const others = this.#now() - this.#ended;
      this.#slice(others < emptyTurnMs ? sliceMs : Math.min(others * share, longestSliceMs));
    });
  }

  #work(forMs: number): void {
    this.#until = this.#now() + forMs;
    this.#slicing = true;
    try {
      for (const job of this.#jobs) {
        const done = job.step(this.#isOver);
        this.#jobs.delete(job);
        if (!done) this.#jobs.add(job);
        if (!done || this.#isOver()) break;
      }
    } finally {
      this.#slicing = false;
      this.#ended = this.#now();
    }
  }
}
