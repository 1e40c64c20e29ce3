import type { RenditionName } from "../wire/rendition.ts";
import type { SegmentNumber } from "../wire/timeline.ts";
import type { TimelineSpec } from "../wire/timelines.ts";

/** A replay as those see it who make something of it: marks and files. */
export interface ReplayReader {
  readonly spec: TimelineSpec;
  readonly epochMs: number;
  readonly first: SegmentNumber;
  readonly last: SegmentNumber;
  /** How many segments it has. */
  readonly segments: number;
  readonly durationMs: number;
  /** The three chunks of a segment; hold audio stands where the archive has a hole. */
  chunks(rendition: RenditionName, n: SegmentNumber): Promise<Uint8Array[]>;
  /** The packets of a segment. */
  packets(rendition: RenditionName, n: SegmentNumber): Promise<Uint8Array[]>;
}
