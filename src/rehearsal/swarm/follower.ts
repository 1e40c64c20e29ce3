import { maxChunkBytes } from "../../cmaf/parse.ts";
import { chunksPerSegment, type SegmentNumber, segmentOfSlot } from "../../wire/timeline.ts";
import { damaged, endOfInit, findChunk, slotOfChunk, unknown } from "./chunk-place.ts";
import { keyOf, type PublishedSegment, type Variant } from "./published.ts";
import type { Tally } from "./tally.ts";

/** Chunks that may be missing between two, half an hour; what says that it is still later is damage. */
const maxJump = 2000 * chunksPerSegment;

/** What a follower knows of the sound besides what it reads, and whom it tells. */
export interface Sound {
  readonly tally: Tally;
  /** A segment to compare with; one so old that it is forgotten is a new one that is never known. */
  segment(n: SegmentNumber): PublishedSegment;
  /** Whether these are the bytes of the init segment, as far as that is known. */
  isInit(bytes: Buffer, from: number, to: number): boolean;
}

/** Who is told how far a follower has come. */
export interface Followed {
  /** A chunk is whole. */
  heard(): void;
  /** The last byte of segment `n` has come, which it did not have before. */
  finished(n: SegmentNumber): void;
  /** After a new connection `count` segments from `from` on are missing; true: they are fetched, and not a gap. */
  missing(from: SegmentNumber, count: number): boolean;
}

/**
 * Follows what one listener gets, byte by byte: `ftyp` and `moov`, then chunk after chunk. Each is compared in place with the variants of the
 * chunk whose turn it is (`published.ts`), so that a listener keeps nothing but where it stands. What fits none is looked at: a later
 * chunk is a gap, an earlier one disorder, and all else damage. Each segment is counted once: as right or wrong, unchecked or a gap.
 */
export class Follower {
  readonly #sound: Sound;
  readonly #followed: Followed;
  /** The chunk whose turn it is, what is followed of it, and how far; −1: it is not known yet, and the init segment comes first. */
  #slot = -1;
  #variant: Variant | undefined;
  #offset = 0;
  /** The segment of that chunk. */
  #segment: PublishedSegment | undefined;
  /** Which chunks of it have come, as bits, and the variants they were. */
  #parts = 0;
  #key = 0;
  /** The latest segment that is counted. */
  #counted = -1;
  /** Below this slot it has everything already. */
  #has = 0;
  /** The latest segment that was counted as having come again. */
  #repeated = -1;
  /** A new connection may begin with what it has. */
  #mayRepeat = false;
  /** The init segment comes first. */
  #readsInit = true;
  /** Looks for where a chunk begins: what is there is none. */
  #searches = false;
  /** The chunk before was wrong. */
  #wasWrong = false;
  /** Bytes that are too few to tell what they are; at most a chunk's. */
  #held: Buffer | undefined;

  constructor(sound: Sound, followed: Followed) {
    this.#sound = sound;
    this.#followed = followed;
  }

  /** The segment that it needs next; undefined when it has none yet. */
  get needs(): SegmentNumber | undefined {
    return this.#slot < 0 ? undefined : segmentOfSlot(Math.max(this.#slot, this.#has));
  }

  /** What follows comes by another connection, or is another answer: it begins with a segment, after the init segment if `withInit`. */
  reconnect(withInit: boolean): void {
    const needs = this.needs;
    this.#variant = undefined;
    this.#held = undefined;
    this.#offset = 0;
    this.#searches = false;
    this.#mayRepeat = needs !== undefined;
    if (needs !== undefined) this.#toSlot(needs * chunksPerSegment);
    this.#readsInit = withInit;
  }

  /** What comes next is segment `n` alone. */
  expect(n: SegmentNumber): void {
    this.#readsInit = false;
    if (this.#slot < 0) this.#toSlot(n * chunksPerSegment);
  }

  /** Segment `n` has come, and nothing more does: what lacks of it is wrong. */
  end(n: SegmentNumber): void {
    if (this.#variant === undefined && this.#held === undefined && this.#slot >= (n + 1) * chunksPerSegment) return;
    if (n > this.#counted) this.#sound.tally.wrong++;
    this.#counted = Math.max(this.#counted, n);
    this.#has = Math.max(this.#has, (n + 1) * chunksPerSegment);
    this.reconnect(false);
  }

  take(bytes: Buffer, from: number, to: number): void {
    if (this.#held === undefined) return this.#read(bytes, from, to);
    const all = Buffer.concat([this.#held, bytes.subarray(from, to)]);
    this.#held = undefined;
    this.#read(all, 0, all.length);
  }

  #read(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      const variant = this.#variant;
      if (variant === undefined) {
        at = this.#begin(bytes, at, to);
        if (at < 0) return;
        continue;
      }
      if (variant.total > 0 && this.#offset > variant.total) return this.#overran(variant, bytes, at, to);
      const known = Math.min(variant.length - this.#offset, to - at);
      if (known > 0 && bytes.compare(variant.bytes, this.#offset, this.#offset + known, at, at + known) !== 0)
        return this.#stray(variant, bytes, at, to);
      this.#offset += known;
      at += known;
      if (at < to && (variant.total === 0 || this.#offset < variant.total)) {
        const learned = this.#learn(variant, bytes, at, to);
        if (learned < 0) return this.#stray(variant, bytes, at, to, true);
        at += learned;
      }
      if (variant.total > 0 && this.#offset >= variant.total) this.#finish(variant);
    }
  }

  #learn(variant: Variant, bytes: Buffer, at: number, to: number): number {
    const learned = variant.learn(bytes, at, to);
    if (learned > 0) this.#offset += learned;
    return learned;
  }

  /** At a chunk's beginning, or the init segment's: tells where to read on, or −1 when there is nothing to read any more. */
  #begin(bytes: Buffer, from: number, to: number): number {
    if (this.#readsInit) return this.#passInit(bytes, from, to);
    if (this.#searches) {
      const found = findChunk(bytes, from, to);
      if (found === unknown) return this.#hold(bytes, Math.max(from, to - 7), to);
      if (found > from) return found;
    } else if (this.#slot >= 0) {
      this.#variant = this.#choose(bytes, from, to);
      if (this.#variant) return from;
    }
    const told = slotOfChunk(bytes, from, to);
    const slot = this.#slot >= 0 && told > Math.max(this.#slot, this.#has) + maxJump ? damaged : told;
    if (slot === unknown) return this.#hold(bytes, from, to);
    if (slot === damaged) {
      this.#variant = this.#passOver();
      return this.#variant ? from : this.#spoil(from);
    }
    this.#searches = false;
    if (slot !== this.#slot) this.#jump(slot);
    this.#variant = this.#choose(bytes, from, to) ?? this.#segmentNow().fork(slot % chunksPerSegment);
    return this.#variant ? from : this.#spoil(from);
  }

  /** Damage within a chunk whose length is known, unless the one before was wrong, too: then it is not known where this one begins. */
  #passOver(): Variant | undefined {
    if (this.#searches || this.#wasWrong || this.#slot < 0 || this.#segmentNow().isAwaited) return undefined;
    return this.#segmentNow().fork(this.#slot % chunksPerSegment);
  }

  #passInit(bytes: Buffer, from: number, to: number): number {
    const end = endOfInit(bytes, from, to);
    if (end === unknown) return this.#hold(bytes, from, to);
    this.#readsInit = false;
    if (end === damaged || !this.#sound.isInit(bytes, from, end)) this.#sound.tally.wrong++;
    if (end !== damaged) return end;
    this.#searches = true;
    return from;
  }

  #hold(bytes: Buffer, from: number, to: number): number {
    if (to - from > maxChunkBytes) return this.#spoil(to);
    this.#held = Buffer.from(bytes.subarray(from, to));
    return -1;
  }

  /** The variant of the chunk whose turn it is that may begin here. */
  #choose(bytes: Buffer, from: number, to: number): Variant | undefined {
    for (const one of this.#segmentNow().variants(this.#slot % chunksPerSegment))
      if (one.length > 0 && one.mayBegin(bytes, from, to)) return one;
    return undefined;
  }

  #segmentNow(): PublishedSegment {
    const n = segmentOfSlot(this.#slot);
    if (this.#segment?.n !== n) this.#segment = this.#sound.segment(n);
    return this.#segment;
  }

  /** Other bytes came than those of the variant that was followed: what was the same and the rest are looked at anew. */
  #stray(variant: Variant, bytes: Buffer, at: number, to: number, isDamaged = false): void {
    const all = Buffer.concat([variant.bytes.subarray(0, this.#offset), bytes.subarray(at, to)]);
    this.#variant = undefined;
    this.#offset = 0;
    this.#read(all, isDamaged ? this.#spoil(0) : 0, all.length);
  }

  /** It has turned out that the chunk ended before: what was taken for its rest is looked at anew. */
  #overran(variant: Variant, bytes: Buffer, at: number, to: number): void {
    const all = Buffer.concat([variant.bytes.subarray(variant.total, this.#offset), bytes.subarray(at, to)]);
    this.#finish(variant);
    this.#read(all, 0, all.length);
  }

  /** Here is no chunk: the segment whose turn it is is wrong, and the next chunk is looked for. */
  #spoil(at: number): number {
    this.#searches = true;
    if (this.#slot >= this.#has) {
      const n = segmentOfSlot(Math.max(0, this.#slot));
      if (n > this.#counted || this.#slot < 0) this.#sound.tally.wrong++;
      if (this.#slot >= 0) this.#counted = Math.max(this.#counted, n);
    }
    return at + 1;
  }

  /** Another chunk came than the one whose turn it was. */
  #jump(slot: number): void {
    const { tally } = this.#sound;
    const expected = Math.max(this.#slot, this.#has);
    if (this.#slot < 0) {
      // A segment of which only the end comes is nothing that it should have had.
      if (slot % chunksPerSegment !== 0) this.#counted = segmentOfSlot(slot);
    } else if (slot < expected) {
      if (!this.#mayRepeat) tally.disorder++;
      this.#repeated = segmentOfSlot(slot);
      this.#has = expected;
    } else if (slot > expected) {
      const first = Math.max(segmentOfSlot(expected), this.#counted + 1);
      const last = segmentOfSlot(slot + chunksPerSegment - 1) - 1;
      const count = last - first + 1;
      if (count > 0) {
        this.#counted = last;
        if (!this.#mayRepeat || !this.#followed.missing(first, count)) tally.gaps += count;
      }
    }
    this.#toSlot(slot);
  }

  #toSlot(slot: number): void {
    if (slot < 0 || segmentOfSlot(slot) !== segmentOfSlot(this.#slot)) this.#parts = this.#key = 0;
    this.#slot = slot;
  }

  #finish(variant: Variant): void {
    const part = this.#slot % chunksPerSegment;
    const isNew = this.#slot >= this.#has;
    const n = segmentOfSlot(this.#slot);
    this.#variant = undefined;
    this.#offset = 0;
    this.#wasWrong = variant.verdict === "wrong";
    if (isNew) {
      this.#mayRepeat = false;
      this.#parts |= 1 << part;
      this.#key |= keyOf(part, variant);
      this.#followed.heard();
    } else if (n !== this.#repeated && !this.#mayRepeat) {
      this.#repeated = n;
      this.#sound.tally.disorder++;
    }
    if (part === chunksPerSegment - 1) {
      if (isNew && n > this.#counted && this.#parts === (1 << chunksPerSegment) - 1) {
        this.#counted = n;
        this.#segmentNow().count(this.#key);
        this.#followed.finished(n);
      }
      this.#parts = this.#key = 0;
    }
    this.#slot++;
  }
}
