import { parseChunk } from "../cmaf/parse.ts";
import type { RoomEvent } from "../wire/events.ts";
import { type LiveText, type LiveTextLine, maxTextLines } from "../wire/live-text.ts";
import type { PublicStatus } from "../wire/state.ts";
import { chunkMs, chunksPerSegment, type SegmentNumber, slotStart } from "../wire/timeline.ts";
import type { Space } from "./space.ts";

/** A pause shorter than this does not end what somebody says. */
export const textPauseMs = 2_000;
/** What is shorter is a cough, not speech. */
export const shortestSpeechMs = 300;
/** Of all renditions the events are the same; they are read once. */
const readRendition = "opus-32k";

type Speech = { t: "speaks"; at: number; until: number; name: string };
type Line = Speech | Exclude<LiveTextLine, { readonly t: "speaks" }>;
type Status = Extract<RoomEvent, { readonly t: "status" }>;
const overStatuses: ReadonlySet<PublicStatus> = new Set(["ended", "cancelled"]);

/**
 * What goes on in one Space, in words, from the events of its published chunks. What was so when it began to read is no
 * news: the state tells that.
 */
export class LiveTextWriter {
  #lines: Line[] = [];
  /** Those on stage who have come, with the name they have now. */
  #stage: Map<string, string> | undefined;
  readonly #speech = new Map<string, Speech>();
  readonly #told = new Map<"title" | "notice", string>();
  #status: Pick<Status, "status" | "hold"> | undefined;
  #opened: boolean;
  #end = 0;

  /** @param opened whether the Space has been live before what comes next */
  constructor(opened: boolean) {
    this.#opened = opened;
    if (!opened) this.#status = { status: "lobby", hold: false };
  }

  /** Takes a chunk's events; `at` is when it starts, ms since 1970. */
  chunk(at: number, events: readonly RoomEvent[]): void {
    this.#end = at + chunkMs;
    for (const event of events) {
      if (event.t === "stage") this.#people(at, event.people);
      if (event.t === "title") this.#say(at, "title", event.title);
      if (event.t === "notice") this.#say(at, "notice", event.text);
      if (event.t === "status") this.#is(at, event);
      if (event.t !== "voices") continue;
      const step = chunkMs / Math.max(1, event.at.length);
      for (const [i, heard] of event.at.entries()) {
        for (const [id] of heard) this.#heard(id, Math.round(at + i * step), Math.round(at + (i + 1) * step));
      }
    }
  }

  /** The latest lines; who was heard just now speaks still. */
  text(): LiveText {
    const isOver = this.#status !== undefined && overStatuses.has(this.#status.status);
    const goesOn = ({ until }: Speech): boolean => !isOver && this.#end - until < textPauseMs;
    const lines = this.#lines
      .filter((line) => line.t !== "speaks" || line.until - line.at >= shortestSpeechMs)
      .map((line): LiveTextLine => (line.t === "speaks" ? { ...line, until: goesOn(line) ? null : line.until } : line));
    return { v: 1, lines: lines.slice(-maxTextLines) };
  }

  #people(at: number, people: Extract<RoomEvent, { readonly t: "stage" }>["people"]): void {
    const before = this.#stage;
    const now = new Map<string, string>();
    // Whose connection is away keeps the place: that is neither coming nor leaving.
    for (const { id, name, present } of people) if (present || before?.has(id)) now.set(id, name);
    this.#stage = now;
    if (!before) return;
    for (const [id, name] of before) if (!now.has(id)) this.#add({ t: "left", at, name });
    for (const [id, name] of now) if (!before.has(id)) this.#add({ t: "came", at, name });
    for (const id of this.#speech.keys()) if (!now.has(id)) this.#speech.delete(id);
  }

  #say(at: number, t: "title" | "notice", text: string): void {
    const before = this.#told.get(t);
    this.#told.set(t, text);
    if (before !== undefined && before !== text && text !== "") this.#add({ t, at, text });
  }

  #is(at: number, { status, hold }: Status): void {
    const before = this.#status;
    this.#status = { status, hold };
    if (!before) return;
    if (overStatuses.has(status) && before.status !== status) this.#add({ t: "ended", at });
    if (status !== "live") return;
    if (!this.#opened && !hold) {
      this.#opened = true;
      this.#add({ t: "opened", at });
    } else if (this.#opened && hold !== before.hold) this.#held(at, hold);
  }

  /** Hold audio came or went; what was shorter than a pause is none. */
  #held(at: number, hold: boolean): void {
    const last = this.#lines.findLastIndex(({ t }) => t === "hold" || t === "resumed");
    const [since] = hold || last < 0 ? [] : this.#lines.slice(last);
    if (since?.t === "hold" && at - since.at < textPauseMs) this.#lines.splice(last, 1);
    else this.#add({ t: hold ? "hold" : "resumed", at });
  }

  #heard(id: string, from: number, to: number): void {
    const speech = this.#speech.get(id);
    if (speech && from - speech.until < textPauseMs) {
      speech.until = to;
      return;
    }
    const name = this.#stage?.get(id);
    if (name === undefined) return;
    const next: Speech = { t: "speaks", at: from, until: to, name };
    this.#speech.set(id, next);
    this.#add(next);
  }

  #add(line: Line): void {
    this.#lines.push(line);
    // Short noises are lines here until it is known that nothing follows them.
    if (this.#lines.length > 2 * maxTextLines) this.#lines = this.#lines.slice(-maxTextLines);
  }
}

/** None of a chunk that another version has written and this one cannot read: the sound does not depend on the text. */
function eventsOf(chunk: Uint8Array): readonly RoomEvent[] {
  try {
    return parseChunk(chunk).events;
  } catch {
    return [];
  }
}

interface Reading {
  readonly writer: LiveTextWriter;
  /** The segment to be read next. */
  next: SegmentNumber;
}

/** The live texts of all Spaces, written as their segments are published. */
export class LiveTexts {
  readonly #readings = new WeakMap<Space, Reading>();

  /** A segment is complete: reads it, and the first time what the ring has from before a restart. */
  segment(space: Space): void {
    const { timeline } = space;
    const [first, latest] = [timeline?.ring.first(), timeline?.ring.latest()];
    if (!timeline || first === undefined || latest === undefined) return;
    let reading = this.#readings.get(space);
    if (!reading) {
      const opened = first > 0 && space.record.liveAt !== null;
      this.#readings.set(space, (reading = { writer: new LiveTextWriter(opened), next: first }));
    }
    for (let n = Math.max(first, reading.next); n <= latest; n++) {
      for (const [part, { bytes }] of (timeline.ring.parts(readRendition, n) ?? []).entries()) {
        const events = eventsOf(bytes);
        reading.writer.chunk(slotStart(timeline.epoch, n * chunksPerSegment + part), events);
      }
      reading.next = n + 1;
    }
  }

  /** The text of a Space; empty before its lobby, and of one that was over before this process began. */
  of(space: Space): LiveText {
    return this.#readings.get(space)?.writer.text() ?? { v: 1, lines: [] };
  }
}
