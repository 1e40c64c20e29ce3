import type { Clock } from "../foundation/clock.ts";
import { type Log } from "../foundation/log.ts";
import { ms } from "../foundation/duration.ts";
import type { Scope } from "../foundation/scope.ts";

/** Something that has to act at a time of its own choosing. */
export interface Timed {
  readonly id: string;
  /** When `run` has to be called next, ms on the timeline's clock. */
  nextDeadline(): number | undefined;
  run(): void;
}

/** A timer never waits longer than this, so that a clock that differs from the timer's is met again soon. */
const longestWaitMs = 1_000;

/** Wakes each Space at its next deadline. A wake-up that comes late makes up for everything at once. */
export class Clockwork {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #timers = new Map<Timed, NodeJS.Timeout>();
  #ended = false;

  constructor(options: { readonly clock: Clock; readonly log: Log; readonly scope: Scope }) {
    this.#clock = options.clock;
    this.#log = options.log;
    options.scope.onEnd(() => {
      this.#ended = true;
      for (const timer of this.#timers.values()) clearTimeout(timer);
      this.#timers.clear();
    });
  }

  /** Sets the timer by what the next deadline is now. */
  arm(timed: Timed): void {
    if (this.#ended) return;
    clearTimeout(this.#timers.get(timed));
    const at = timed.nextDeadline();
    if (at === undefined) {
      this.#timers.delete(timed);
      return;
    }
    const wait = Math.min(Math.max(0, Math.ceil(at - this.#clock.now())), longestWaitMs);
    this.#timers.set(
      timed,
      setTimeout(() => this.#wake(timed), ms(wait)),
    );
  }

  forget(timed: Timed): void {
    clearTimeout(this.#timers.get(timed));
    this.#timers.delete(timed);
  }

  #wake(timed: Timed): void {
    try {
      timed.run();
    } catch (failure) {
      this.#log.error("space-failed", { space: timed.id, error: failure });
    }
    this.arm(timed);
  }
}
