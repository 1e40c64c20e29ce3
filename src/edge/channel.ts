import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { reason } from "../foundation/errors.ts";
import { epochMs } from "../foundation/duration.ts";
import type { RenditionName } from "../wire/rendition.ts";
import { earlySegments, segmentAt, type SegmentNumber } from "../wire/timeline.ts";
import type { SpaceEntry } from "./directory.ts";
import type { EdgeParts } from "./parts.ts";
import { BoxSplitter } from "./box-splitter.ts";
import { ChunkReaders } from "./chunk-readers.ts";
import { FanOut, place, type Place, type Position } from "./fan-out.ts";
import { type Answer, Holds } from "./holds.ts";
import { pastSegment, type WholeSegment } from "./past-segment.ts";
import { type LiveEdge, maxBehindSegments, Puller, type PullerSink } from "./puller.ts";
import { SegmentAnswers } from "./segment-answers.ts";
import { putSeat, streamHead, withSeat } from "./stream-head.ts";
import { settle } from "./takeover.ts";
import { SegmentWindow, windowSegments } from "./window.ts";

/** Milliseconds after its last request for which a rendition without listeners is still pulled. */
export const idleAfterMs = 10_000;

/** What a numbered request gets. */
export type SegmentAnswer =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  /** Not published yet; it may be held. */
  | { readonly kind: "early" }
  /** In the origin's window, not in ours. */
  | { readonly kind: "fetch" }
  /** Too old, or too far ahead. */
  | { readonly kind: "outside" };

/** What a newcomer is written first, the same for all but for their seat. */
interface First {
  readonly bytes: Buffer;
  /** How much of it is the head. */
  readonly head: number;
  /** Where the stream goes on. */
  readonly from: Place;
  /** With the seat of whoever came last. */
  own: Buffer | undefined;
}

type Pulling =
  | { readonly kind: "idle" }
  | {
      readonly kind: "pulling";
      readonly puller: Puller;
      readonly abort: AbortController;
      readonly done: Promise<void>;
    };

/** One rendition of one Space on this edge: its window, its puller while there is demand, its listeners and holds. */
export class Channel implements PullerSink {
  readonly entry: SpaceEntry;
  readonly rendition: RenditionName;
  readonly window = new SegmentWindow();
  readonly fanOut: FanOut;
  readonly holds: Holds;
  readonly #answers = new SegmentAnswers();
  /** Other edges that follow a segment as it comes in. */
  readonly readers: ChunkReaders;
  /** False once it was stopped: there may be another one in its place. */
  isOpen = true;
  readonly #parts: EdgeParts;
  #pulling: Pulling = { kind: "idle" };
  #askedAt = performance.now();
  /** The segment that is coming in: its chunks so far, and how it is pushed. */
  #partial: { n: SegmentNumber; chunks: Buffer[]; push: "chunk" | "segment"; spoiled: boolean } | undefined;
  /** What a newcomer is written first; kept until the next chunk changes it. */
  #first: First | undefined;
  /** Adopted listeners who have a part of a segment that is pushed whole here; they wait for its end. */
  #halfway: (() => void)[] = [];
  /** Segments on their way that the puller does not bring. */
  readonly #fetches = new Map<SegmentNumber, Promise<Buffer | undefined>>();
  #draining = false;

  constructor(entry: SpaceEntry, rendition: RenditionName, parts: EdgeParts) {
    this.entry = entry;
    this.rendition = rendition;
    this.#parts = parts;
    this.fanOut = new FanOut({
      counts: parts.counts,
      slices: parts.slices,
      writes: parts.writes,
      onBoundary: () => parts.onBoundary?.(this.fanOut),
      onLeave: parts.onLeave,
    });
    this.holds = new Holds(parts.budget, parts.slices);
    this.readers = new ChunkReaders(parts.readers);
  }

  /** Whether anybody listens, waits, or asked lately. */
  wanted(now: number): boolean {
    return this.fanOut.size > 0 || this.holds.size > 0 || this.readers.size > 0 || now - this.#askedAt < idleAfterMs;
  }

  /** Notes demand: the puller starts, unless it runs or the timeline is over. */
  touch(): void {
    this.#askedAt = performance.now();
    if (this.#pulling.kind === "pulling" || this.entry.over || this.#draining) return;
    const { upstream, log, counts } = this.#parts;
    const abort = new AbortController();
    const { id: space } = this.entry.state;
    const { signal } = abort;
    const puller = new Puller({ space, rendition: this.rendition, upstream, counts, log, signal, sink: this });
    const done = puller.run().catch((thrown: unknown) => log.error("puller-broke", { space, reason: reason(thrown) }));
    this.#pulling = { kind: "pulling", puller, abort, done };
    void done.then(() => this.#stopped());
  }

  /** Gives a socket the response's head, with its seat, what makes it play at once, and everything from now on. */
  join(socket: Socket, seat?: string): void {
    this.touch();
    const first = (this.#first ??= this.#newcomer());
    const { bytes, head, from } = first;
    if (seat === undefined) return void this.fanOut.join(socket, bytes, from);
    if (first.own === undefined) first.own = withSeat(bytes, head, seat);
    else putSeat(first.own, head, seat);
    // What the kernel has not taken must not change any more.
    if (!this.fanOut.join(socket, first.own, from)) first.own = undefined;
  }

  /**
   * Takes a socket whose listener another process has given everything before a position, and goes on there: with what
   * is there at once, or when that place comes. A segment that this process does not have is fetched first; what cannot be
   * had any more is left out.
   */
  adopt(socket: Socket, position: Position): void {
    settle(socket);
    this.touch();
    if (this.#pulling.kind === "idle") this.fanOut.end();
    this.#resume(socket, position);
  }

  #resume(socket: Socket, { n: next, index }: Position): void {
    const pulling = this.#pulling.kind === "pulling" ? this.#pulling.puller.at : undefined;
    const at = pulling ?? next;
    const parts: Buffer[] = [];
    for (let n = Math.max(next, at - maxBehindSegments); n < at; n++) {
      const bytes = this.window.get(n);
      if (bytes) {
        parts.push(n === next && index > 0 ? chunksFrom(bytes, index) : bytes);
        continue;
      }
      const again = (fetched: Buffer | undefined): void =>
        this.#resume(socket, fetched ? { n: next, index } : { n: n + 1, index: 0 });
      this.fetch(n).then(again, () => again(undefined));
      return;
    }
    if (index > 0 && pulling !== undefined && next >= at && this.#partial?.push !== "chunk") {
      // Here that segment is pushed whole, or it is not known yet how: its rest is given when it is all there.
      this.#halfway.push(() => this.#resume(socket, { n: next, index }));
      return;
    }
    const had = next === at ? index : 0;
    const pushed = next <= at ? this.#pushedPart() : [];
    parts.push(...pushed.slice(had));
    const from = next <= at ? place(at, Math.max(had, pushed.length)) : place(next, index);
    this.fanOut.join(socket, parts.length > 0 ? Buffer.concat(parts) : undefined, from);
  }

  /** What there is of segment `n`. */
  segment(n: SegmentNumber): SegmentAnswer {
    const bytes = this.window.get(n);
    if (bytes) {
      this.touch();
      return { kind: "bytes", bytes };
    }
    const { first, latest, over } = this.edge();
    const newest = Math.max(latest, this.window.latest ?? -1);
    // What is older than our window would not be kept: each request for it would be one more to the origin.
    const oldest = Math.max(first, newest - windowSegments + 1);
    const last = over ? latest : newest + earlySegments;
    // A number that names nothing is no demand: it must not make this edge pull a rendition that nobody hears.
    if (n < oldest || n > last) return { kind: "outside" };
    this.touch();
    const comes = this.#pulling.kind === "pulling" && n >= this.#pulling.puller.at;
    return comes ? { kind: "early" } : { kind: "fetch" };
  }

  /** Fetches a past segment once, however many ask; `undefined` when the origin does not have it. */
  fetch(n: SegmentNumber): Promise<Buffer | undefined> {
    const under = this.#fetches.get(n);
    if (under) return under;
    const fetched = pastSegment(this.#parts, this.entry.state.id, this.rendition, n).then((whole) => {
      if (whole) this.window.put(n, whole.bytes, whole.digest);
      return whole?.bytes;
    });
    this.#fetches.set(n, fetched);
    const forget = (): void => void this.#fetches.delete(n);
    fetched.then(forget, forget);
    return fetched;
  }

  /** A whole answer to a plain request for segment `n`, whose bytes these are. */
  answer(n: SegmentNumber, bytes: Buffer): Buffer {
    return this.#answers.get(n, bytes, this.window.digest(n), this.#parts.clock.now());
  }

  hold(n: SegmentNumber, address: string, response: ServerResponse, answer: Answer): boolean {
    return this.holds.hold(n, address, response, answer);
  }

  /** Answers another edge with segment `n` as it comes in; false when there are too many such requests. */
  follow(n: SegmentNumber, response: ServerResponse): boolean {
    const partial = this.#partial;
    const chunks = partial?.n === n && !partial.spoiled ? partial.chunks : [];
    return this.readers.follow(n, chunks, response);
  }

  /** Stops pulling and forgets what is half there. */
  async stop(): Promise<void> {
    this.isOpen = false;
    if (this.#pulling.kind === "idle") return;
    const { abort, done } = this.#pulling;
    abort.abort();
    await done;
  }

  /** From now on every response ends when the segment that is coming in is whole. */
  drain(): void {
    this.#draining = true;
    this.readers.cut((n) => n !== this.#partial?.n);
    if (!this.#partial) this.fanOut.end();
  }

  edge(): LiveEdge {
    const { first, latest, epochMs: epoch } = this.entry.state;
    const { over } = this.entry;
    if (latest !== null) return { first: first ?? 0, latest, over };
    // The origin has let go of the segments: there is nothing to ask it for, and nothing to wait for.
    if (over) return { first: 0, latest: -1, over };
    const now = epoch === null ? 0 : segmentAt(epochMs(epoch), this.#parts.clock.now());
    return { first: 0, latest: Math.max(-1, now - 1), over };
  }

  chunk(n: SegmentNumber, index: number, bytes: Buffer): void {
    if (this.#partial?.n !== n) this.#partial = { n, chunks: [], push: this.#parts.pushMode.now, spoiled: false };
    this.#partial.chunks.push(bytes);
    this.#first = undefined;
    // Edges first: they are few, and a crowd waits behind each.
    this.readers.chunk(n, index, bytes);
    if (this.#partial.push === "chunk") this.fanOut.push(bytes, n, index);
  }

  complete(n: SegmentNumber, whole: WholeSegment): void {
    const { bytes, digest } = whole;
    const push = this.#partial?.push ?? "chunk";
    this.#partial = undefined;
    this.#first = undefined;
    this.window.put(n, bytes, digest);
    this.readers.complete(n, whole);
    if (push === "segment") this.fanOut.push(bytes, n, 0);
    this.fanOut.finished(n);
    this.holds.release(n);
    this.#resumeHalfway();
    if (this.#draining) this.fanOut.end();
  }

  spoiled(n: SegmentNumber): void {
    if (this.#partial?.n === n) this.#partial.spoiled = true;
    this.readers.spoiled(n);
  }

  stuck(n: SegmentNumber): void {
    this.readers.cut((one) => one === n);
  }

  jumped(n: SegmentNumber): void {
    this.#partial = undefined;
    this.#first = undefined;
    this.#parts.counts.jumps++;
    this.#parts.log.info("jumped", { space: this.entry.state.id, rendition: this.rendition, n });
    this.holds.release(n - 1);
    this.readers.cut((one) => one < n);
  }

  over(): void {
    this.fanOut.end();
    this.holds.expire(Infinity);
    this.readers.cut(() => true);
  }

  #stopped(): void {
    this.readers.cut(() => true);
    this.#pulling = { kind: "idle" };
    this.#partial = undefined;
    this.#first = undefined;
    this.#resumeHalfway();
  }

  /** Once the puller has gone on to what follows. */
  #resumeHalfway(): void {
    if (this.#halfway.length === 0) return;
    const waiting = this.#halfway;
    this.#halfway = [];
    setImmediate(() => {
      for (const resume of waiting) resume();
    });
  }

  /**
   * A newcomer gets the init segment, the latest complete segment and, when chunks are pushed, what there is of the next:
   * so the player has about a second at hand and the last of it is the live edge. When nothing is there yet, or a
   * segment is missing in between, it gets the init segment and begins with the next segment's start.
   */
  #newcomer(): First {
    const init = this.entry.init(this.rendition) ?? Buffer.alloc(0);
    const at = this.#pulling.kind === "pulling" ? this.#pulling.puller.at : 0;
    const complete = this.window.get(at - 1);
    const pushed = this.#pushedPart();
    const head = streamHead(this.#parts.clock.now());
    const parts = [head, init, ...(complete ? [complete] : []), ...pushed];
    return { bytes: Buffer.concat(parts), head: head.length, from: place(at, pushed.length), own: undefined };
  }

  /** What has been pushed of the segment that is coming in. */
  #pushedPart(): readonly Buffer[] {
    return this.#partial?.push === "chunk" ? this.#partial.chunks : [];
  }
}

/** A whole segment without its first chunks. */
const chunksFrom = (segment: Buffer, index: number): Buffer =>
  Buffer.concat(new BoxSplitter().push(segment).slice(index));
