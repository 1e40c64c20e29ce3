import { hash } from "node:crypto";
import { chunkSlot, maxChunkBytes } from "../cmaf/parse.ts";
import { reason } from "../foundation/errors.ts";
import { parseDigest } from "../wire/edges.ts";
import { renditionFacts, type RenditionName } from "../wire/rendition.ts";
import { chunksPerSegment, type SegmentNumber } from "../wire/timeline.ts";
import { BoxSplitter } from "./box-splitter.ts";

/** The most bytes a segment may have. */
export const maxSegmentBytes = chunksPerSegment * maxChunkBytes;

/** What came is not the segment that was asked for. */
export class BadSegment extends Error {}

/**
 * Throws `BadSegment` unless the bytes are, by their structure, chunk `part` of segment `n` of a rendition: every box is where it must
 * be with its exact size, and the decode time is that of this very chunk.
 */
export function checkChunk(bytes: Buffer, rendition: RenditionName, n: SegmentNumber, part: number): void {
  let told: ReturnType<typeof chunkSlot>;
  try {
    told = chunkSlot(bytes);
  } catch (thrown) {
    throw new BadSegment(reason(thrown));
  }
  const slot = n * chunksPerSegment + part;
  if (told.slot !== slot) throw new BadSegment(`the chunk is that of slot ${told.slot}, not of ${slot}`);
  const { codec } = renditionFacts[rendition];
  if (told.codec !== codec) throw new BadSegment(`the chunk has ${told.codec}, not ${codec}`);
}

/** Throws `BadSegment` when there is a `Repr-Digest` and the bytes have another one. */
export function checkDigest(bytes: Buffer, header: string | undefined): void {
  const told = parseDigest(header);
  if (told !== undefined && hash("sha256", bytes, "base64") !== told)
    throw new BadSegment("the bytes are not those of the digest");
}

/** Checks a segment that came as a whole. */
export function checkSegment(
  bytes: Buffer,
  rendition: RenditionName,
  n: SegmentNumber,
  digest: string | undefined,
): void {
  const splitter = new BoxSplitter();
  let chunks: Buffer[];
  try {
    chunks = splitter.push(bytes);
  } catch (thrown) {
    throw new BadSegment(reason(thrown));
  }
  if (splitter.rest > 0 || chunks.length !== chunksPerSegment)
    throw new BadSegment(`there are ${chunks.length} chunks and ${splitter.rest} bytes more`);
  for (const [part, chunk] of chunks.entries()) checkChunk(chunk, rendition, n, part);
  checkDigest(bytes, digest);
}
