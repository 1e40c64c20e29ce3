import type { RenditionName } from "../wire/rendition.ts";
import type { PartNumber, SegmentNumber } from "../wire/timeline.ts";

/** One chunk as it was published: the bytes are exactly those that listeners got, events included. */
export interface ArchivedChunk {
  readonly rendition: RenditionName;
  readonly n: SegmentNumber;
  readonly part: PartNumber;
  /** True when it carries the programme, false when it is hold audio. */
  readonly programme: boolean;
  readonly bytes: Uint8Array;
}

/** The published parts of one segment in one rendition; a part that the archive does not have is `undefined`. */
export type ArchivedSegment = readonly [
  ArchivedChunk | undefined,
  ArchivedChunk | undefined,
  ArchivedChunk | undefined,
];

/** What a walk along the hash chain found. */
export interface Verification {
  readonly records: number;
  /** Bytes of whole records, the header among them. */
  readonly bytes: number;
  /** The chain's last hash, hexadecimal: keep it elsewhere, and nobody can change the recording unseen. */
  readonly head: string;
  /** Where the first record that does not hold begins; `undefined` when all hold to the end of the file. */
  readonly brokenAt: number | undefined;
}

/** An archive keeps what one Space published, in order, and never changes it. One writer at a time. */
export interface Archive {
  /**
   * Writes chunks at the end. When it resolves they outlive this process; only `sync` makes them outlive the machine.
   * Calls must not overlap. Rejects (a system error such as ENOSPC) with nothing of the call kept.
   */
  append(chunks: readonly ArchivedChunk[]): Promise<void>;
  /** Makes all that was appended outlive a loss of power. After a rejection nothing is certain until it is opened anew. */
  sync(): Promise<void>;
  /** The oldest segment of which it has anything; `undefined` when it is empty. */
  first(): SegmentNumber | undefined;
  /** The newest segment of which it has anything in this rendition. */
  last(rendition: RenditionName): SegmentNumber | undefined;
  /** Reads one segment of one rendition. */
  segment(rendition: RenditionName, n: SegmentNumber): Promise<ArchivedSegment>;
  /** Walks the whole chain. */
  verify(): Promise<Verification>;
  /** Bytes it takes. */
  size(): number;
  /** Ends it; twice is safe. What was appended stays. */
  close(): Promise<void>;
}

/** Where the archives of all Spaces live. */
export interface ArchiveShelf {
  /**
   * Opens a Space's archive, an empty one when there is none; recovers what a crash left behind.
   * @param durable whether its name and header are to outlive a loss of power when this resolves. @default true
   */
  open(space: string, epochMs: number, durable?: boolean): Promise<Archive>;
  /** Opens it to read only; `undefined` when there is none. */
  read(space: string): Promise<Archive | undefined>;
  /** Removes it for ever. */
  remove(space: string): Promise<void>;
}
