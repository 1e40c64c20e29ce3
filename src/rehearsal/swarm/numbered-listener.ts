import { livePaths } from "../../wire/paths.ts";
import type { RenditionName } from "../../wire/rendition.ts";
import { segmentMs, type SegmentNumber } from "../../wire/timeline.ts";
import type { AnswerHead } from "./answer-reader.ts";
import { type Base, requestFor } from "./bases.ts";
import { type Asker, Connection, type Loss } from "./connection.ts";
import type { Crowd } from "./crowd.ts";
import type { Follower } from "./follower.ts";
import type { Doing, Told } from "./listening.ts";
import { silenceMs } from "./stream-listener.ts";

/** How far back a player goes on after an interruption; what is further back it skips (`maxFilledSegments` in `web/player/connection.ts`). */
export const maxFilledSegments = 5;

/** Listens by numbered segments over a kept connection: asks for the next as the one before has come, and waits for it at the edge. */
export class NumberedListener implements Asker, Doing {
  readonly limitMs = segmentMs + silenceMs;
  lastAt: number;
  readonly #crowd: Crowd;
  readonly #person: Told;
  readonly #base: Base;
  readonly #rendition: RenditionName;
  readonly #follower: Follower;
  #connection: Connection;
  /** What is asked for; undefined: the init segment. */
  #n: SegmentNumber | undefined;
  #head: AnswerHead | undefined;

  constructor(crowd: Crowd, person: Told, base: Base, rendition: RenditionName, follower: Follower) {
    this.#crowd = crowd;
    this.#person = person;
    this.#base = base;
    this.#rendition = rendition;
    this.#follower = follower;
    this.lastAt = performance.now();
    const { needs } = follower;
    follower.reconnect(needs === undefined);
    this.#connection = this.#connect();
    if (needs !== undefined) this.#n = this.#nextAfter(needs);
    this.#ask();
  }

  close(): void {
    this.#connection.close();
  }

  read(bytes: number): void {
    this.lastAt = performance.now();
    this.#crowd.tally.bytes += bytes;
    this.#person.answered();
  }

  head(head: AnswerHead): void {
    this.#head = head;
  }

  body(bytes: Buffer, from: number, to: number): void {
    if (this.#head?.status === 200) this.#follower.take(bytes, from, to);
  }

  whole(keeps: boolean): void {
    if (this.#head?.status !== 200) {
      this.close();
      this.#person.failed({ kind: "status", status: this.#head?.status ?? 0, retryAfter: this.#head?.retryAfter });
      return;
    }
    if (this.#n === undefined) this.#n = this.#latest();
    else this.#follower.end(this.#n++);
    this.#follower.expect(this.#n);
    if (!keeps) {
      this.#connection.close();
      this.#connection = this.#connect();
    }
    this.#ask();
  }

  lost(kind: Loss): void {
    this.#person.failed({ kind });
  }

  #connect(): Connection {
    return new Connection(this.#base, this.#crowd.source(), true, this, this.#crowd.connections);
  }

  #ask(): void {
    const { space } = this.#crowd.order.target;
    const path =
      this.#n === undefined
        ? livePaths.init(space, this.#rendition)
        : livePaths.segment(space, this.#rendition, this.#n);
    this.#connection.ask(requestFor(this.#base, path, this.#person.number));
  }

  #latest(): SegmentNumber {
    return this.#crowd.facts.latest ?? 0;
  }

  #nextAfter(needs: SegmentNumber): SegmentNumber {
    const latest = this.#latest();
    return latest - needs <= maxFilledSegments ? needs : latest;
  }
}
