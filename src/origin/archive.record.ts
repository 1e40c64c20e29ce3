import { createHash } from "node:crypto";
import { type RenditionName, renditionNames } from "../wire/rendition.ts";
import type { PartNumber } from "../wire/timeline.ts";
import type { ArchivedChunk } from "./archive.ts";

/** The archive's file format, byte by byte in `docs/protocol-archive.md`. All numbers are big-endian. */
export const headerBytes = 128;
export const recordHeadBytes = 16;
export const hashBytes = 32;
/** The largest payload a reader accepts: a chunk of 128 KiB with all the events that fit in front of it. */
export const maxPayloadBytes = 2 * 1024 * 1024;

const magic = Buffer.from("ROSTRA-1", "latin1");
const marker = 0x52454331; // "REC1"
const chunkKind = 1;
const programmeFlag = 0b1;

/** The rendition's number in a record. Numbers are for ever: a new rendition gets a new one. */
const renditionNumbers: Readonly<Record<RenditionName, number>> = { "opus-32k": 0, "opus-16k": 1, "aac-64k": 2 };
const byNumber = new Map(renditionNames.map((name) => [renditionNumbers[name], name]));

export const renditionNumber = (name: RenditionName): number => renditionNumbers[name];
export const renditionOfNumber = (number: number): RenditionName | undefined => byNumber.get(number);

const headerTextBytes = headerBytes - hashBytes;

/** The file's header: whose timeline it is, and the SHA-256 of that, which is the chain's first link. */
export function encodeHeader(space: string, epochMs: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeBigUInt64BE(BigInt(epochMs), 8);
  header.writeUInt8(Buffer.byteLength(space), 16);
  header.write(space, 17, "latin1");
  createHash("sha256").update(header.subarray(0, headerTextBytes)).digest().copy(header, headerTextBytes);
  return header;
}

/** Reads a header; `undefined` when it is none. */
export function decodeHeader(header: Uint8Array): { space: string; epochMs: number } | undefined {
  if (header.length < headerBytes) return undefined;
  const bytes = Buffer.from(header.buffer, header.byteOffset, headerBytes);
  if (!bytes.subarray(0, 8).equals(magic)) return undefined;
  const length = bytes.readUInt8(16);
  if (17 + length > headerTextBytes) return undefined;
  const hash = createHash("sha256").update(bytes.subarray(0, headerTextBytes)).digest();
  if (!hash.equals(bytes.subarray(headerTextBytes))) return undefined;
  return { epochMs: Number(bytes.readBigUInt64BE(8)), space: bytes.toString("latin1", 17, 17 + length) };
}

/** SHA-256 over the previous record's hash and this record without its own. */
export const recordHash = (previous: Uint8Array, record: Uint8Array): Buffer =>
  createHash("sha256").update(previous).update(record).digest();

export interface EncodedRecord {
  readonly bytes: Buffer;
  readonly hash: Buffer;
}

/** One record, chained to the one before. */
export function encodeRecord(chunk: ArchivedChunk, previous: Uint8Array): EncodedRecord {
  const bytes = Buffer.allocUnsafe(recordHeadBytes + chunk.bytes.length + hashBytes);
  bytes.writeUInt32BE(marker, 0);
  bytes.writeUInt32BE(chunk.bytes.length, 4);
  bytes.writeUInt8(chunkKind, 8);
  bytes.writeUInt8(renditionNumbers[chunk.rendition], 9);
  bytes.writeUInt8(chunk.part, 10);
  bytes.writeUInt8(chunk.programme ? programmeFlag : 0, 11);
  bytes.writeUInt32BE(chunk.n, 12);
  bytes.set(chunk.bytes, recordHeadBytes);
  const hash = recordHash(previous, bytes.subarray(0, recordHeadBytes + chunk.bytes.length));
  hash.copy(bytes, recordHeadBytes + chunk.bytes.length);
  return { bytes, hash };
}

/** A record's head, read; its payload follows. */
export interface RecordHead {
  readonly rendition: RenditionName;
  readonly n: number;
  readonly part: PartNumber;
  readonly programme: boolean;
  readonly payloadBytes: number;
  /** Head, payload and hash. */
  readonly recordBytes: number;
}

/** Reads the head that begins at `at`; `undefined` when the bytes there are no record's. */
export function decodeHead(bytes: Buffer, at: number): RecordHead | undefined {
  if (at + recordHeadBytes > bytes.length || bytes.readUInt32BE(at) !== marker) return undefined;
  const payloadBytes = bytes.readUInt32BE(at + 4);
  const rendition = byNumber.get(bytes.readUInt8(at + 9));
  const part = bytes.readUInt8(at + 10);
  if (bytes.readUInt8(at + 8) !== chunkKind || rendition === undefined || payloadBytes > maxPayloadBytes) {
    return undefined;
  }
  if (part !== 0 && part !== 1 && part !== 2) return undefined;
  return {
    rendition,
    part,
    programme: (bytes.readUInt8(at + 11) & programmeFlag) !== 0,
    n: bytes.readUInt32BE(at + 12),
    payloadBytes,
    recordBytes: recordHeadBytes + payloadBytes + hashBytes,
  };
}
