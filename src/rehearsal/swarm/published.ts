import { maxChunkBytes } from "../../cmaf/parse.ts";
import { chunksPerSegment, type SegmentNumber } from "../../wire/timeline.ts";
import { ChunkWalk } from "./chunk-place.ts";
import type { Tally } from "./tally.ts";

/** Different bytes of one chunk that are told apart, one place being that of what was published; what is still another is wrong without being kept. */
export const maxVariants = 8;
const variantBits = 3;
const firstRoom = 4096;

/** One chunk as some listeners got it. They are compared with it as far as it is known; whoever is ahead makes it known. */
export class Variant {
  readonly #walk: ChunkWalk;
  /** Its place among the variants of its chunk. */
  readonly index: number;
  bytes: Buffer;
  /** How much of it is known. */
  length = 0;
  /** All of it; 0 until it is known. */
  total = 0;
  verdict: "open" | "right" | "wrong" = "open";

  constructor(slot: number, index: number, room = firstRoom) {
    this.#walk = new ChunkWalk(slot);
    this.index = index;
    this.bytes = Buffer.allocUnsafeSlow(room);
  }

  /** Takes what a listener has beyond what is known, up to the chunk's end: tells how much, or −1 when that cannot be this chunk. */
  learn(bytes: Buffer, from: number, to: number): number {
    const before = this.length;
    const length = Math.min(before + to - from, this.total || maxChunkBytes);
    this.#reserve(length);
    bytes.copy(this.bytes, before, from, from + length - before);
    if (this.total === 0) {
      if (!this.#walk.grow(this.bytes, length)) return -1;
      this.total = this.#walk.total;
    }
    this.length = Math.min(length, this.total || length);
    return this.length - before;
  }

  /** Whether these bytes may be its beginning. */
  mayBegin(bytes: Buffer, from: number, to: number): boolean {
    const known = Math.min(this.length, to - from);
    return bytes.compare(this.bytes, 0, known, from, from + known) === 0;
  }

  /** It is what was published: all of it is known now. */
  confirm(bytes: Buffer): void {
    this.bytes = bytes;
    this.length = this.total = bytes.length;
    this.verdict = "right";
  }

  /** It is not what was published, and ends where that ends, whatever its boxes say. */
  refute(total: number): void {
    this.verdict = "wrong";
    this.total = total;
    this.length = Math.min(this.length, total);
  }

  #reserve(length: number): void {
    if (length <= this.bytes.length) return;
    const more = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.bytes.length));
    this.bytes.copy(more, 0, 0, this.length);
    this.bytes = more;
  }
}

/**
 * One segment as it was published, and the listeners that have it before that is known: what each of them got is one of a few
 * variants of each chunk, so they are counted and not kept. Once the segment is known (`judge`), they are right or wrong.
 */
export class PublishedSegment {
  readonly n: SegmentNumber;
  readonly #tally: Tally;
  readonly #chunks: readonly Variant[][] = [[], [], []];
  #state: "awaited" | "known" | "lost" = "awaited";
  #isHold = false;
  /** How many have which variants of its chunks. */
  readonly #waiting = new Map<number, number>();

  constructor(n: SegmentNumber, tally: Tally) {
    this.n = n;
    this.#tally = tally;
  }

  get isAwaited(): boolean {
    return this.#state === "awaited";
  }

  get hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  variants(part: number): readonly Variant[] {
    return this.#chunks[part] ?? [];
  }

  /** Another variant of a chunk; undefined when there are too many. */
  fork(part: number): Variant | undefined {
    const variants = this.#chunks[part];
    if (variants === undefined || variants.length >= maxVariants - 1) return undefined;
    const variant = new Variant(this.n * chunksPerSegment + part, variants.length);
    const right = variants.find(({ verdict }) => verdict === "right");
    if (right) variant.refute(right.total);
    variants.push(variant);
    return variant;
  }

  /** A listener has all its chunks, of these variants (see `keyOf`). */
  count(key: number): void {
    if (this.#state === "awaited") this.#waiting.set(key, (this.#waiting.get(key) ?? 0) + 1);
    else this.#settle(key, 1);
  }

  /** This is what was published. */
  judge(chunks: readonly Buffer[], isHold: boolean): void {
    if (this.#state !== "awaited") return;
    for (const [part, variants] of this.#chunks.entries()) {
      const bytes = chunks[part];
      if (bytes === undefined) return this.giveUp();
      let right = variants.find((one) => one.length <= bytes.length && one.mayBegin(bytes, 0, bytes.length));
      if (!right) {
        right = new Variant(this.n * chunksPerSegment + part, variants.length, 0);
        variants.push(right);
      }
      right.confirm(bytes);
      for (const one of variants) if (one !== right) one.refute(bytes.length);
    }
    this.#isHold = isHold;
    this.#state = "known";
    this.#settleAll();
  }

  /** What was published is not to be had. */
  giveUp(): void {
    if (this.#state !== "awaited") return;
    this.#state = "lost";
    this.#settleAll();
  }

  #settleAll(): void {
    for (const [key, listeners] of this.#waiting) this.#settle(key, listeners);
    this.#waiting.clear();
  }

  #settle(key: number, listeners: number): void {
    const tally = this.#tally;
    if (this.#state === "lost") tally.unchecked += listeners;
    else if (!this.#isRight(key)) tally.wrong += listeners;
    else {
      tally.segments += listeners;
      if (this.#isHold) tally.hold += listeners;
    }
  }

  #isRight(key: number): boolean {
    for (let part = 0; part < chunksPerSegment; part++) {
      const index = (key >> (part * variantBits)) & (maxVariants - 1);
      if (this.#chunks[part]?.[index]?.verdict !== "right") return false;
    }
    return true;
  }
}

/** A variant's share of the key under which a listener's segment is counted. */
export const keyOf = (part: number, { index }: Variant): number => index << (part * variantBits);
