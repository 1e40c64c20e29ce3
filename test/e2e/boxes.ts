/** Walks the top-level boxes of a fragmented MP4 stream as its bytes come, as any player would. */
export interface StreamChunk {
  /** The chunk's number since the epoch, from its decode time. */
  readonly slot: number;
  /** `emsg`*, `moof`, `mdat`. */
  readonly bytes: Buffer;
}

export class ChunkReader {
  #rest: Buffer = Buffer.alloc(0);
  #chunk: Buffer[] = [];
  /** `ftyp` and `moov`. */
  init: Buffer = Buffer.alloc(0);

  /** Whether it waits for the rest of a chunk. */
  get isWithin(): boolean {
    return this.#rest.length > 0 || this.#chunk.length > 0;
  }

  push(data: Buffer): StreamChunk[] {
    this.#rest = this.#rest.length ? Buffer.concat([this.#rest, data]) : data;
    const out: StreamChunk[] = [];
    while (this.#rest.length >= 8) {
      const size = this.#rest.readUInt32BE(0);
      const type = this.#rest.toString("latin1", 4, 8);
      if (size < 8 || size > 1 << 20) throw new Error(`a ${type} box of ${size} bytes`);
      if (this.#rest.length < size) break;
      const box = this.#rest.subarray(0, size);
      this.#rest = this.#rest.subarray(size);
      if (type === "ftyp" || type === "moov") this.init = Buffer.concat([this.init, box]);
      else if (type === "emsg" || type === "moof") this.#chunk.push(box);
      else if (type === "mdat") {
        const bytes = Buffer.concat([...this.#chunk, box]);
        this.#chunk = [];
        out.push({ slot: slotOf(bytes), bytes });
      } else throw new Error(`an unexpected ${type} box`);
    }
    return out;
  }
}

/** The slot by the chunk's tfdt (version 1): decode time / 15,360. */
function slotOf(bytes: Buffer): number {
  const at = bytes.indexOf("tfdt", 0, "latin1");
  const time = Number(bytes.readBigUInt64BE(at + 8));
  if (at < 0 || time % 15_360 !== 0) throw new Error(`a decode time of ${time}`);
  return time / 15_360;
}
