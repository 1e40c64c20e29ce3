import { Problem } from "../foundation/errors.ts";
import { ControlledQueue } from "./codel.ts";
import { Gradient, type GradientOptions } from "./gradient.ts";

/** What kind of work it is: that of hosts and speakers, or anybody's. */
export type WorkClass = "stage" | "other";
export const workClasses: readonly WorkClass[] = ["stage", "other"];

/** Of all that may be under way at once so much is kept for the stage. */
export const stageShare = 0.2;
/** How many of each class may wait. */
export const maxWaiting = 512;
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
}

/**
 * Lets as much through at once as is measured to be well, keeps the rest waiting for a moment, and refuses what it cannot
 * serve in time. Others' work never takes the share of the stage, which may take all.
 */
export class Bulkhead {
  readonly #gradient: Gradient;
  readonly #queues: Readonly<Record<WorkClass, ControlledQueue>>;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  readonly underWay: Record<WorkClass, number> = { stage: 0, other: 0 };
  /** Refused, by class. */
  readonly refused: Record<WorkClass, number> = { stage: 0, other: 0 };

  constructor(options: BulkheadOptions = {}) {
    const most = options.maxWaiting ?? maxWaiting;
    this.#gradient = new Gradient(options);
    this.#queues = { stage: new ControlledQueue(most), other: new ControlledQueue(most) };
    this.#now = options.now ?? (() => performance.now());
  }

  get limit(): number {
    return this.#gradient.limit;
  }

  waiting(of: WorkClass): number {
    return this.#queues[of].size;
  }

  /**
   * Waits until something of a class may begin. Those of each `from` have a turn after another. Throws `overloaded` (503) when that would take too long; when the signal
   * is aborted while it waits it throws the signal's reason.
   */
  async enter(of: WorkClass, from: string, signal: AbortSignal): Promise<Pass> {
    signal.throwIfAborted();
    if (this.#queues[of].size === 0 && this.#hasRoom(of)) return this.#begin(of);
    const { promise, resolve, reject } = Promise.withResolvers<Pass>();
    const gone = (): void => {
      leave();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", gone, { once: true });
    const leave = this.#queues[of].add(
      {
        from,
        go: () => {
          signal.removeEventListener("abort", gone);
          resolve(this.#begin(of));
        },
        refuse: () => {
          signal.removeEventListener("abort", gone);
          this.refused[of]++;
          reject(busy(this.limit));
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
}

const busy = (limit: number): Problem =>
  new Problem({
    status: 503,
    code: "overloaded",
    title: "Too many at once",
    detail: `The desk of this server has ${limit} requests at once under way here, and those that wait would wait too long.`,
    action: "Try again after the time that Retry-After names. Listening goes on.",
    retryAfter: 1 + Math.floor(Math.random() * 3),
  });
