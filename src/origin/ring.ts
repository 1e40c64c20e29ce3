import { createHash } from "node:crypto";
import { formatDigest } from "../wire/edges.ts";
import { type RenditionName, renditionNames } from "../wire/rendition.ts";
import {
  chunksPerSegment,
  type PartNumber,
  partOfSlot,
  type SegmentNumber,
  segmentOfSlot,
  slotOf,
} from "../wire/timeline.ts";

/**
 * How many segments stay in memory: a minute. A live playlist asks for 2 · 12 + 1 of them (`livePlaylistSegments`); the
 * rest is for players that come back after an outage.
 */
export const ringSegments = 64;
export const ringSlots = ringSegments * chunksPerSegment;

/** A chunk as listeners get it. */
export interface PublishedChunk {
  readonly bytes: Uint8Array;
  readonly programme: boolean;
  /** True once it is in the archive. */
  readonly stored: boolean;
}

/** The published chunks of the last minute, by rendition and slot. What is published never changes. */
export class Ring {
  readonly #lanes: ReadonlyMap<RenditionName, Lane>;

  /** @param from the first slot that will be published */
  constructor(from: number) {
    this.#lanes = new Map(renditionNames.map((name) => [name, new Lane(from)]));
  }

  /** Slots come in order, one after the other; after a hole it starts again from there. */
  publish(rendition: RenditionName, slot: number, chunk: PublishedChunk): void {
    this.#lane(rendition).push(slot, chunk);
  }

  /** The slot that is published next. */
  next(rendition: RenditionName): number {
    return this.#lane(rendition).next;
  }

  chunk(rendition: RenditionName, slot: number): PublishedChunk | undefined {
    return this.#lane(rendition).at(slot);
  }

  /** The chunks of a segment as far as they are published; `undefined` when its first one is not in memory. */
  parts(rendition: RenditionName, n: SegmentNumber): PublishedChunk[] | undefined {
    const parts: PublishedChunk[] = [];
    for (const part of [0, 1, 2] as const satisfies PartNumber[]) {
      const chunk = this.chunk(rendition, slotOf(n, part));
      if (!chunk) break;
      parts.push(chunk);
    }
    return parts.length ? parts : undefined;
  }

  /** The `Repr-Digest` of a segment that is whole in memory: made when it is first asked for, and kept beside its chunks. */
  digest(rendition: RenditionName, n: SegmentNumber): string | undefined {
    const parts = this.parts(rendition, n);
    return parts?.length === chunksPerSegment ? this.#lane(rendition).digest(n, parts) : undefined;
  }

  /** The latest segment that is complete in this rendition, or in all of them. */
  latest(rendition?: RenditionName): SegmentNumber | undefined {
    const lanes = rendition ? [this.#lane(rendition)] : [...this.#lanes.values()];
    const next = Math.min(...lanes.map((lane) => lane.next));
    const from = Math.max(...lanes.map((lane) => lane.from));
    const latest = segmentOfSlot(next) - 1;
    return slotOf(latest, 0) >= from ? latest : undefined;
  }

  /** The oldest segment that is complete in every rendition. */
  first(): SegmentNumber | undefined {
    const latest = this.latest();
    if (latest === undefined) return undefined;
    const from = Math.max(...[...this.#lanes.values()].map((lane) => lane.from));
    return segmentOfSlot(from + chunksPerSegment - 1);
  }

  #lane(rendition: RenditionName): Lane {
    const lane = this.#lanes.get(rendition);
    if (!lane) throw new Error(`no rendition ${rendition}`);
    return lane;
  }
}

/** One rendition's chunks, kept by whole segments. */
class Lane {
  /** The oldest slot in memory. */
  from: number;
  next: number;
  readonly #chunks = new Map<number, PublishedChunk>();
  /** By segment. */
  readonly #digests = new Map<SegmentNumber, string>();

  constructor(from: number) {
    this.from = from;
    this.next = from;
  }

  push(slot: number, chunk: PublishedChunk): void {
    if (slot < this.next) throw new Error(`slot ${slot} is published already; the next is ${this.next}`);
    if (slot > this.next) {
      this.#chunks.clear();
      this.#digests.clear();
      this.from = slot;
    }
    this.#chunks.set(slot, chunk);
    this.next = slot + 1;
    // A segment leaves whole, so that its URL works or does not.
    while (this.next - this.from > ringSlots) {
      do this.#chunks.delete(this.from++);
      while (partOfSlot(this.from) !== 0);
      this.#digests.delete(segmentOfSlot(this.from) - 1);
    }
  }

  digest(n: SegmentNumber, parts: readonly PublishedChunk[]): string {
    const known = this.#digests.get(n);
    if (known !== undefined) return known;
    const hash = createHash("sha256");
    for (const { bytes } of parts) hash.update(bytes);
    const digest = formatDigest(hash.digest());
    this.#digests.set(n, digest);
    return digest;
  }

  at(slot: number): PublishedChunk | undefined {
    return this.#chunks.get(slot);
  }
}
