import type { RoomEvent } from "../wire/events.ts";
import type { RenditionName } from "../wire/rendition.ts";
import { chunksPerSegment } from "../wire/timeline.ts";
import { concat, viewOf } from "./box.ts";
import { retime, skipEvents } from "./chunk.ts";
import { initSegment, packetsPerChunk } from "./init.ts";
import { maxChunkBytes, parseChunk } from "./parse.ts";
import { badChunk } from "./problem.ts";

/** The most chunks a loop may have: ten minutes. */
export const maxLoopChunks = 1875;

/** Hold audio of one rendition: a loop that can stand in for any slot. */
export interface Loop {
  readonly rendition: RenditionName;
  /** How many chunks it has; whole segments, so a multiple of three. */
  readonly chunks: number;
  /** The chunk for a slot: the loop runs with the timeline, so that every producer plays the same. */
  holdChunk(slot: number, events: readonly RoomEvent[]): Uint8Array;
}

/** Writes a loop as a file that any player opens: the init segment, then the chunks from slot 0. */
export function loopFile(rendition: RenditionName, chunks: readonly Uint8Array[]): Uint8Array {
  return concat([initSegment(rendition), ...chunks]);
}

/** Reads a loop's file; one that does not hold whole segments of this rendition is a `bad-chunk` problem. */
export function openLoop(rendition: RenditionName, file: Uint8Array): Loop {
  const init = initSegment(rendition);
  if (file.length < init.length || init.some((value, i) => file[i] !== value)) {
    throw badChunk(`The hold file of ${rendition} does not begin with that rendition's init segment.`);
  }
  const chunks: Uint8Array[] = [];
  for (let at = init.length; at < file.length;) {
    const size = chunkSize(file.subarray(at, at + maxChunkBytes));
    const bytes = file.slice(at, at + size);
    const { packets, slot } = parseChunk(bytes);
    if (packets.length !== packetsPerChunk(rendition) || slot !== chunks.length) {
      throw badChunk(`Chunk ${chunks.length} of the hold file of ${rendition} is of slot ${slot} or of another codec.`);
    }
    if (chunks.push(bytes) > maxLoopChunks) throw badChunk(`The hold file has more than ${maxLoopChunks} chunks.`);
    at += size;
  }
  if (chunks.length === 0 || chunks.length % chunksPerSegment !== 0) {
    throw badChunk(`The hold file of ${rendition} has ${chunks.length} chunks, which are not whole segments.`);
  }
  return {
    rendition,
    chunks: chunks.length,
    holdChunk: (slot, events) => {
      const chunk = chunks[((slot % chunks.length) + chunks.length) % chunks.length];
      return retime(chunk ?? new Uint8Array(), slot, events);
    },
  };
}

/** The size of the chunk that begins at the start of the bytes: its event boxes, `moof` and `mdat`. */
function chunkSize(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  const { at } = skipEvents(bytes);
  const mdat = at + view.getUint32(at);
  if (mdat + 8 > bytes.length) throw badChunk(`A moof of ${mdat - at} bytes is not followed by mdat.`);
  return mdat + view.getUint32(mdat);
}
