import { Problem } from "../foundation/errors.ts";
import { Acceptance } from "./acceptance.ts";
import { ControlledQueue } from "./codel.ts";
import { Gradient, type GradientOptions } from "./gradient.ts";

/** What kind of work it is: that of hosts and speakers, or anybody's. */
export type WorkClass = "stage" | "other";
export const workClasses: readonly WorkClass[] = ["stage", "other"];

/** Of all that may be under way at once so much is kept for the stage. */
export const stageShare = 0.2;
/** How many of each class may wait. */
export const maxWaiting = 512;
/** Who is refused comes again after so many seconds at most: the first when nearly all are accepted, up to the second. */
const leastRetryAfter = 3;
const longestRetryAfter = 30;
/** How often it is looked who has waited too long, ms. */
export const lookEveryMs = 50;

/** What is under way. */
export interface Pass {
  /** It is over, once. What was not `answered` tells nothing about how fast answers are. */
  done(answered: boolean): void;
}

export interface BulkheadOptions extends GradientOptions {
  /** Monotonic, ms. @default performance.now */
  readonly now?: (() => number) | undefined;
  /** @default maxWaiting */
  readonly maxWaiting?: number | undefined;
  /** The place of each `from` in the order that counts under overload; the lower first. @default all the same */
  readonly place?: ((from: string) => number) | undefined;
  /** In [0, 1): draws when who is refused may come again. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/**
 * Lets as much through at once as is measured to be well, keeps the rest waiting for a moment, and refuses what it cannot
 * serve in time. Others' work never takes the share of the stage, which may take all.
 */
export class Bulkhead {
  readonly #gradient: Gradient;
  readonly #queues: Readonly<Record<WorkClass, ControlledQueue>>;
  readonly #acceptance: Readonly<Record<WorkClass, Acceptance>> = { stage: new Acceptance(), other: new Acceptance() };
  readonly #now: () => number;
  readonly #place: (from: string) => number;
  readonly #random: () => number;
  #timer: NodeJS.Timeout | undefined;
  readonly underWay: Record<WorkClass, number> = { stage: 0, other: 0 };
  /** Refused, by class. */
  readonly refused: Record<WorkClass, number> = { stage: 0, other: 0 };

  constructor(options: BulkheadOptions = {}) {
    const most = options.maxWaiting ?? maxWaiting;
    this.#gradient = new Gradient(options);
    this.#queues = { stage: new ControlledQueue(most), other: new ControlledQueue(most) };
    this.#now = options.now ?? (() => performance.now());
    this.#place = options.place ?? (() => 0);
    this.#random = options.random ?? Math.random;
  }

  get limit(): number {
    return this.#gradient.limit;
  }

  waiting(of: WorkClass): number {
    return this.#queues[of].size;
  }

  /** The share of a class that is accepted now, above 0; 1 when nobody was refused lately. */
  share(of: WorkClass): number {
    return this.#acceptance[of].share(this.#now());
  }

  /**
   * Waits until something of a class may begin. Those of each `from` have a turn after another. Throws `overloaded` (503) when that would take too long; when the signal
   * is aborted while it waits it throws the signal's reason.
   * @param isRetry it was refused before: it waits only as long as such are a tenth of the first ones
   */
  async enter(of: WorkClass, from: string, signal: AbortSignal, isRetry = false): Promise<Pass> {
    signal.throwIfAborted();
    const acceptance = this.#acceptance[of];
    if (!isRetry) acceptance.came();
    if (this.#queues[of].size === 0 && this.#hasRoom(of)) return this.#begin(of);
    if (isRetry && !acceptance.mayRetry()) {
      this.refused[of]++;
      throw this.#busy(of);
    }
    const { promise, resolve, reject } = Promise.withResolvers<Pass>();
    const gone = (): void => {
      leave();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", gone, { once: true });
    const leave = this.#queues[of].add(
      {
        from,
        place: this.#place(from),
        go: () => {
          signal.removeEventListener("abort", gone);
          resolve(this.#begin(of));
        },
        refuse: () => {
          signal.removeEventListener("abort", gone);
          this.refused[of]++;
          acceptance.refused(this.#now());
          reject(this.#busy(of));
        },
      },
      this.#now(),
    );
    this.#watch();
    return promise;
  }

  /** Refuses who has waited too long, and lets go on who may. Called by itself while somebody waits. */
  look(): void {
    const now = this.#now();
    for (const of of workClasses) this.#queues[of].expire(now);
    this.#next();
  }

  #hasRoom(of: WorkClass): boolean {
    const { stage, other } = this.underWay;
    const { limit } = this;
    return stage + other < limit && (of === "stage" || other < limit - Math.ceil(limit * stageShare));
  }

  #begin(of: WorkClass): Pass {
    this.underWay[of]++;
    const since = this.#now();
    this.#acceptance[of].accepted(since);
    let isOver = false;
    return {
      done: (answered) => {
        if (isOver) return;
        isOver = true;
        const { stage, other } = this.underWay;
        this.underWay[of]--;
        if (answered) this.#gradient.answered(this.#now() - since, stage + other);
        this.#next();
      },
    };
  }

  /** The stage first. */
  #next(): void {
    const now = this.#now();
    for (const of of workClasses)
      while (this.#queues[of].size > 0 && this.#hasRoom(of)) if (!this.#queues[of].next(now)) break;
  }

  #watch(): void {
    this.#timer ??= setInterval(() => {
      this.look();
      if (workClasses.some((of) => this.waiting(of) > 0)) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    }, lookEveryMs).unref();
  }

  /** It may come again within a time that is drawn for each, and longer the less is accepted: they do not all come at once. */
  #busy(of: WorkClass): Problem {
    return new Problem({
      status: 503,
      code: "overloaded",
      title: "Too many at once",
      detail: `The desk of this server has ${this.limit} requests at once under way here, and those that wait would wait too long.`,
      action: "Try again after the time that Retry-After names. Listening goes on.",
      retryAfter: 1 + Math.floor(this.#random() * Math.min(longestRetryAfter, leastRetryAfter / this.share(of))),
    });
  }
}
