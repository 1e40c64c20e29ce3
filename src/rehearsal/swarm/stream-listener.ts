import { livePaths } from "../../wire/paths.ts";
import type { RenditionName } from "../../wire/rendition.ts";
import type { AnswerHead } from "./answer-reader.ts";
import { type Base, requestFor } from "./bases.ts";
import { type Asker, Connection, type Loss } from "./connection.ts";
import type { Crowd } from "./crowd.ts";
import type { Follower } from "./follower.ts";
import type { Doing, Told } from "./listening.ts";

/** A stream that says nothing for so long is given up (`web/player/connection.ts`). */
export const silenceMs = 4000;

/** Listens to the endless response. */
export class StreamListener implements Asker, Doing {
  readonly limitMs = silenceMs;
  lastAt: number;
  readonly #crowd: Crowd;
  readonly #person: Told;
  readonly #follower: Follower;
  readonly #connection: Connection;
  #plays = false;
  #refused: AnswerHead | undefined;

  constructor(crowd: Crowd, person: Told, base: Base, rendition: RenditionName, follower: Follower) {
    this.#crowd = crowd;
    this.#person = person;
    this.#follower = follower;
    this.lastAt = performance.now();
    follower.reconnect(true);
    this.#connection = new Connection(base, crowd.source(), true, this, crowd.connections);
    this.#connection.ask(requestFor(base, livePaths.stream(crowd.order.target.space, rendition), person.number));
  }

  close(): void {
    this.#connection.close();
  }

  read(bytes: number): void {
    this.lastAt = performance.now();
    this.#crowd.tally.bytes += bytes;
    if (!this.#plays) this.#person.answered();
  }

  head(head: AnswerHead): void {
    if (head.status === 200) this.#plays = true;
    else this.#refused = head;
  }

  body(bytes: Buffer, from: number, to: number): void {
    if (this.#plays) this.#follower.take(bytes, from, to);
  }

  whole(): void {
    this.close();
    this.#person.failed(this.#refused ? { kind: "status", ...this.#refused } : { kind: "ended" });
  }

  lost(kind: Loss): void {
    this.#person.failed({ kind });
  }
}
