import { Problem } from "../foundation/errors.ts";

/**
 * Ogg Opus (RFC 3533, RFC 7845), mono or stereo, one stream a file. Granule positions count samples at 48 kHz, the
 * pre-skip among them.
 */
/** The head of a page without its lacing values. */
export const pageHeaderBytes = 27;
const headerBytes = pageHeaderBytes;
/** Lacing values on a page, at most. */
export const maxSegments = 255;
/** Opus frames of 20 ms. */
const packetSamples = 960;
/** Packets on a page, at most: one second. */
export const packetsPerPage = 50;
/** The most packets a recording may have: an hour. */
export const maxRecordingPackets = 180_000;

const ascii = new TextEncoder();
const utf8 = new TextDecoder();

const crcTable = Uint32Array.from({ length: 256 }, (_, i) => {
  let value = i << 24;
  for (let bit = 0; bit < 8; bit++) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value >>> 0;
});

/** The page checksum of RFC 3533 section 6, field 6: polynomial 0x04c11db7, unreflected, from 0. */
function crc(bytes: Uint8Array): number {
  let value = 0;
  for (const byte of bytes) value = ((value << 8) ^ (crcTable[((value >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0;
  return value;
}

export interface OggOpusOptions {
  /** Samples a player drops at the start. @default 312, the look-ahead of libopus at 48 kHz */
  readonly preSkip?: number;
  /** @default 1 */
  readonly channels?: number;
  /** `NAME=value` lines (RFC 7845 section 5.2), as `TITLE=…`. @default none */
  readonly comments?: readonly string[];
  /** Tells this stream from others. @default 1 */
  readonly serial?: number;
  /** Goes on in the middle of a stream: the number of the next page, and packets written before. @default the start */
  readonly resume?: { readonly page: number; readonly packets: number };
}

/**
 * Writes Ogg Opus as a stream: `head()` first, then for each packet of 20 ms whatever pages it completes, `end()` last.
 * The same packets give the same bytes.
 */
export class OggOpusWriter {
  readonly #options: OggOpusOptions;
  #sequence = 0;
  #granule = 0;
  #lacing: number[] = [];
  #packets: Uint8Array[] = [];

  constructor(options: OggOpusOptions = {}) {
    this.#options = options;
    this.#sequence = options.resume?.page ?? 0;
    this.#granule = (options.resume?.packets ?? 0) * packetSamples;
  }

  /** The two header pages: OpusHead and OpusTags (RFC 7845 section 5). */
  head(): Uint8Array {
    const head = new Uint8Array(19);
    const view = new DataView(head.buffer);
    head.set(ascii.encode("OpusHead"));
    head.set([1, this.#options.channels ?? 1], 8);
    view.setUint16(10, this.#options.preSkip ?? 312, true);
    view.setUint32(12, 48_000, true);
    const tags = [counted("Rostra"), count(this.#options.comments?.length ?? 0)];
    for (const comment of this.#options.comments ?? []) tags.push(counted(comment));
    const first = this.#page([19], [head], 0, 0x02);
    const body = join([ascii.encode("OpusTags"), ...tags]);
    const second: Uint8Array[] = [];
    // A long comment runs over several pages; a page that completes no packet has the granule position −1.
    const lacing = laces(body.length);
    for (let at = 0; at < lacing.length; at += maxSegments) {
      const some = lacing.slice(at, at + maxSegments);
      const bytes = body.subarray(at * 255, at * 255 + some.reduce((a, b) => a + b, 0));
      const whole = at + maxSegments >= lacing.length;
      second.push(this.#page(some, [bytes], whole ? 0 : -1, at > 0 ? 0x01 : 0));
    }
    return join([first, ...second]);
  }

  /** Takes one packet of 20 ms; returns a page when one is complete. */
  push(packet: Uint8Array): Uint8Array | undefined {
    const lacing = laces(packet.length);
    const full = this.#lacing.length + lacing.length > maxSegments || this.#packets.length >= packetsPerPage;
    const page = full ? this.#flush(0) : undefined;
    this.#lacing.push(...lacing);
    this.#packets.push(packet);
    this.#granule += packetSamples;
    return page;
  }

  /** The last page. @param trim samples at the end of the last packet that are not to be played */
  end(trim = 0): Uint8Array {
    this.#granule -= trim;
    return this.#flush(0x04);
  }

  #flush(flags: number): Uint8Array {
    const page = this.#page(this.#lacing, this.#packets, this.#granule, flags);
    this.#lacing = [];
    this.#packets = [];
    return page;
  }

  #page(lacing: readonly number[], packets: readonly Uint8Array[], granule: number, flags: number): Uint8Array {
    const head = new Uint8Array(headerBytes + lacing.length);
    const view = new DataView(head.buffer);
    head.set(ascii.encode("OggS"));
    head[5] = flags;
    view.setBigInt64(6, BigInt(granule), true);
    view.setUint32(14, this.#options.serial ?? 1, true);
    view.setUint32(18, this.#sequence++, true);
    head[26] = lacing.length;
    head.set(lacing, headerBytes);
    const bytes = join([head, ...packets]);
    new DataView(bytes.buffer).setUint32(22, crc(bytes), true);
    return bytes;
  }
}

/** What an Ogg Opus file holds. */
export interface OpusRecording {
  readonly channels: number;
  /** Samples to drop at the start, 48 kHz. */
  readonly preSkip: number;
  /** Samples to play after the pre-skip. */
  readonly samples: number;
  readonly comments: readonly string[];
  readonly packets: readonly Uint8Array[];
}

/** Reads a whole Ogg Opus file; one that is damaged, or holds something else, is a 400 `bad-ogg` problem. */
export function readOggOpus(bytes: Uint8Array): OpusRecording {
  const { packets, granule } = readPackets(bytes);
  const [head, tags, ...audio] = packets;
  if (!head || head.length < 19 || utf8.decode(head.subarray(0, 8)) !== "OpusHead") throw badOgg("no OpusHead");
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const channels = head[9] ?? 0;
  if ((head[8] ?? 255) > 15 || channels < 1 || channels > 2 || head[18] !== 0) {
    throw badOgg(`OpusHead of version ${head[8]}, ${channels} channels, mapping family ${head[18]}`);
  }
  const preSkip = view.getUint16(10, true);
  return {
    channels,
    preSkip,
    samples: Math.max(0, granule - preSkip),
    comments: readComments(tags),
    packets: audio,
  };
}

function readPackets(bytes: Uint8Array): { packets: Uint8Array[]; granule: number } {
  const packets: Uint8Array[] = [];
  let partial: Uint8Array[] = [];
  let granule = 0;
  let serial: number | undefined;
  let sequence = 0;
  for (let at = 0; at < bytes.length;) {
    const segments = bytes[at + 26] ?? 0;
    let data = at + headerBytes + segments;
    const lacing = bytes.subarray(at + headerBytes, data);
    const end = data + lacing.reduce((sum, lace) => sum + lace, 0);
    if (end > bytes.length || data > bytes.length) throw badOgg(`the page at byte ${at} is cut off`);
    // A copy even of a Buffer, whose own slice is none.
    const page = new Uint8Array(bytes.subarray(at, end));
    const view = new DataView(page.buffer);
    if (utf8.decode(page.subarray(0, 4)) !== "OggS" || page[4] !== 0) throw badOgg(`no page begins at byte ${at}`);
    const expected = view.getUint32(22, true);
    view.setUint32(22, 0, true);
    if (crc(page) !== expected) throw badOgg(`the checksum of the page at byte ${at} is wrong`);
    serial ??= view.getUint32(14, true);
    if (view.getUint32(14, true) !== serial) throw badOgg("there is more than one stream in the file");
    if (view.getUint32(18, true) !== sequence++) throw badOgg(`page ${sequence - 1} is missing`);
    if (((page[5] ?? 0) & 1) !== (partial.length > 0 ? 1 : 0)) throw badOgg(`a packet before byte ${at} has no end`);
    for (const lace of lacing) {
      partial.push(bytes.subarray(data, data + lace));
      data += lace;
      if (lace < 255) {
        packets.push(partial.length === 1 && partial[0] ? partial[0] : join(partial));
        partial = [];
        if (packets.length > maxRecordingPackets) throw badOgg(`there are more than ${maxRecordingPackets} packets`);
      }
    }
    const position = Number(view.getBigInt64(6, true));
    if (position >= 0) granule = position;
    at = end;
  }
  if (partial.length > 0) throw badOgg("the last packet has no end");
  return { packets, granule };
}

function readComments(tags: Uint8Array | undefined): string[] {
  if (!tags || utf8.decode(tags.subarray(0, 8)) !== "OpusTags") throw badOgg("no OpusTags");
  const view = new DataView(tags.buffer, tags.byteOffset, tags.length);
  let at = 8;
  const number = (): number => {
    if (at + 4 > tags.length) throw badOgg("OpusTags is cut off");
    at += 4;
    return view.getUint32(at - 4, true);
  };
  const string = (): string => {
    const size = number();
    if (at + size > tags.length) throw badOgg("OpusTags is cut off");
    at += size;
    return utf8.decode(tags.subarray(at - size, at));
  };
  string();
  const comments: string[] = [];
  for (let left = number(); left > 0; left--) comments.push(string());
  return comments;
}

const badOgg = (what: string): Problem =>
  new Problem({
    status: 400,
    code: "bad-ogg",
    title: "The file is not Ogg Opus",
    detail: `The file cannot be read as Ogg Opus: ${what}.`,
    action: "Give a file with one Opus stream, as opusenc or ffmpeg -c:a libopus makes it.",
  });

/** The lacing values of a packet: 255 for each full piece, and a last one below 255 (RFC 3533 section 5). */
function laces(size: number): number[] {
  const values = Array.from<number>({ length: Math.floor(size / 255) }).fill(255);
  values.push(size % 255);
  return values;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function count(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

const counted = (letters: string): Uint8Array => {
  const bytes = ascii.encode(letters);
  return join([count(bytes.length), bytes]);
};
