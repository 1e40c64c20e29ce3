import { livePaths } from "../../wire/paths.ts";
import type { RenditionName } from "../../wire/rendition.ts";
import type { SegmentNumber } from "../../wire/timeline.ts";
import type { Planned } from "./agenda.ts";
import type { AnswerHead } from "./answer-reader.ts";
import { type Base, requestFor } from "./bases.ts";
import { type Asker, Connection, type Loss } from "./connection.ts";
import type { Crowd } from "./crowd.ts";
import { Follower } from "./follower.ts";

/** How long what is missing may take: after that the sound has run dry anyway (`fillMs` in `web/player/connection.ts`). */
const withinMs = 2000;

export interface Missing {
  readonly rendition: RenditionName;
  readonly from: SegmentNumber;
  readonly count: number;
}

/** Gets by number what a listener missed between two connections, as the player does; what does not come is a gap. */
export class Fill implements Asker, Planned {
  tick = 0;
  readonly #crowd: Crowd;
  readonly #base: Base;
  readonly #person: number;
  readonly #missing: Missing;
  readonly #follower: Follower;
  readonly #connection: Connection;
  #n: SegmentNumber;
  #got = 0;
  #status = 0;
  #isOpen = true;

  constructor(crowd: Crowd, base: Base, person: number, missing: Missing) {
    this.#crowd = crowd;
    this.#base = base;
    this.#person = person;
    this.#missing = missing;
    this.#n = missing.from;
    this.#follower = new Follower(crowd.reference(missing.rendition), {
      heard() {},
      finished() {},
      missing: () => false,
    });
    this.#follower.expect(missing.from);
    this.#connection = new Connection(base, crowd.source(), true, this, crowd.connections);
    crowd.agenda.plan(this, performance.now() + withinMs);
    this.#ask();
  }

  /** It is not wanted any more: whoever misses it has gone. */
  close(): void {
    this.#isOpen = false;
    this.#connection.close();
    this.#crowd.agenda.forget(this);
  }

  /** What has not come by now is a gap; unchecked, if it was this machine that could not ask. */
  end(counted: "gaps" | "unchecked" = "gaps"): void {
    if (this.#isOpen) this.#crowd.tally[counted] += this.#missing.count - this.#got;
    this.close();
  }

  due(): void {
    this.end();
  }

  lost(why: Loss): void {
    this.end(why === "local" ? "unchecked" : "gaps");
  }

  read(bytes: number): void {
    this.#crowd.tally.bytes += bytes;
  }

  head({ status }: AnswerHead): void {
    this.#status = status;
  }

  body(bytes: Buffer, from: number, to: number): void {
    if (this.#status === 200) this.#follower.take(bytes, from, to);
  }

  whole(keeps: boolean): void {
    if (this.#status === 200) {
      this.#follower.end(this.#n);
      this.#got++;
    } else this.#crowd.tally.refuse(this.#status);
    this.#n++;
    if (this.#status === 200 && keeps && this.#n < this.#missing.from + this.#missing.count) this.#ask();
    else this.end();
  }

  #ask(): void {
    const path = livePaths.segment(this.#crowd.order.target.space, this.#missing.rendition, this.#n);
    this.#connection.ask(requestFor(this.#base, path, this.#person));
  }
}
