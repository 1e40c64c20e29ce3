import type { RenditionState } from "./state.ts";
import type { SegmentNumber } from "./timeline.ts";

/** `/replay/{space}/state.json`. Times are milliseconds since 1970 on the server's clock. */
export interface ReplayState {
  readonly v: 1;
  readonly id: string;
  readonly slug: string;
  readonly title: string;
  readonly description: string;
  /** BCP 47. */
  readonly language: string;
  readonly unlisted: boolean;
  readonly startAt: number;
  /** When the replay's first segment began, live. */
  readonly liveAt: number;
  readonly endedAt: number | null;
  readonly durationMs: number;
  readonly epochMs: number;
  readonly first: SegmentNumber;
  readonly last: SegmentNumber;
  readonly renditions: readonly Omit<RenditionState, "init">[];
}
