import type { FileHandle } from "node:fs/promises";
import { decodeHead, hashBytes, recordHash, type RecordHead } from "./archive.record.ts";

/** One record met on a walk. `bytes` is a view that holds only during the visit. */
export interface WalkedRecord {
  readonly head: RecordHead;
  readonly offset: number;
  readonly payload: Buffer;
}

export interface WalkResult {
  /** Where the walk ended: the end of the last record that holds. */
  readonly end: number;
  readonly records: number;
  /** The hash of the last record that holds. */
  readonly hash: Buffer;
}

export const readBlockBytes = 1024 * 1024;

/** Reads up to `length` bytes at `position`; fewer only at the end of the file. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(Math.max(0, length));
  let got = 0;
  while (got < bytes.length) {
    const { bytesRead } = await file.read(bytes, got, bytes.length - got, position + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return bytes.subarray(0, got);
}

/**
 * Walks records from `from` (a record's begin) to `end`, checking each hash against the one before it. It stops at the
 * first record that does not hold, or when `visit` returns false.
 */
export async function walk(
  file: FileHandle,
  from: number,
  end: number,
  visit: (record: WalkedRecord) => boolean | void = () => {},
): Promise<WalkResult> {
  let hash = await readAt(file, from - hashBytes, hashBytes);
  let position = from;
  let records = 0;
  let block = readBlockBytes;
  while (position < end) {
    const bytes = await readAt(file, position, Math.min(block, end - position));
    let at = 0;
    for (;;) {
      const head = decodeHead(bytes, at);
      if (!head || at + head.recordBytes > bytes.length) break;
      const hashAt = at + head.recordBytes - hashBytes;
      const expected = recordHash(hash, bytes.subarray(at, hashAt));
      if (!expected.equals(bytes.subarray(hashAt, hashAt + hashBytes))) return { end: position + at, records, hash };
      const payload = bytes.subarray(hashAt - head.payloadBytes, hashAt);
      if (visit({ head, offset: position + at, payload }) === false) return { end: position + at, records, hash };
      hash = expected;
      at += head.recordBytes;
      records++;
    }
    position += at;
    if (at > 0) block = readBlockBytes;
    // A record longer than the block: read more of it, unless there is no more.
    else if (bytes.length < Math.min(block, end - position) || position + block >= end || block > 4 * readBlockBytes)
      break;
    else block *= 2;
  }
  return { end: position, records, hash };
}
