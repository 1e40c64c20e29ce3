import { monitorEventLoopDelay } from "node:perf_hooks";

/** For how long delays are gathered before they are told, ms. */
export const loopWindowMs = 5000;
/** The monitor wakes every 20 ms and measures from waking to waking: what is over that is the delay. */
const resolutionMs = 20;

/** What the monitor gathers, nanoseconds; `perf_hooks` has it. */
export interface DelayHistogram {
  percentile(percentile: number): number;
  readonly max: number;
  reset(): void;
}

/** Event loop delay of a window, seconds. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * The event loop's delay in the last whole window, whoever reads it and however often: two who read do not take it away from
 * each other, and what was long ago is not in it. Before the first window has ended it is what there is.
 */
export class LoopDelayWindow {
  readonly #gathering: DelayHistogram;
  readonly #now: () => number;
  #last: LoopDelay | undefined;
  #beganAt: number;

  constructor(gathering: DelayHistogram, now: () => number = () => performance.now()) {
    this.#gathering = gathering;
    this.#now = now;
    this.#beganAt = now();
  }

  get last(): LoopDelay {
    // A loop that stood still has not turned the window yet, and this is what is to be told.
    if (this.#now() - this.#beganAt >= loopWindowMs) this.turn();
    return this.#last ?? this.#read();
  }

  /** A window ends and the next one begins. */
  turn(): void {
    this.#last = this.#read();
    this.#beganAt = this.#now();
    this.#gathering.reset();
  }

  #read(): LoopDelay {
    const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000);
    const { max } = this.#gathering;
    const [p50, p99] = [50, 99].map((percentile) => seconds(this.#gathering.percentile(percentile))) as [
      number,
      number,
    ];
    return { p50, p99, max: seconds(max) };
  }
}

/** Watches this process's loop; it keeps no process alive. */
export function watchLoopDelay(): LoopDelayWindow {
  const monitor = monitorEventLoopDelay({ resolution: resolutionMs });
  monitor.enable();
  const window = new LoopDelayWindow(monitor);
  setInterval(() => window.turn(), loopWindowMs).unref();
  return window;
}
