import { parseChunk } from "../cmaf/parse.ts";
import type { RoomEvent } from "../wire/events.ts";
import type { ReplayMarks } from "../wire/marks.ts";
import { chunkMs } from "../wire/timeline.ts";
import type { ReplayReader } from "./replay-reader.ts";

/** A pause shorter than this does not end a stretch of speech. */
export const pauseMs = 1_000;
/** What is shorter is a cough, not speech. */
export const shortestMarkMs = 300;

interface Stretch {
  readonly id: string;
  readonly from: number;
  to: number;
}

/** Merges who was heard when, chunk after chunk, into stretches of speech. */
export class MarkWriter {
  readonly #names = new Map<string, string>();
  readonly #open = new Map<string, Stretch>();
  readonly #done: Stretch[] = [];

  /** Takes a chunk's events; `at` is its start in ms from the replay's. */
  chunk(at: number, events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (event.t === "stage") for (const { id, name } of event.people) this.#names.set(id, name);
      if (event.t !== "voices") continue;
      const step = chunkMs / Math.max(1, event.at.length);
      for (const [i, heard] of event.at.entries()) {
        for (const [id] of heard) this.#heard(id, at + Math.round(i * step), at + Math.round((i + 1) * step));
      }
    }
  }

  marks(durationMs: number): ReplayMarks {
    const stretches = [...this.#done, ...this.#open.values()].filter(({ from, to }) => to - from >= shortestMarkMs);
    for (const { id } of stretches) if (!this.#names.has(id)) this.#names.set(id, id);
    const people = [...this.#names].map(([id, name]) => ({ id, name }));
    const place = new Map(people.map(({ id }, i) => [id, i]));
    const spoke = stretches
      .toSorted((a, b) => a.from - b.from)
      .map(({ id, from, to }) => [place.get(id) ?? 0, from, Math.min(to, durationMs)] as const);
    return { v: 1, durationMs, people, spoke };
  }

  #heard(id: string, from: number, to: number): void {
    const open = this.#open.get(id);
    if (open && from - open.to < pauseMs) {
      open.to = to;
      return;
    }
    if (open) this.#done.push(open);
    this.#open.set(id, { id, from, to });
  }
}

/** Reads the marks of a replay from the events in its smallest rendition. */
export async function readMarks(replay: ReplayReader): Promise<ReplayMarks> {
  const writer = new MarkWriter();
  let at = 0;
  for (let n = replay.first; n <= replay.last; n++) {
    for (const chunk of await replay.chunks("opus-16k", n)) {
      writer.chunk(at, parseChunk(chunk).events);
      at += chunkMs;
    }
  }
  return writer.marks(replay.durationMs);
}
