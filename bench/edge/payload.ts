import { mediaChunk } from "../../src/cmaf/chunk.ts";
import { initSegment } from "../../src/cmaf/init.ts";
import { chunksPerSegment } from "../../src/wire/timeline.ts";

/** What the benchmarks play: Opus at exactly 32 kbit/s, each byte following from the chunk's number. */
const packetBytes = 80;
const packetsPerChunk = 16;

/** The same as `make_packet` in `load/payload.h`: a TOC byte (RFC 6716 section 3.1), then xorshift32 (Marsaglia 2003). */
function packet(slot: number, index: number): Uint8Array {
  const bytes = new Uint8Array(packetBytes);
  const view = new DataView(bytes.buffer);
  let x = (Math.imul(slot * packetsPerChunk + index + 1, 2_654_435_761) | 1) >>> 0;
  for (let at = 0; at < packetBytes; at += 4) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    view.setUint32(at, x >>> 0);
  }
  bytes[0] = 0xf8;
  return bytes;
}

/** A chunk of 320 ms: 1,380 bytes. */
export const chunkBytes = (slot: number): Buffer =>
  Buffer.from(
    mediaChunk({
      rendition: "opus-32k",
      slot,
      packets: Array.from({ length: packetsPerChunk }, (_, index) => packet(slot, index)),
      events: [],
    }),
  );

/** A segment of 960 ms: 4,140 bytes. */
export const segmentBytes = (n: number): Buffer =>
  Buffer.concat(Array.from({ length: chunksPerSegment }, (_, part) => chunkBytes(n * chunksPerSegment + part)));

export const initBytes = (): Buffer => Buffer.from(initSegment("opus-32k"));
