import { emsgScheme, id3Description, type RoomEvent, type RoomEventType } from "../wire/events.ts";
import { sampleRate, samplesPerChunk } from "../wire/timeline.ts";
import { concat, fullBox, text, u16, u32, u64, u8, viewOf } from "./box.ts";
import { badChunk } from "./problem.ts";

/** The most event boxes one chunk may have: their ids are `64 · slot + index`. */
export const maxEventsPerChunk = 64;
/** The longest JSON of one event, in bytes. */
export const maxEventBytes = 16 * 1024;

const duration = 0xffffffff;
const utf8 = 3;
const description = text(`${id3Description}\0`);
const strings = text(`${emsgScheme}\0\0`);
const eventTypes: ReadonlySet<string> = new Set<RoomEventType>([
  "stage",
  "voices",
  "status",
  "title",
  "notice",
  "count",
  "level",
]);

/** 28 bits in four bytes of seven (ID3v2.4.0 structure, section 6.2). */
const syncSafe = (size: number): Uint8Array =>
  u8((size >> 21) & 0x7f, (size >> 14) & 0x7f, (size >> 7) & 0x7f, size & 0x7f);

/** An ID3v2.4 tag with one TXXX frame: the description `rostra` and the event's JSON (ID3v2.4.0 frames, section 4.2.6). */
function id3Tag(event: RoomEvent): Uint8Array {
  const json = text(JSON.stringify(event));
  if (json.length > maxEventBytes) {
    throw badChunk(`The event ${event.t} has ${json.length} bytes of JSON; at most ${maxEventBytes} fit in a chunk.`);
  }
  const frame = concat([u8(utf8), description, json]);
  const whole = concat([text("TXXX"), syncSafe(frame.length), u16(0), frame]);
  return concat([text("ID3"), u8(4, 0, 0), syncSafe(whole.length), whole]);
}

/**
 * The `emsg` boxes (version 1, ISO/IEC 23009-1 section 5.10.3.3) of a chunk's events: they take effect at the chunk's
 * start, in the media's timescale. The ids are unique on the timeline and the same in every rendition, so a player
 * that sees a box twice knows it.
 *
 * @param first how many event boxes the chunk has already
 */
export function eventBoxes(slot: number, events: readonly RoomEvent[], first = 0): Uint8Array[] {
  if (first + events.length > maxEventsPerChunk) {
    throw badChunk(`Chunk ${slot} has ${first + events.length} events; at most ${maxEventsPerChunk} fit.`);
  }
  return events.map((event, index) =>
    fullBox(
      "emsg",
      1,
      0,
      u32(sampleRate),
      u64(slot * samplesPerChunk),
      u32(duration, (slot * maxEventsPerChunk + first + index) % 2 ** 32),
      strings,
      id3Tag(event),
    ),
  );
}

const fixedBytes = 12 + 20;
const tagHeader = 10;
const frameHeader = 10;
const decoder = new TextDecoder("utf-8", { fatal: true });

const startsWith = (bytes: Uint8Array, at: number, expected: Uint8Array): boolean =>
  at + expected.length <= bytes.length && expected.every((value, i) => bytes[at + i] === value);

function readSyncSafe(view: DataView, at: number): number {
  const value = view.getUint32(at);
  if ((value & 0x80808080) !== 0) throw badChunk(`A size of the ID3 tag at byte ${at} has a high bit set.`);
  return ((value >>> 24) << 21) | (((value >>> 16) & 0x7f) << 14) | (((value >>> 8) & 0x7f) << 7) | (value & 0x7f);
}

/** One `emsg` box, read back. */
export interface EventBox {
  /** The slot whose start it names. */
  readonly slot: number;
  readonly event: RoomEvent;
}

/** Reads one whole `emsg` box of ours; whatever else it is, is a `bad-chunk` problem. */
export function parseEventBox(bytes: Uint8Array): EventBox {
  const payload = fixedBytes + strings.length;
  const json = payload + tagHeader + frameHeader + 1 + description.length;
  if (bytes.length < json) throw badChunk(`An emsg box has ${bytes.length} bytes; the least is ${json}.`);
  const view = viewOf(bytes);
  if (view.getUint32(8) !== 0x01000000) throw badChunk("An emsg box is not of version 1.");
  if (view.getUint32(12) !== sampleRate) throw badChunk(`An emsg box has the timescale ${view.getUint32(12)}.`);
  const time = view.getUint32(16) * 2 ** 32 + view.getUint32(20);
  if (time % samplesPerChunk !== 0) throw badChunk(`An emsg box stands at ${time}, which is no chunk's start.`);
  if (!startsWith(bytes, fixedBytes, strings)) throw badChunk(`An emsg box has a scheme that is not ${emsgScheme}.`);
  const id3 = text("ID3\u0004\0\0");
  if (!startsWith(bytes, payload, id3) || readSyncSafe(view, payload + 6) !== bytes.length - payload - tagHeader) {
    throw badChunk("An emsg box does not hold exactly one ID3v2.4 tag.");
  }
  const frame = payload + tagHeader;
  if (
    !startsWith(bytes, frame, text("TXXX")) ||
    readSyncSafe(view, frame + 4) !== bytes.length - frame - frameHeader ||
    view.getUint16(frame + 8) !== 0 ||
    bytes[frame + frameHeader] !== utf8 ||
    !startsWith(bytes, frame + frameHeader + 1, description)
  ) {
    throw badChunk(`An ID3 tag does not hold exactly one TXXX frame described as ${id3Description}.`);
  }
  if (bytes.length - json > maxEventBytes) throw badChunk(`An event has more than ${maxEventBytes} bytes.`);
  return { slot: time / samplesPerChunk, event: parseEvent(bytes.subarray(json)) };
}

function parseEvent(json: Uint8Array): RoomEvent {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(json));
  } catch {
    throw badChunk("An event is not JSON in UTF-8.");
  }
  const known = typeof value === "object" && value !== null && "t" in value && eventTypes.has(String(value.t));
  if (!known) throw badChunk("An event is none of those that ride on the timeline.");
  return value as RoomEvent;
}
