/** The most bytes one chunk may have; a real one has 1 to 4 KB. */
export const maxChunkBytes = 1024 * 1024;

const mdat = 0x6d646174;
const none = Buffer.alloc(0);

/**
 * Cuts the bytes of a media segment into its chunks as they arrive: each ends with an `mdat`, and whatever boxes stand
 * before that (`styp`, `emsg`, `moof`) belong to it. Only the headers of top-level boxes are read (ISO/IEC 14496-12,
 * 4.2: 32-bit size and type, 64-bit size when that is 1).
 */
export class BoxSplitter {
  #held: Buffer = none;
  /** Where the next box begins in `#held`. */
  #next = 0;

  /** Bytes that belong to a chunk which is not whole yet. */
  get rest(): number {
    return this.#held.length;
  }

  /** Takes what arrived and gives the chunks that are whole now, each in memory of its own. Throws on what is no box. */
  push(data: Uint8Array): Buffer[] {
    this.#held = this.#held.length === 0 ? Buffer.from(data) : Buffer.concat([this.#held, data]);
    const chunks: Buffer[] = [];
    for (;;) {
      const box = this.#box();
      if (!box || this.#held.length < this.#next + box.size) break;
      this.#next += box.size;
      if (box.type !== mdat) continue;
      chunks.push(Buffer.from(this.#held.subarray(0, this.#next)));
      this.#held = this.#held.subarray(this.#next);
      this.#next = 0;
    }
    if (this.#held.length > maxChunkBytes) throw new Error(`a chunk has more than ${maxChunkBytes} bytes`);
    return chunks;
  }

  /** The header of the box at `#next`; `undefined` while it is not whole. */
  #box(): { size: number; type: number } | undefined {
    const at = this.#next;
    if (this.#held.length < at + 8) return undefined;
    const short = this.#held.readUInt32BE(at);
    const type = this.#held.readUInt32BE(at + 4);
    if (short !== 1) return { size: whole(short, 8), type };
    if (this.#held.length < at + 16) return undefined;
    return { size: whole(Number(this.#held.readBigUInt64BE(at + 8)), 16), type };
  }
}

/** A box that goes on to the end (size 0) cannot be cut, and one smaller than its header is none. */
function whole(size: number, least: number): number {
  if (size < least || size > maxChunkBytes) throw new Error(`a box of ${size} bytes is no part of a chunk`);
  return size;
}
