import { digestHeader } from "../wire/edges.ts";
import { livePaths } from "../wire/paths.ts";
import type { RenditionName } from "../wire/rendition.ts";
import type { SegmentNumber } from "../wire/timeline.ts";
import { BadSegment, checkSegment, maxSegmentBytes } from "./segment-check.ts";
import type { Source } from "./source.ts";
import type { Upstream } from "./upstream.ts";

/** A segment that is whole, and checked. */
export interface WholeSegment {
  readonly bytes: Buffer;
  /** Its `Repr-Digest`, when its source told it. */
  readonly digest: string | undefined;
}

export interface PastSegmentOptions {
  readonly upstream: Upstream;
  readonly counts: { badSegments: number };
}

/**
 * Fetches a segment that is past: from the source that is followed, and when that one fails or tells nothing, from another.
 * `undefined` when nobody has it. Throws when no answer was any good.
 */
export async function pastSegment(
  options: PastSegmentOptions,
  space: string,
  rendition: RenditionName,
  n: SegmentNumber,
): Promise<WholeSegment | undefined> {
  const { upstream, counts } = options;
  const path = livePaths.segment(space, rendition, n);
  const from = async (source: Source): Promise<WholeSegment | undefined> => {
    const { status, headers, body } = await upstream.fetchFrom(source, "past-segment", path, 5000, maxSegmentBytes);
    if (status === 404 || status === 410) return undefined;
    if (status !== 200) throw new Error(`${path} answered ${status}`);
    const told = headers[digestHeader];
    const digest = Array.isArray(told) ? told[0] : told;
    try {
      checkSegment(body, rendition, n, digest);
    } catch (thrown) {
      if (thrown instanceof BadSegment) counts.badSegments++;
      upstream.failed(source, String(thrown));
      throw thrown;
    }
    return { bytes: body, digest };
  };
  const first = upstream.current;
  const other = upstream.elsewhere(first);
  if (other === first) return from(first);
  const found = await from(first).catch(() => undefined);
  return found ?? from(other);
}
