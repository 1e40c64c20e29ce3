import { fourcc, viewOf } from "../../cmaf/box.ts";
import { layout } from "../../cmaf/chunk.ts";
import { maxChunkBytes } from "../../cmaf/parse.ts";
import { samplesPerChunk } from "../../wire/timeline.ts";

export const boxTypes = { emsg: fourcc("emsg"), moof: fourcc("moof"), mdat: fourcc("mdat") } as const;
const initTypes: ReadonlySet<number> = new Set(["ftyp", "styp"].map(fourcc));
const moov = fourcc("moov");
const mfhd = fourcc("mfhd");
/** What is told in place of a slot or a place: more bytes are needed; what is there cannot be a chunk. */
export const unknown = -1;
export const damaged = -2;
/** Bytes of `moof` up to the end of `tfdt`, at most. */
const moofHead = layout.tfdt.sized + 20;

/**
 * The slot of the chunk that begins at `from`: the sequence number of its `moof`, which its decode time has to agree with
 * (`mediaChunk` in `src/cmaf/chunk.ts`); `unknown` or `damaged` when it cannot be told.
 */
export function slotOfChunk(bytes: Buffer, from: number, to: number): number {
  for (let at = from; ;) {
    if (to < at + 8) return unknown;
    const size = bytes.readUInt32BE(at);
    const type = bytes.readUInt32BE(at + 4);
    if (size < 8 || at - from + size > maxChunkBytes) return damaged;
    if (type === boxTypes.moof) {
      if (to < at + moofHead) return unknown;
      const slot = bytes.readUInt32BE(at + layout.sequence);
      const tfdt = at + (bytes.readUInt32BE(at + layout.tfhd) === 20 ? layout.tfdt.sized : layout.tfdt.listed);
      const time = bytes.readUInt32BE(tfdt + 12) * 2 ** 32 + bytes.readUInt32BE(tfdt + 16);
      return bytes.readUInt32BE(at + 12) === mfhd && time === slot * samplesPerChunk ? slot : damaged;
    }
    if (type !== boxTypes.emsg) return damaged;
    at += size;
  }
}

/** Where an init segment that begins at `from` ends: behind its `moov`. `unknown` before that has come, `damaged` when it is none. */
export function endOfInit(bytes: Buffer, from: number, to: number): number {
  for (let at = from; ;) {
    if (to < at + 8) return unknown;
    const size = bytes.readUInt32BE(at);
    const type = bytes.readUInt32BE(at + 4);
    const isLast = type === moov;
    if (!(isLast || initTypes.has(type)) || size < 8 || at - from + size > maxChunkBytes) return damaged;
    at += size;
    if (isLast) return at <= to ? at : unknown;
  }
}

/** Where the next chunk begins, looking for the letters of its boxes; `unknown` when there is none yet. */
export function findChunk(bytes: Buffer, from: number, to: number): number {
  for (let at = from; at + 8 <= to; at++) {
    // All letters of both types are lower case, and no size of a chunk's begins so.
    const type = bytes.readUInt32BE(at + 4);
    if ((type === boxTypes.moof || type === boxTypes.emsg) && slotOfChunk(bytes, at, to) !== damaged) return at;
  }
  return unknown;
}

/** What the `moof` from `at` to `end` says that its packets have together; −1 when it does not. */
function packetBytes(view: DataView, at: number, end: number): number {
  const isSized = view.getUint32(at + layout.tfhd) === 20;
  const trun = at + (isSized ? layout.tfdt.sized : layout.tfdt.listed) + 20;
  if (end < trun + 20) return -1;
  const count = view.getUint32(trun + 12);
  if (isSized) return count * view.getUint32(at + layout.tfhd + 16);
  if (end !== trun + 20 + 4 * count) return -1;
  let sum = 0;
  for (let size = trun + 20; size < end; size += 4) sum += view.getUint32(size);
  return sum;
}

/** Reads the boxes of a chunk as they come: what `grow` has seen is not looked at again. */
export class ChunkWalk {
  readonly #slot: number;
  /** Where the next box begins. */
  #at = 0;
  #moofAt = -1;
  /** All bytes of the chunk; 0 until it is known. */
  total = 0;

  constructor(slot: number) {
    this.#slot = slot;
  }

  /** Goes on to `length` bytes; false when they cannot be that slot's chunk. */
  grow(bytes: Buffer, length: number): boolean {
    const view = viewOf(bytes);
    while (this.total === 0 && length >= this.#at + 8) {
      const size = view.getUint32(this.#at);
      const type = view.getUint32(this.#at + 4);
      const end = this.#at + size;
      if (size < 8 || end > maxChunkBytes) return false;
      if (type === boxTypes.mdat && this.#moofAt >= 0) {
        this.total = end;
        return size === 8 + packetBytes(view, this.#moofAt, this.#at);
      }
      if (type === boxTypes.moof && this.#moofAt < 0) {
        if (length < this.#at + moofHead) return true;
        if (slotOfChunk(bytes, this.#at, length) !== this.#slot) return false;
        this.#moofAt = this.#at;
      } else if (type !== boxTypes.emsg || this.#moofAt >= 0) return false;
      this.#at = end;
    }
    return true;
  }
}
