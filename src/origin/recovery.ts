import { parseChunk } from "../cmaf/parse.ts";
import type { RoomEvent } from "../wire/events.ts";
import { renditionNames } from "../wire/rendition.ts";
import { chunksPerSegment, type SegmentNumber, segmentOfSlot, slotOf } from "../wire/timeline.ts";
import type { Archive } from "./archive.ts";
import { Ring, ringSegments } from "./ring.ts";

/** What was published before this process began, read from the log. */
export interface Recovered {
  readonly ring: Ring;
  /** Facts of the slots that some renditions have published and others have not. */
  readonly begunSlots: ReadonlyMap<number, readonly RoomEvent[]>;
  /** The oldest segment in the ring that carries the programme. */
  readonly programme: SegmentNumber | undefined;
}

/** Rebuilds the ring from the end of the log, so that the same URLs give the same bytes as before. */
export async function recover(archive: Archive | undefined): Promise<Recovered> {
  const lasts = archive ? renditionNames.map((name) => archive.last(name)) : [];
  const known = lasts.filter((last) => last !== undefined);
  const oldest = archive?.first();
  if (!archive || oldest === undefined || known.length === 0) {
    return { ring: new Ring(0), begunSlots: new Map(), programme: undefined };
  }
  const last = Math.max(...known);
  const first = Math.max(oldest, last - ringSegments + 1);
  const ring = new Ring(slotOf(first, 0));
  let programme: SegmentNumber | undefined;
  for (let n = first; n <= last; n++) {
    for (const rendition of renditionNames) {
      for (const chunk of await archive.segment(rendition, n)) {
        if (!chunk) continue;
        ring.publish(rendition, slotOf(n, chunk.part), { ...chunk, stored: true });
        if (chunk.programme) programme ??= n;
      }
    }
  }
  return { ring, programme, begunSlots: begunSlots(ring) };
}

function begunSlots(ring: Ring): Map<number, readonly RoomEvent[]> {
  const next = renditionNames.map((name) => ring.next(name));
  const facts = new Map<number, readonly RoomEvent[]>();
  for (let slot = Math.min(...next); slot < Math.max(...next); slot++) {
    const chunk = renditionNames.map((name) => ring.chunk(name, slot)).find((one) => one !== undefined);
    // The programme's own events come in its chunks; the origin's are those it put in front.
    if (chunk)
      facts.set(
        slot,
        parseChunk(chunk.bytes).events.filter((event) => event.t !== "voices"),
      );
  }
  return facts;
}

/** The first slot of the segment after the one that covers `slot`. */
export const nextSegmentSlot = (slot: number): number => (segmentOfSlot(slot) + 1) * chunksPerSegment;
