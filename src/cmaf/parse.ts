import type { RoomEvent } from "../wire/events.ts";
import { samplesPerChunk } from "../wire/timeline.ts";
import { fourcc, viewOf } from "./box.ts";
import { layout, maxPacketBytes, skipEvents } from "./chunk.ts";
import { maxEventsPerChunk, parseEventBox } from "./emsg.ts";
import { codecPackets } from "./init.ts";
import { badChunk } from "./problem.ts";
import { trackId } from "./track.ts";

/** The largest chunk that is read at all. */
export const maxChunkBytes = 128 * 1024;

/** A chunk, read. All bytes are views into what was given. */
export interface ParsedChunk {
  readonly slot: number;
  /** Told by the number of packets. */
  readonly codec: "opus" | "aac";
  readonly events: readonly RoomEvent[];
  readonly packets: readonly Uint8Array[];
  /** Where `moof` begins: what is before are event boxes. */
  readonly moofAt: number;
  /** Where the first packet begins and the last one ends: the content of `mdat`. */
  readonly dataAt: number;
  readonly dataEnd: number;
}

/**
 * Reads a chunk strictly: exactly the boxes that `mediaChunk` writes, in its order, every size and time in agreement,
 * every event in the chunk's own slot. Anything else is a 400 `bad-chunk` problem that says what is wrong.
 */
export function parseChunk(bytes: Uint8Array): ParsedChunk {
  if (bytes.length > maxChunkBytes) {
    throw badChunk(`The chunk has ${bytes.length} bytes; at most ${maxChunkBytes} are read.`);
  }
  const { at: moofAt, events: count } = skipEvents(bytes);
  if (count > maxEventsPerChunk) throw badChunk(`The chunk has ${count} events; at most ${maxEventsPerChunk} fit.`);
  const { slot, sizes, dataAt } = readFragment(bytes.subarray(moofAt));
  const packets: Uint8Array[] = [];
  let at = moofAt + dataAt;
  for (const size of sizes) {
    packets.push(bytes.subarray(at, at + size));
    at += size;
  }
  return {
    slot,
    codec: codecOf(sizes),
    events: readEvents(bytes.subarray(0, moofAt), slot),
    packets,
    moofAt,
    dataAt: moofAt + dataAt,
    dataEnd: at,
  };
}

/**
 * The slot of a chunk whose boxes are exactly those that `mediaChunk` writes, every size in agreement. What the events
 * say is not read: an edge may be older than the origin whose events it carries. Anything else is a 400 `bad-chunk` problem.
 */
export function chunkSlot(bytes: Uint8Array): Pick<ParsedChunk, "slot" | "codec"> {
  if (bytes.length > maxChunkBytes) {
    throw badChunk(`The chunk has ${bytes.length} bytes; at most ${maxChunkBytes} are read.`);
  }
  const { slot, sizes } = readFragment(bytes.subarray(skipEvents(bytes).at));
  return { slot, codec: codecOf(sizes) };
}

const codecOf = (sizes: readonly number[]): ParsedChunk["codec"] =>
  sizes.length === codecPackets.opus ? "opus" : "aac";

function readEvents(bytes: Uint8Array, slot: number): RoomEvent[] {
  const view = viewOf(bytes);
  const events: RoomEvent[] = [];
  for (let at = 0; at < bytes.length; at += view.getUint32(at)) {
    const one = parseEventBox(bytes.subarray(at, at + view.getUint32(at)));
    if (one.slot !== slot) throw badChunk(`An event of slot ${one.slot} stands in the chunk of slot ${slot}.`);
    events.push(one.event);
  }
  return events;
}

function expect(value: number, wanted: number, what: string): void {
  if (value !== wanted) throw badChunk(`${what} is ${value}, not ${wanted}.`);
}

function readFragment(bytes: Uint8Array): { slot: number; sizes: number[]; dataAt: number } {
  const view = viewOf(bytes);
  let at = 0;
  const next = (): number => {
    if (at + 4 > bytes.length) throw badChunk(`The fragment ends at byte ${bytes.length}, in the middle of its boxes.`);
    at += 4;
    return view.getUint32(at - 4);
  };
  const open = (type: string): number => {
    const size = next();
    if (next() !== fourcc(type)) throw badChunk(`There is no ${type} box at byte ${at - 8} of the fragment.`);
    return size;
  };

  const moofSize = open("moof");
  expect(open("mfhd"), 16, "The size of mfhd");
  expect(next(), 0, "The version of mfhd");
  const sequence = next();
  const trafSize = open("traf");
  const tfhdSize = open("tfhd");
  const sized = tfhdSize === 20;
  expect(tfhdSize, sized ? 20 : 16, "The size of tfhd");
  expect(next(), sized ? 0x020010 : 0x020000, "The flags of tfhd");
  expect(next(), trackId, "The track");
  const size = sized ? next() : 0;
  expect(at, sized ? layout.tfdt.sized : layout.tfdt.listed, "The place of tfdt");
  expect(open("tfdt"), 20, "The size of tfdt");
  expect(next(), 0x01000000, "The version of tfdt");
  const time = next() * 2 ** 32 + next();
  const trunSize = open("trun");
  expect(next(), sized ? 0x000001 : 0x000201, "The flags of trun");
  const count = next();
  if (count !== codecPackets.opus && count !== codecPackets.aac) {
    throw badChunk(`The chunk has ${count} packets; there must be 16 of Opus or 15 of AAC.`);
  }
  expect(trunSize, 20 + (sized ? 0 : 4 * count), "The size of trun");
  expect(next(), moofSize + 8, "The data offset");
  const sizes = Array.from({ length: count }, () => (sized ? size : next()));
  expect(trafSize, at - 24, "The size of traf");
  expect(moofSize, at, "The size of moof");
  const mdatSize = open("mdat");
  const wrong = sizes.find((one) => one < 1 || one > maxPacketBytes);
  if (wrong !== undefined) throw badChunk(`A packet has ${wrong} bytes; 1 to ${maxPacketBytes} are allowed.`);
  const sum = sizes.reduce((total, one) => total + one, 0);
  expect(mdatSize, 8 + sum, "The size of mdat");
  expect(bytes.length, at + sum, "The length of the fragment");
  const slot = time / samplesPerChunk;
  if (!Number.isSafeInteger(slot)) throw badChunk(`The decode time ${time} is no chunk's start.`);
  expect(sequence, slot % 2 ** 32, "The sequence number");
  return { slot, sizes, dataAt: at };
}
