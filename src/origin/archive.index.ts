import type { RenditionName } from "../wire/rendition.ts";
import { renditionNames } from "../wire/rendition.ts";
import type { SegmentNumber } from "../wire/timeline.ts";
import { renditionNumber, renditionOfNumber } from "./archive.record.ts";

/**
 * Where each segment begins in the archive's file: eight bytes per segment and rendition, so a day is 2 MB. Beside the
 * log it is kept as a file of fixed entries, so that opening an archive of any length reads only its tail again; the
 * log alone is the truth, and an index that does not fit it is made anew.
 */
export const indexEntryBytes = 16;

/** One entry: a segment of a rendition begins at `offset`. */
export interface IndexEntry {
  readonly rendition: RenditionName;
  readonly n: SegmentNumber;
  readonly offset: number;
}

export function encodeEntry(entry: IndexEntry): Buffer {
  const bytes = Buffer.alloc(indexEntryBytes);
  bytes.writeUInt32BE(entry.n, 0);
  bytes.writeUInt8(renditionNumber(entry.rendition), 4);
  bytes.writeBigUInt64BE(BigInt(entry.offset), 8);
  return bytes;
}

/** Reads the whole entries at the start of an index file, as far as their offsets rise and lie before `end`. */
export function decodeEntries(bytes: Buffer, end: number): IndexEntry[] {
  const entries: IndexEntry[] = [];
  let least = 0;
  for (let at = 0; at + indexEntryBytes <= bytes.length; at += indexEntryBytes) {
    const rendition = renditionOfNumber(bytes.readUInt8(at + 4));
    const offset = Number(bytes.readBigUInt64BE(at + 8));
    if (rendition === undefined || offset < least || offset >= end) break;
    entries.push({ rendition, n: bytes.readUInt32BE(at), offset });
    least = offset + 1;
  }
  return entries;
}

/** Offsets of one rendition's segments; NaN where the archive has nothing of a segment. */
class Column {
  #offsets = new Float64Array(256).fill(Number.NaN);
  #from: SegmentNumber | undefined;
  last: SegmentNumber | undefined;

  get from(): SegmentNumber | undefined {
    return this.#from;
  }

  /** @returns false when the segment is not after all others: then it is no begin. */
  add(n: SegmentNumber, offset: number): boolean {
    if (this.last !== undefined && n <= this.last) return false;
    this.#from ??= n;
    const at = n - this.#from;
    if (at >= this.#offsets.length) {
      const larger = new Float64Array(Math.max(at + 1, this.#offsets.length * 2)).fill(Number.NaN);
      larger.set(this.#offsets);
      this.#offsets = larger;
    }
    this.#offsets[at] = offset;
    this.last = n;
    return true;
  }

  offset(n: SegmentNumber): number | undefined {
    if (this.#from === undefined || n < this.#from) return undefined;
    const offset = this.#offsets[n - this.#from];
    return offset === undefined || Number.isNaN(offset) ? undefined : offset;
  }

  /** Where the next segment after `n` that exists begins. */
  after(n: SegmentNumber): number | undefined {
    if (this.#from === undefined || this.last === undefined) return undefined;
    for (let next = Math.max(n + 1, this.#from); next <= this.last; next++) {
      const offset = this.offset(next);
      if (offset !== undefined) return offset;
    }
    return undefined;
  }
}

export class ArchiveIndex {
  readonly #columns = new Map(renditionNames.map((name) => [name, new Column()]));

  /** Notes that a segment begins at `offset`; false when the rendition has this or a later segment already. */
  add(rendition: RenditionName, n: SegmentNumber, offset: number): boolean {
    return this.#columns.get(rendition)?.add(n, offset) ?? false;
  }

  offset(rendition: RenditionName, n: SegmentNumber): number | undefined {
    return this.#columns.get(rendition)?.offset(n);
  }

  /** The bytes in which a segment's records lie; `to` is `undefined` when it may go on to the end. */
  span(rendition: RenditionName, n: SegmentNumber): { from: number; to: number | undefined } | undefined {
    const column = this.#columns.get(rendition);
    const from = column?.offset(n);
    return from === undefined ? undefined : { from, to: column?.after(n) };
  }

  first(): SegmentNumber | undefined {
    const all = [...this.#columns.values()].flatMap((column) => column.from ?? []);
    return all.length ? Math.min(...all) : undefined;
  }

  last(rendition: RenditionName): SegmentNumber | undefined {
    return this.#columns.get(rendition)?.last;
  }
}
