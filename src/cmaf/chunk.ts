import type { RoomEvent } from "../wire/events.ts";
import type { RenditionName } from "../wire/rendition.ts";
import { samplesPerChunk } from "../wire/timeline.ts";
import { concat, fourcc, viewOf } from "./box.ts";
import { eventBoxes } from "./emsg.ts";
import { packetsPerChunk } from "./init.ts";
import { badChunk } from "./problem.ts";
import { trackId } from "./track.ts";

/** The largest packet: what an Opus frame may have at most (RFC 6716 section 3.4); ours are far smaller. */
export const maxPacketBytes = 1275;

export interface MediaChunk {
  readonly rendition: RenditionName;
  /** The chunk's number since the epoch. */
  readonly slot: number;
  /** 16 packets of Opus or 15 raw AAC frames (no ADTS), each 1…1275 bytes. */
  readonly packets: readonly Uint8Array[];
  readonly events: readonly RoomEvent[];
}

/** Where things stand from the start of `moof`, in the one layout that we write. */
export const layout = {
  sequence: 20,
  tfhd: 32,
  tfdt: { sized: 52, listed: 48 },
} as const;

const moof = fourcc("moof");
const emsg = fourcc("emsg");
const sameSizes = (packets: readonly Uint8Array[]): boolean =>
  packets.every((packet) => packet.length === packets[0]?.length);

/**
 * One CMAF chunk: `emsg`*, `moof`, `mdat` (ISO/IEC 23000-19 section 7.3.2.3). Packets of one size are told by one
 * default size; else `trun` lists the sizes. 100 bytes over the packets, or 96 and four for each packet.
 */
export function mediaChunk(chunk: MediaChunk): Uint8Array {
  const expected = packetsPerChunk(chunk.rendition);
  if (chunk.packets.length !== expected) {
    throw badChunk(`Chunk ${chunk.slot} of ${chunk.rendition} has ${chunk.packets.length} packets, not ${expected}.`);
  }
  const wrong = chunk.packets.find((packet) => packet.length < 1 || packet.length > maxPacketBytes);
  if (wrong) throw badChunk(`A packet has ${wrong.length} bytes; 1 to ${maxPacketBytes} are allowed.`);
  return concat([...eventBoxes(chunk.slot, chunk.events), fragment(chunk.slot, chunk.packets)]);
}

/** `moof` and `mdat`. */
function fragment(slot: number, packets: readonly Uint8Array[]): Uint8Array {
  const sized = sameSizes(packets);
  const tfhdSize = sized ? 20 : 16;
  const trunSize = 20 + (sized ? 0 : 4 * packets.length);
  const trafSize = 8 + tfhdSize + 20 + trunSize;
  const moofSize = 8 + 16 + trafSize;
  const mdatSize = 8 + packets.reduce((sum, packet) => sum + packet.length, 0);
  const bytes = new Uint8Array(moofSize + mdatSize);
  const view = viewOf(bytes);
  let at = 0;
  const put = (...values: readonly number[]): void => {
    for (const value of values) {
      view.setUint32(at, value);
      at += 4;
    }
  };
  put(moofSize, moof);
  put(16, fourcc("mfhd"), 0, slot % 2 ** 32);
  put(trafSize, fourcc("traf"));
  // default-base-is-moof, and default-sample-size where one size is enough.
  put(tfhdSize, fourcc("tfhd"), sized ? 0x020010 : 0x020000, trackId);
  if (sized) put(packets[0]?.length ?? 0);
  const time = slot * samplesPerChunk;
  put(20, fourcc("tfdt"), 0x01000000, Math.floor(time / 2 ** 32), time >>> 0);
  // data-offset, and sample sizes where they differ.
  put(trunSize, fourcc("trun"), sized ? 0x000001 : 0x000201, packets.length, moofSize + 8);
  if (!sized) for (const packet of packets) put(packet.length);
  put(mdatSize, fourcc("mdat"));
  for (const packet of packets) {
    bytes.set(packet, at);
    at += packet.length;
  }
  return bytes;
}

/** Where `moof` begins and how many `emsg` boxes stand before it. */
export function skipEvents(bytes: Uint8Array): { readonly at: number; readonly events: number } {
  const view = viewOf(bytes);
  let at = 0;
  for (let events = 0; at + 8 <= bytes.length; events++) {
    const size = view.getUint32(at);
    const type = view.getUint32(at + 4);
    if (type === moof) return { at, events };
    if (type !== emsg || size < 8) break;
    at += size;
  }
  throw badChunk(`The ${bytes.length} bytes are not emsg boxes and a moof.`);
}

/** The same packets in another slot with other events. The bytes must be a chunk: `parseChunk` tells. */
export function retime(bytes: Uint8Array, slot: number, events: readonly RoomEvent[]): Uint8Array {
  const { at } = skipEvents(bytes);
  const boxes = eventBoxes(slot, events);
  const out = concat([...boxes, bytes.subarray(at)]);
  const start = out.length - (bytes.length - at);
  const view = viewOf(out);
  if (bytes.length < at + 96) throw badChunk(`A chunk of ${bytes.length} bytes has no room for moof and mdat.`);
  const tfdt = view.getUint32(start + layout.tfhd) === 20 ? layout.tfdt.sized : layout.tfdt.listed;
  const time = slot * samplesPerChunk;
  view.setUint32(start + layout.sequence, slot % 2 ** 32);
  view.setUint32(start + tfdt + 12, Math.floor(time / 2 ** 32));
  view.setUint32(start + tfdt + 16, time >>> 0);
  return out;
}

/** The chunk with more events before those it has; no event gives the same bytes. */
export function withEvents(bytes: Uint8Array, slot: number, events: readonly RoomEvent[]): Uint8Array {
  if (events.length === 0) return bytes;
  return concat([...eventBoxes(slot, events, skipEvents(bytes).events), bytes]);
}
