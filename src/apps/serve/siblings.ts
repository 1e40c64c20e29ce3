import type { ChildMessage, ChildRun } from "./child-run.ts";

/** Messages that may be on their way to one process; above it what is said to it is lost. */
export const maxOnTheirWay = 32;

/**
 * Lets all processes that serve alongside one another hear what one of them says with `to: "siblings"`. A process that
 * is too busy to take it misses it: what is said so must be said again.
 */
export class Siblings {
  readonly #onTheirWay = new Map<ChildRun, number>();
  /** Messages that were lost. */
  lost = 0;

  pass(from: ChildRun, said: ChildMessage, all: Iterable<ChildRun>): void {
    const { to: _, ...message } = said;
    for (const run of all) {
      if (run === from || !run.serves) continue;
      const count = this.#onTheirWay.get(run) ?? 0;
      if (count >= maxOnTheirWay) {
        this.lost++;
        continue;
      }
      this.#onTheirWay.set(run, count + 1);
      run.send(message, undefined, () => this.#arrived(run));
    }
  }

  #arrived(run: ChildRun): void {
    const left = (this.#onTheirWay.get(run) ?? 1) - 1;
    if (left > 0) this.#onTheirWay.set(run, left);
    else this.#onTheirWay.delete(run);
  }
}
