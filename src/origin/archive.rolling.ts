import type { RenditionName } from "../wire/rendition.ts";
import type { SegmentNumber } from "../wire/timeline.ts";
import type { Archive, ArchivedChunk, ArchivedSegment, ArchiveShelf, Verification } from "./archive.ts";
import { ringSegments } from "./ring.ts";

/** Segments in one of the two logs before the older one is thrown away. */
export const rollingSegments = 2 * ringSegments;

const names = (space: string): readonly [string, string] => [`${space}.0`, `${space}.1`];

/**
 * The last minutes of a Space that is not to be archived (the demo Space, which may play for months): two logs, of which
 * the older one is begun anew when the younger is full. It lets a restarted origin publish the same bytes, and no more.
 */
export class RollingArchive implements Archive {
  readonly #shelf: ArchiveShelf;
  readonly #epochMs: number;
  #names: readonly [young: string, old: string];
  #young: Archive;
  #old: Archive;

  private constructor(
    shelf: ArchiveShelf,
    epochMs: number,
    logNames: readonly [string, string],
    young: Archive,
    old: Archive,
  ) {
    this.#shelf = shelf;
    this.#epochMs = epochMs;
    this.#names = logNames;
    this.#young = young;
    this.#old = old;
  }

  static async open(shelf: ArchiveShelf, space: string, epochMs: number): Promise<RollingArchive> {
    const [a, b] = names(space);
    const first = await shelf.open(a, epochMs, false);
    const second = await shelf.open(b, epochMs, false);
    return (first.first() ?? -1) >= (second.first() ?? -1)
      ? new RollingArchive(shelf, epochMs, [a, b], first, second)
      : new RollingArchive(shelf, epochMs, [b, a], second, first);
  }

  static async remove(shelf: ArchiveShelf, space: string): Promise<void> {
    for (const name of names(space)) await shelf.remove(name);
  }

  async append(chunks: readonly ArchivedChunk[]): Promise<void> {
    const first = this.#young.first();
    const next = chunks[0]?.n;
    if (first !== undefined && next !== undefined && next - first >= rollingSegments) await this.#roll();
    await this.#young.append(chunks);
  }

  async #roll(): Promise<void> {
    const [young, old] = this.#names;
    await this.#old.close();
    await this.#shelf.remove(old);
    const fresh = await this.#shelf.open(old, this.#epochMs, false);
    this.#names = [old, young];
    this.#old = this.#young;
    this.#young = fresh;
  }

  /** Nothing here has to outlive a loss of power. */
  async sync(): Promise<void> {}

  first(): SegmentNumber | undefined {
    return this.#old.first() ?? this.#young.first();
  }

  last(rendition: RenditionName): SegmentNumber | undefined {
    return this.#young.last(rendition) ?? this.#old.last(rendition);
  }

  async segment(rendition: RenditionName, n: SegmentNumber): Promise<ArchivedSegment> {
    const young = await this.#young.segment(rendition, n);
    if (young[0]) return young;
    // The logs change in the middle of a segment, so its parts may lie in both.
    const old = await this.#old.segment(rendition, n);
    return [old[0], old[1] ?? young[1], old[2] ?? young[2]];
  }

  async verify(): Promise<Verification> {
    const young = await this.#young.verify();
    const old = await this.#old.verify();
    return {
      records: old.records + young.records,
      bytes: old.bytes + young.bytes,
      head: young.head,
      brokenAt: old.brokenAt ?? young.brokenAt,
    };
  }

  size(): number {
    return this.#young.size() + this.#old.size();
  }

  async close(): Promise<void> {
    await this.#young.close();
    await this.#old.close();
  }
}
