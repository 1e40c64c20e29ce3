import type { Milliseconds } from "./duration.ts";

type End = () => void | Promise<void>;

/**
 * Owns everything that must end together: timers, sockets, children. What was taken last ends first. Ending twice
 * is safe: the second call waits for the first. A failure of one ending does not keep the others from ending; it is
 * thrown at the end (as AggregateError when there are several).
 */
export class Scope implements AsyncDisposable {
  readonly #ends: End[] = [];
  readonly #abort = new AbortController();
  #ending: Promise<void> | undefined;

  /** Aborts when the scope begins to end. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** Registers what to do at the end. On a scope that has ended already it is done at once. */
  onEnd(end: End): void {
    if (this.#ending) void Promise.resolve(end()).catch(() => {});
    else this.#ends.push(end);
  }

  /** How many things there are to end. */
  get owned(): number {
    return this.#ends.length;
  }

  /** A timeout that the scope clears; once it has run the scope forgets it. */
  after(delay: Milliseconds, run: () => void): NodeJS.Timeout {
    const end = (): void => clearTimeout(timer);
    const timer = setTimeout(() => {
      this.#forget(end);
      run();
    }, delay);
    this.onEnd(end);
    return timer;
  }

  /** An interval that the scope clears. */
  every(period: Milliseconds, run: () => void): NodeJS.Timeout {
    const timer = setInterval(run, period);
    this.onEnd(() => clearInterval(timer));
    return timer;
  }

  /** A scope that ends with this one, and may end before it. */
  child(): Scope {
    const child = new Scope();
    const end = (): Promise<void> => child.end();
    this.onEnd(end);
    child.onEnd(() => this.#forget(end));
    return child;
  }

  end(): Promise<void> {
    this.#ending ??= this.#run();
    return this.#ending;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  #forget(end: End): void {
    const at = this.#ends.indexOf(end);
    if (at >= 0 && !this.#ending) this.#ends.splice(at, 1);
  }

  async #run(): Promise<void> {
    this.#abort.abort();
    const failures: unknown[] = [];
    for (const end of this.#ends.splice(0).reverse()) {
      try {
        await end();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, `${failures.length} things failed to end`);
  }
}
