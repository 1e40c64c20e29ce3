import { livePaths } from "../../wire/paths.ts";
import type { AnswerHead } from "./answer-reader.ts";
import { type Base, requestFor } from "./bases.ts";
import { type Asker, Connection, type Loss } from "./connection.ts";
import type { Crowd } from "./crowd.ts";
import type { Doing, Told } from "./listening.ts";

/** How long an answer may take (`stateMs` in `web/player/player.ts`). */
const withinMs = 5000;
/** What is read of a page or state; more is left. */
const maxReadBytes = 256 * 1024;
const packed = "Accept-Encoding: gzip, deflate, br\r\n";

/** Somebody opens the page, if they do not have it, and asks for the state: one thing after the other on one connection. */
export class Visit implements Asker, Doing {
  readonly limitMs = withinMs;
  lastAt: number;
  readonly #crowd: Crowd;
  readonly #person: Told;
  readonly #base: Base;
  #connection: Connection;
  #asked: "page" | "file" | "state";
  #file = 0;
  #status = 0;
  #retryAfter: number | undefined;
  /** What is read of the answer, if anybody wants to know it. */
  #read: Buffer[] | undefined;
  #length = 0;

  constructor(crowd: Crowd, person: Told, base: Base, how: { readonly page: boolean; readonly resumes: boolean }) {
    this.#crowd = crowd;
    this.#person = person;
    this.#base = base;
    this.lastAt = performance.now();
    this.#connection = new Connection(base, crowd.source(), how.resumes, this, crowd.connections);
    this.#asked = how.page ? "page" : "state";
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

  head({ status, retryAfter }: AnswerHead): void {
    this.#status = status;
    this.#retryAfter = retryAfter;
  }

  body(bytes: Buffer, from: number, to: number): void {
    this.#length += to - from;
    if (this.#read && this.#length <= maxReadBytes) this.#read.push(Buffer.from(bytes.subarray(from, to)));
  }

  whole(keeps: boolean): void {
    const status = this.#status;
    // A missing file does not keep a page from asking for the state.
    if (status !== 200 && this.#asked !== "file") {
      this.close();
      return this.#person.failed({ kind: "status", status, retryAfter: this.#retryAfter });
    }
    if (status !== 200) this.#crowd.tally.refuse(status);
    const { page, facts } = this.#crowd;
    const body = this.#read && Buffer.concat(this.#read);
    if (this.#asked === "state") {
      if (body) facts.learn(body, performance.now());
      this.close();
      return this.#person.done();
    }
    if (this.#asked === "page" && body) page.learn(body.toString());
    if (!keeps) {
      this.close();
      this.#connection = new Connection(this.#base, this.#crowd.source(), true, this, this.#crowd.connections);
    }
    this.#asked = this.#file < (page.files?.length ?? 0) ? "file" : "state";
    this.#ask();
  }

  lost(kind: Loss): void {
    this.#person.failed({ kind });
  }

  #ask(): void {
    const { order, page } = this.#crowd;
    const path = { page: page.path, file: page.files?.[this.#file] ?? "/", state: livePaths.state(order.target.space) };
    const wantsBody = this.#asked === "state" || (this.#asked === "page" && page.files === undefined);
    this.#read = wantsBody ? [] : undefined;
    this.#length = 0;
    if (this.#asked === "file") this.#file++;
    this.#connection.ask(requestFor(this.#base, path[this.#asked], this.#person.number, wantsBody ? "" : packed));
  }
}
