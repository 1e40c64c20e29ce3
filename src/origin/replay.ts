import { parseChunk } from "../cmaf/parse.ts";
import type { Scope } from "../foundation/scope.ts";
import type { ReplayMarks } from "../wire/marks.ts";
import type { RenditionName } from "../wire/rendition.ts";
import { type SegmentNumber, segmentMs, slotOf } from "../wire/timeline.ts";
import type { TimelineSpec } from "../wire/timelines.ts";
import type { Archive, ArchiveShelf } from "./archive.ts";
import type { Download } from "./downloads.ts";
import { m4aDownload } from "./download.m4a.ts";
import { opusDownload } from "./download.opus.ts";
import type { HoldAudio } from "./hold.ts";
import { readMarks } from "./marks.ts";
import type { ReplayReader } from "./replay-reader.ts";
import type { Space } from "./space.ts";

/** How many replays are open at once beyond those being read; the one not read for longest is closed. */
export const maxOpenReplays = 16;

/** What a Space has published from its first live segment on. */
export class Replay implements ReplayReader {
  readonly spec: TimelineSpec;
  readonly epochMs: number;
  readonly first: SegmentNumber;
  readonly last: SegmentNumber;
  readonly #archive: Archive;
  readonly #hold: HoldAudio;
  #marks: Promise<ReplayMarks> | undefined;
  readonly #downloads = new Map<string, Promise<Download>>();

  constructor(spec: TimelineSpec, span: { first: number; last: number }, archive: Archive, hold: HoldAudio) {
    this.spec = spec;
    this.epochMs = spec.epochMs ?? 0;
    this.first = span.first;
    this.last = span.last;
    this.#archive = archive;
    this.#hold = hold;
  }

  get durationMs(): number {
    return this.segments * segmentMs;
  }

  get segments(): number {
    return this.last - this.first + 1;
  }

  async chunks(rendition: RenditionName, n: SegmentNumber): Promise<Uint8Array[]> {
    const parts = await this.#archive.segment(rendition, n);
    return parts.map((chunk, part) => chunk?.bytes ?? this.#hold.chunk(rendition, slotOf(n, 0) + part, []));
  }

  async packets(rendition: RenditionName, n: SegmentNumber): Promise<Uint8Array[]> {
    return (await this.chunks(rendition, n)).flatMap((chunk) => [...parseChunk(chunk).packets]);
  }

  marks(): Promise<ReplayMarks> {
    if (this.#marks) return this.#marks;
    const marks = readMarks(this);
    this.#marks = marks;
    // A failure is not remembered: the next request tries again.
    marks.catch(() => (this.#marks = undefined));
    return marks;
  }

  download(file: "audio.m4a" | "audio.opus"): Promise<Download> {
    let download = this.#downloads.get(file);
    if (!download) {
      download = file === "audio.m4a" ? m4aDownload(this) : opusDownload(this);
      this.#downloads.set(file, download);
      // A failure is not remembered: the next request tries again.
      download.catch(() => this.#downloads.delete(file));
    }
    return download;
  }

  close(): Promise<void> {
    return this.#archive.close();
  }
}

interface OpenReplay {
  readonly replay: Promise<Replay | undefined>;
  readers: number;
}

/** Opens replays when they are asked for, and keeps the latest open. */
export class ReplayShelf {
  readonly #options: { readonly shelf: ArchiveShelf; readonly hold: HoldAudio };
  readonly #open = new Map<string, OpenReplay>();

  constructor(options: { readonly shelf: ArchiveShelf; readonly hold: HoldAudio; readonly scope: Scope }) {
    this.#options = options;
    options.scope.onEnd(async () => {
      await Promise.all([...this.#open.keys()].map((id) => this.forget(id)));
    });
  }

  /** Runs with the Space's replay open; `undefined` when it has none. */
  async use<T>(space: Space, run: (replay: Replay) => Promise<T>): Promise<T | undefined> {
    const span = space.record.replay;
    if (!span) return undefined;
    const opened = this.#take(space, span);
    opened.readers++;
    try {
      const replay = await opened.replay;
      return replay && (await run(replay));
    } finally {
      opened.readers--;
    }
  }

  /** Closes a replay, whoever reads it. */
  async forget(id: string): Promise<void> {
    const opened = this.#open.get(id);
    this.#open.delete(id);
    await (await opened?.replay.catch(() => undefined))?.close();
  }

  #take(space: Space, span: { first: number; last: number }): OpenReplay {
    let opened = this.#open.get(space.id);
    if (opened) this.#open.delete(space.id);
    else {
      const replay = this.#read(space, span);
      // One that could not be opened is tried again with the next request.
      replay.catch(() => this.#open.delete(space.id));
      opened = { replay, readers: 0 };
    }
    // The map's order is the order of last use.
    this.#open.set(space.id, opened);
    for (const [id, one] of this.#open) {
      if (this.#open.size <= maxOpenReplays) break;
      if (one.readers === 0 && one !== opened) void this.forget(id);
    }
    return opened;
  }

  async #read(space: Space, span: { first: number; last: number }): Promise<Replay | undefined> {
    const archive = await this.#options.shelf.read(space.id);
    return archive && new Replay(space.spec, span, archive, this.#options.hold);
  }
}
