import type { SegmentNumber } from "../wire/timeline.ts";

/** How many complete segments of one rendition an edge keeps: half a minute. */
export const windowSegments = 32;

/** The latest complete segments of one rendition, each one Buffer that all its listeners share. */
export class SegmentWindow {
  readonly #segments = new Map<SegmentNumber, Buffer>();
  /** The `Repr-Digest` of those whose source told it. */
  readonly #digests = new Map<SegmentNumber, string>();
  #latest: SegmentNumber | null = null;

  /** The highest number that was ever put; null before the first. */
  get latest(): SegmentNumber | null {
    return this.#latest;
  }

  get size(): number {
    return this.#segments.size;
  }

  get(n: SegmentNumber): Buffer | undefined {
    return this.#segments.get(n);
  }

  digest(n: SegmentNumber): string | undefined {
    return this.#digests.get(n);
  }

  /** Keeps a complete segment; the lowest number gives way when the window is full. One that is older yet is not kept. */
  put(n: SegmentNumber, bytes: Buffer, digest?: string): void {
    if (this.#latest !== null && n <= this.#latest - windowSegments) return;
    this.#segments.set(n, bytes);
    if (digest !== undefined) this.#digests.set(n, digest);
    if (this.#latest === null || n > this.#latest) this.#latest = n;
    for (const old of this.#segments.keys()) {
      if (old > this.#latest - windowSegments) continue;
      this.#segments.delete(old);
      this.#digests.delete(old);
    }
  }
}
