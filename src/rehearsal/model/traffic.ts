import { renditionFacts } from "../../wire/rendition.ts";
import { chunksPerSegment, segmentMs } from "../../wire/timeline.ts";

/** What sound weighs on the wire, in bytes. */

/** Largest payload of a TCP segment over Ethernet with timestamps (RFC 9293, RFC 7323): 1500 − 20 − 20 − 12. */
const payloadPerPacket = 1448;
/** What goes with each packet: IP, TCP and timestamps 52; Ethernet's preamble, header, check sum and gap 38 (IEEE 802.3). */
const bytesAroundPacket = 90;
/** What goes with each TLS 1.3 record: header, content type, tag (RFC 8446, section 5.2). */
const bytesAroundRecord = 22;
const maxRecord = 16_384;

/** Bytes on the line for one write of `payload` bytes. */
export function onTheWire(payload: number, tls: boolean): number {
  const sealed = tls ? payload + bytesAroundRecord * Math.ceil(payload / maxRecord) : payload;
  return sealed + bytesAroundPacket * Math.ceil(sealed / payloadPerPacket);
}

/** Boxes of one chunk, and what the room's events add to it. Measured: about 200 bytes for variable Opus. */
const boxesPerChunk = 200;
const eventsPerChunk = 50;
/** A response's head, and a playlist of HLS with it. */
export const headBytes = 400;
export const playlistBytes = 1500;

/** Bytes of one chunk and of one segment. */
export const chunkBytes = (bitrate: number): number =>
  (bitrate / 8) * (segmentMs / chunksPerSegment / 1000) + boxesPerChunk + eventsPerChunk;
export const segmentBytes = (bitrate: number): number => chunksPerSegment * chunkBytes(bitrate);

export const segmentsPerSecond = 1000 / segmentMs;

/** How people who are seated get their sound; each is a stock of people on an edge. */
export const seats = ["stream", "streamLean", "numbered", "numberedLean", "hls"] as const;
export type Seat = (typeof seats)[number];

const bitrateOf: Readonly<Record<Seat, number>> = {
  stream: renditionFacts["opus-32k"].bitrate,
  streamLean: renditionFacts["opus-16k"].bitrate,
  numbered: renditionFacts["opus-32k"].bitrate,
  numberedLean: renditionFacts["opus-16k"].bitrate,
  hls: renditionFacts["aac-64k"].bitrate,
};

/** Bytes a second on the line for one person on each kind of seat. @param writes in how many a stream is sent each segment: whole, or by chunk */
export function bytesPerSecond(seat: Seat, tls: boolean, writes: 1 | typeof chunksPerSegment): number {
  const segment = segmentBytes(bitrateOf[seat]);
  switch (seat) {
    case "stream":
    case "streamLean":
      return writes * onTheWire(segment / writes, tls) * segmentsPerSecond;
    case "numbered":
    case "numberedLean":
      return onTheWire(segment + headBytes, tls) * segmentsPerSecond;
    case "hls":
      return (onTheWire(segment + headBytes, tls) + onTheWire(playlistBytes, tls)) * segmentsPerSecond;
  }
}
