import { mediaChunk } from "../../cmaf/chunk.ts";
import { initSegment, packetsPerChunk } from "../../cmaf/init.ts";
import type { RoomEvent } from "../../wire/events.ts";
import type { RenditionName } from "../../wire/rendition.ts";
import { chunksPerSegment } from "../../wire/timeline.ts";
import { seeded } from "../model/random.ts";

export const initOf = (rendition: RenditionName): Buffer => Buffer.from(initSegment(rendition));

/** The chunks of segment `n`: real boxes, packets of chance, every third with events before it. */
export function chunksOf(rendition: RenditionName, n: number, events: readonly RoomEvent[] = []): Buffer[] {
  return Array.from({ length: chunksPerSegment }, (_, part) => {
    const slot = n * chunksPerSegment + part;
    const random = seeded(slot, 7);
    const packets = Array.from({ length: packetsPerChunk(rendition) }, () =>
      Uint8Array.from({ length: 20 + Math.floor(random() * 60) }, () => Math.floor(random() * 256)),
    );
    const voices: RoomEvent[] = slot % 3 === 0 ? [{ t: "voices", at: [[["a", 5]], []] }] : [];
    return Buffer.from(mediaChunk({ rendition, slot, packets, events: part === 0 ? [...voices, ...events] : voices }));
  });
}

export const segmentOf = (rendition: RenditionName, n: number, events: readonly RoomEvent[] = []): Buffer =>
  Buffer.concat(chunksOf(rendition, n, events));
