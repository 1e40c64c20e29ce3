import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { RenditionName } from "../wire/rendition.ts";
import type { SegmentNumber } from "../wire/timeline.ts";
import type { Channel } from "./channel.ts";
import { queuedBytes } from "./direct-writes.ts";
import { giveAgain } from "./first-bytes.ts";
import type { Holder } from "./hold-budget.ts";
import type { Hold, Holds } from "./holds.ts";
import { maxHeadBytes } from "./deadlines.ts";
import type { Pace } from "./pace.ts";
import { refuseRaw } from "./raw-answer.ts";
import { readAsStream, readRaw } from "./raw-reads.ts";
import type { Repeat } from "./repeat.ts";
import { quiet } from "./takeover.ts";
import { originAway } from "./upstream.ts";

/** What a connection needs of all of them together. */
export interface KeptHost {
  /** The rendition that requests like this connection's ask for, as its address names it; undefined when there is none now. */
  channel(connection: KeptConnection): Channel | undefined;
  /** Writes a segment's answer, and counts it. False when some of it waits in this process: `isRead` is asked until it has gone. */
  send(connection: KeptConnection, channel: Channel, n: SegmentNumber, bytes: Buffer): boolean;
  /** Whether a request has to wait, because too many came before: then `goOnAsked` is called. */
  mustWait(connection: KeptConnection): boolean;
  /** The connection is closed, or Node's HTTP server has it again. */
  gone(connection: KeptConnection, why: "closed" | "misfit" | "leaving"): void;
  /** Monotonic ms, of this moment or a little before. */
  readonly now: number;
}

/** Whose requests, for what: the same for each of them. */
export interface Question {
  readonly repeat: Repeat;
  /** As the request's address has it: id or slug. */
  readonly space: string;
  readonly rendition: RenditionName;
  readonly address: string;
  readonly userAgent: string;
  /** Whose requests are held; let go of when the connection is gone. */
  readonly holder: Holder;
  /** How often it asks; undefined where nobody looks. */
  readonly pace: Pace | undefined;
}

type State =
  /** The next request is answered when it comes. */
  | { readonly kind: "open" }
  /** A request waits for its segment, and those behind it for their turn. */
  | { readonly kind: "held"; readonly hold: Hold; readonly holds: Holds }
  /** A request waits because too many came before it, and nothing more is read. */
  | { readonly kind: "paced"; readonly n: SegmentNumber }
  /** Some of an answer waits in this process; further requests do until it has gone. */
  | { readonly kind: "full"; queued: number; since: number }
  | { readonly kind: "gone" };

const open: State = { kind: "open" };
const gone: State = { kind: "gone" };
const nothing = Buffer.alloc(0);

/**
 * A connection on which a client asks for segment after segment with the same request but for the number: it is read and
 * answered here, without a parser. Anything else that comes is given to Node's HTTP server, together with the socket, as
 * if it had never been away.
 */
export class KeptConnection {
  readonly socket: Socket;
  readonly question: Question;
  /** What it asked for last; for the host. */
  channel: Channel | undefined;
  /** Who it is counted as, since when, and when last; for the host. */
  listener: { readonly space: string; readonly key: number; readonly since: number; seen: number } | undefined;
  /** When it was used last, monotonic ms. */
  usedAt: number;
  /** Requests that were answered here. */
  answered = 0;
  readonly #host: KeptHost;
  readonly #server: Server;
  #state: State = open;
  /** What came behind a request that is not answered yet. */
  #rest: Buffer = nothing;
  #leaving = false;

  /** @param socket one that nobody hears; `server` gets it back */
  constructor(socket: Socket, question: Question, server: Server, host: KeptHost) {
    this.socket = socket;
    this.question = question;
    this.#server = server;
    this.#host = host;
    this.usedAt = host.now;
    socket.on("error", quiet);
    socket.on("end", this.#hungUp);
    socket.on("close", this.#closed);
    socket.on("drain", this.#drained);
    // What is read here does not go through the stream; it flows again when it is given back.
    socket.pause();
    readRaw(socket, (length, bytes) => this.#read(bytes, length));
  }

  /** Answers the request with which it begins, and goes on from there. */
  begin(n: SegmentNumber): void {
    if (this.#answer(n)) this.socket.read(0);
    else this.#giveBack(this.question.repeat.bytes(n));
  }

  /** Is given back: at once, or after the answer that is under way. */
  leave(): void {
    this.#leaving = true;
    if (this.#state.kind === "open") this.#giveBack(nothing);
  }

  /** To be called now and then: whether nothing has been asked for since `before`. */
  isIdle(before: number): boolean {
    return this.#state.kind === "open" && this.usedAt < before;
  }

  /** Whether all answers have left this process; then it goes on. */
  isRead(): boolean {
    const queued = queuedBytes(this.socket);
    const state = this.#state;
    if (state.kind === "full") {
      if (queued === 0) {
        this.#state = open;
        this.#goOn();
      } else if (queued !== state.queued) {
        state.queued = queued;
        state.since = this.#host.now;
      }
    }
    return queued === 0;
  }

  /** Whether the client has read nothing since `before` of what waits for it. */
  isStalled(before: number): boolean {
    return this.#state.kind === "full" && this.#state.since < before;
  }

  #read(bytes: Buffer, length: number): boolean {
    switch (this.#state.kind) {
      case "open":
        this.usedAt = this.#host.now;
        return this.#work(bytes, length);
      case "gone":
        return true;
      case "paced":
        this.#keep(bytes.subarray(0, length));
        return false;
      default:
        return this.#keep(bytes.subarray(0, length));
    }
  }

  /** Answers request after request; false when nothing more is to be read for now. */
  #work(bytes: Buffer, length: number): boolean {
    const { repeat } = this.question;
    for (let at = 0; at < length; at = repeat.end) {
      const { kind } = this.#state;
      if (kind !== "open") return this.#keep(bytes.subarray(at, length)) && kind !== "paced";
      const n = this.#leaving ? -1 : repeat.read(bytes, at, length);
      if (n >= 0 && this.#host.mustWait(this)) {
        this.#state = { kind: "paced", n };
        continue;
      }
      if (n < 0 || !this.#answer(n)) {
        this.#giveBack(Buffer.from(bytes.subarray(at, length)));
        return true;
      }
    }
    return (this.#state as State).kind !== "paced";
  }

  /** Answers the request that has waited long enough, and goes on. */
  goOnAsked(): void {
    if (this.#state.kind !== "paced") return;
    const { n } = this.#state;
    this.#state = open;
    if (this.#answer(n)) this.#goOn();
    else this.#giveBack(Buffer.concat([this.question.repeat.bytes(n), this.#rest]));
  }

  /** Answers a request for segment `n` or holds it; false when it is to be answered in another way. */
  #answer(n: SegmentNumber): boolean {
    const channel = this.#host.channel(this);
    const found = channel?.segment(n);
    if (channel === undefined || found === undefined) return false;
    if (found.kind === "bytes") {
      this.#send(channel, n, found.bytes);
      return true;
    }
    if (found.kind !== "early") return false;
    const { holds } = channel;
    const hold = holds.add(n, this.question.holder, (outcome) => this.#answerHeld(channel, n, outcome));
    if (hold === undefined) return false;
    this.#state = { kind: "held", hold, holds };
    return true;
  }

  #answerHeld(channel: Channel, n: SegmentNumber, outcome: "published" | "expired"): void {
    this.#state = open;
    this.usedAt = this.#host.now;
    const bytes = channel.window.get(n);
    if (bytes) {
      this.#send(channel, n, bytes);
      this.#goOn();
    } else if (outcome === "expired" && !channel.entry.over) {
      this.#state = gone;
      refuseRaw(this.socket, originAway());
    } else {
      this.#giveBack(Buffer.concat([this.question.repeat.bytes(n), this.#rest]));
    }
  }

  #goOn(): void {
    if (this.#state.kind !== "open") return;
    const rest = this.#rest;
    this.#rest = nothing;
    if (!this.#work(rest, rest.length)) return;
    const { kind } = this.#state as State;
    if (this.#leaving && kind === "open") this.#giveBack(nothing);
    else if (kind !== "gone") this.socket.read(0);
  }

  #send(channel: Channel, n: SegmentNumber, bytes: Buffer): void {
    this.answered++;
    if (this.#host.send(this, channel, n, bytes)) return;
    this.#state = { kind: "full", queued: queuedBytes(this.socket), since: this.#host.now };
  }

  #keep(bytes: Buffer): boolean {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    return this.#rest.length < maxHeadBytes;
  }

  /** @param bytes what Node's HTTP server is to read before all that comes */
  #giveBack(bytes: Buffer): void {
    const { socket } = this;
    this.#state = gone;
    this.#rest = nothing;
    socket.off("error", quiet);
    socket.off("end", this.#hungUp);
    socket.off("close", this.#closed);
    socket.off("drain", this.#drained);
    this.#host.gone(this, this.#leaving ? "leaving" : "misfit");
    readAsStream(socket);
    if (bytes.length > 0) socket.unshift(bytes);
    giveAgain(this.#server, socket);
    socket.resume();
  }

  readonly #drained = (): void => void this.isRead();

  readonly #hungUp = (): void => {
    this.#drop();
    this.socket.end();
  };

  readonly #closed = (): void => {
    this.#drop();
    this.#host.gone(this, "closed");
  };

  #drop(): void {
    if (this.#state.kind === "held") this.#state.holds.forget(this.#state.hold);
    this.#state = gone;
    this.#rest = nothing;
  }
}
