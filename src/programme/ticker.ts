import type { Clock } from "../foundation/clock.ts";
import { type EpochMs, later } from "../foundation/duration.ts";
import type { Scope } from "../foundation/scope.ts";
import { frameMs } from "../wire/timeline.ts";

export interface TickerOptions {
  readonly clock: Clock;
  /** When frame 0 begins. */
  readonly epoch: EpochMs;
  readonly scope: Scope;
  /** Called once for each frame, in order, as soon as its 20 ms begin. What it throws ends the process. */
  readonly run: (frameIndex: number) => void;
  /** Called when frames are given up. @default nothing */
  readonly skipped?: (frames: number) => void;
}

/** A process that was away this long does not work through what it missed, in frames: 200 ms. */
export const mostCatchUp = 10;
/** The longest single wait, ms: a timer that far away would drift from the clock. */
const longestWait = 500;

/**
 * The 20 ms clock of a stage. Timers fire late by a millisecond or more; the frame's index comes from the clock, so no
 * delay adds up: a late tick is made up for at once, and more than 200 ms are skipped, which is told.
 */
export function startTicker(options: TickerOptions): void {
  const { clock, epoch, scope } = options;
  const due = (): number => Math.floor((clock.now() - epoch) / frameMs);
  let next = Math.max(0, due() + 1);
  let timer: NodeJS.Timeout | undefined;
  const wake = (): void => {
    const late = due() - next;
    if (late > mostCatchUp) {
      next += late;
      options.skipped?.(late);
    }
    while (next <= due() && !scope.ended) options.run(next++);
    if (!scope.ended) timer = setTimeout(wake, wait());
  };
  const wait = (): number => Math.min(longestWait, Math.max(0, later(epoch, next * frameMs) - clock.now()));
  scope.onEnd(() => clearTimeout(timer));
  timer = setTimeout(wake, wait());
}
