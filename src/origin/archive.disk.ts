import { constants } from "node:fs";
import { copyFile, type FileHandle, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { errno } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import type { RenditionName } from "../wire/rendition.ts";
import type { SegmentNumber } from "../wire/timeline.ts";
import type { Archive, ArchivedChunk, ArchivedSegment, ArchiveShelf, Verification } from "./archive.ts";
import { ArchiveIndex, decodeEntries, encodeEntry, type IndexEntry, indexEntryBytes } from "./archive.index.ts";
import { decodeHeader, encodeHeader, encodeRecord, hashBytes, headerBytes } from "./archive.record.ts";
import { readAt, walk } from "./archive.walk.ts";

/** Index entries of about four segments: recovery reads the log again from there on. */
const recheckedEntries = 12;
/** More than this is no torn tail but damage: before it is cut off, the file is copied aside. */
const largestTornTail = 4 * 1024 * 1024;

/** Archives as files of one folder: `<space>.log` is the truth, `<space>.index` tells where segments begin. */
export async function diskShelf(folder: string, log: Log): Promise<ArchiveShelf> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = (space: string): string => join(folder, `${space}.log`);
  return {
    open: async (space, epochMs, durable = true) => {
      const archive = await DiskArchive.open(path(space), space, epochMs, log);
      if (durable) {
        await archive.sync();
        await syncFolder(folder);
      }
      return archive;
    },
    read: async (space) => {
      try {
        return await DiskArchive.read(path(space), log);
      } catch (failure) {
        if (errno(failure) === "ENOENT") return undefined;
        throw failure;
      }
    },
    remove: async (space) => {
      await rm(path(space), { force: true });
      await rm(indexPath(path(space)), { force: true });
    },
  };
}

const indexPath = (path: string): string => path.replace(/\.log$/, ".index");

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

class DiskArchive implements Archive {
  readonly #file: FileHandle;
  readonly #indexFile: FileHandle | undefined;
  #index = new ArchiveIndex();
  #end: number;
  #hash: Buffer;
  #indexEnd = 0;
  #closing: Promise<void> | undefined;

  private constructor(file: FileHandle, indexFile: FileHandle | undefined, end: number, hash: Buffer) {
    this.#file = file;
    this.#indexFile = indexFile;
    this.#end = end;
    this.#hash = hash;
  }

  /** Opens for writing: a torn tail is cut off, so that the next record follows a whole one. */
  static async open(path: string, space: string, epochMs: number, log: Log): Promise<DiskArchive> {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      const { size } = await file.stat();
      if (size < headerBytes) {
        await file.truncate(0);
        await writeAt(file, encodeHeader(space, epochMs), 0);
      }
      const header = decodeHeader(await readAt(file, 0, headerBytes));
      if (header?.space !== space || header.epochMs !== epochMs) {
        throw new Error(`${path} is not the archive of ${space} with epoch ${epochMs}`);
      }
      const indexFile = await open(indexPath(path), constants.O_RDWR | constants.O_CREAT, 0o600);
      const archive = new DiskArchive(file, indexFile, headerBytes, Buffer.alloc(hashBytes));
      const before = Math.max(size, headerBytes);
      await archive.#recover(await readFile(indexPath(path)), before);
      if (archive.#end < before) {
        log.warn("archive-tail-cut", { space, from: archive.#end, bytes: before - archive.#end });
        if (before - archive.#end > largestTornTail) await copyFile(path, `${path}.damaged-at-${archive.#end}`);
        await file.truncate(archive.#end);
      }
      return archive;
    } catch (failure) {
      await file.close();
      throw failure;
    }
  }

  /** Opens for reading: nothing is changed, and what is torn is not seen. */
  static async read(path: string, log: Log): Promise<DiskArchive> {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (!decodeHeader(await readAt(file, 0, headerBytes))) throw new Error(`${path} is not an archive`);
      const archive = new DiskArchive(file, undefined, headerBytes, Buffer.alloc(hashBytes));
      const index = await readFile(indexPath(path)).catch(() => Buffer.alloc(0));
      await archive.#recover(index, size);
      if (archive.#end < size)
        log.warn("archive-tail-unread", { path, from: archive.#end, bytes: size - archive.#end });
      return archive;
    } catch (failure) {
      await file.close();
      throw failure;
    }
  }

  /** Takes over the index as far as it goes, and walks the log from shortly before its end. */
  async #recover(index: Buffer, size: number): Promise<void> {
    const entries = decodeEntries(index, size);
    const trusted = Math.max(0, entries.length - recheckedEntries);
    const start = entries[trusted]?.offset ?? headerBytes;
    // Where the index leads to a place at which no record holds, the log alone decides.
    if (trusted === 0 || !(await this.#build(entries.slice(0, trusted), start, size))) {
      await this.#build([], headerBytes, size);
    }
  }

  /** Builds the index from what is known of it and a walk over the rest; false when the walk finds nothing. */
  async #build(known: readonly IndexEntry[], from: number, size: number): Promise<boolean> {
    this.#index = new ArchiveIndex();
    for (const entry of known) this.#index.add(entry.rendition, entry.n, entry.offset);
    const found: IndexEntry[] = [];
    const result = await walk(this.#file, from, size, ({ head, offset }) => {
      if (this.#index.add(head.rendition, head.n, offset)) found.push({ rendition: head.rendition, n: head.n, offset });
    });
    if (result.records === 0 && known.length > 0) return false;
    this.#end = result.end;
    this.#hash = result.hash;
    this.#indexEnd = known.length * indexEntryBytes;
    await this.#indexFile?.truncate(this.#indexEnd);
    await this.#writeIndex(found);
    return true;
  }

  async append(chunks: readonly ArchivedChunk[]): Promise<void> {
    let hash = this.#hash;
    let offset = this.#end;
    const records: Buffer[] = [];
    const begins: IndexEntry[] = [];
    for (const chunk of chunks) {
      const record = encodeRecord(chunk, hash);
      begins.push({ rendition: chunk.rendition, n: chunk.n, offset });
      records.push(record.bytes);
      hash = record.hash;
      offset += record.bytes.length;
    }
    try {
      await writeAt(this.#file, Buffer.concat(records), this.#end);
    } catch (failure) {
      // What was half written is cut off; should that fail too, the next append writes over it.
      await this.#file.truncate(this.#end).catch(() => {});
      throw failure;
    }
    this.#end = offset;
    this.#hash = hash;
    await this.#writeIndex(begins.filter((begin) => this.#index.add(begin.rendition, begin.n, begin.offset)));
  }

  /** The index is a convenience: a write that fails costs a longer walk at the next opening, and nothing else. */
  async #writeIndex(entries: readonly IndexEntry[]): Promise<void> {
    if (entries.length === 0 || !this.#indexFile) return;
    const bytes = Buffer.concat(entries.map(encodeEntry));
    const at = this.#indexEnd;
    this.#indexEnd += bytes.length;
    await writeAt(this.#indexFile, bytes, at).catch(() => {});
  }

  async sync(): Promise<void> {
    await this.#file.datasync();
  }

  first(): SegmentNumber | undefined {
    return this.#index.first();
  }

  last(rendition: RenditionName): SegmentNumber | undefined {
    return this.#index.last(rendition);
  }

  async segment(rendition: RenditionName, n: SegmentNumber): Promise<ArchivedSegment> {
    const parts: [ArchivedChunk | undefined, ArchivedChunk | undefined, ArchivedChunk | undefined] = [
      undefined,
      undefined,
      undefined,
    ];
    const span = this.#index.span(rendition, n);
    if (!span) return parts;
    let left = 3;
    await walk(this.#file, span.from, span.to ?? this.#end, ({ head, payload }) => {
      if (head.rendition !== rendition || head.n !== n) return true;
      const { part, programme } = head;
      parts[part] = { rendition, n, part, programme, bytes: Buffer.from(payload) };
      return --left > 0;
    });
    return parts;
  }

  async verify(): Promise<Verification> {
    const { size } = await this.#file.stat();
    const header = decodeHeader(await readAt(this.#file, 0, headerBytes));
    if (!header) return { records: 0, bytes: 0, head: "", brokenAt: 0 };
    const { records, end, hash } = await walk(this.#file, headerBytes, size);
    return { records, bytes: end, head: hash.toString("hex"), brokenAt: end < size ? end : undefined };
  }

  size(): number {
    return this.#end;
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      await this.#indexFile?.close();
      await this.#file.close();
    })();
    return this.#closing;
  }
}

async function writeAt(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
