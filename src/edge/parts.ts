import type { Socket } from "node:net";
import type { Clock } from "../foundation/clock.ts";
import type { Log } from "../foundation/log.ts";
import type { ReaderBudget } from "./chunk-readers.ts";
import type { DirectWrites } from "./direct-writes.ts";
import type { FanOut, FanOutCounts } from "./fan-out.ts";
import type { HoldBudget } from "./hold-budget.ts";
import type { PushMode } from "./push-mode.ts";
import type { Slices } from "./slices.ts";
import type { Upstream } from "./upstream.ts";

/** What is counted where it would cost too much to look a metric up; numbers that only grow. */
export interface EdgeCounts extends FanOutCounts {
  /** Times that a puller left segments out in favour of the live edge. */
  jumps: number;
  /** Segments that were not what they should have been; none of them is served. */
  badSegments: number;
}

/** What all channels of an edge share. */
export interface EdgeParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly upstream: Upstream;
  readonly pushMode: PushMode;
  readonly budget: HoldBudget;
  readonly readers: ReaderBudget;
  readonly counts: EdgeCounts;
  /** Where all work for many takes its turns. */
  readonly slices: Slices;
  /** How bytes get to listeners. */
  readonly writes: DirectWrites;
  /** Called when a listener's connection is closed, or another process has it. */
  readonly onLeave?: ((socket: Socket) => void) | undefined;
  /** Called when all of a channel's listeners have everything up to a segment's end: the moment to let some go. */
  onBoundary?: (fanOut: FanOut) => void;
}
