import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { RenditionName } from "../wire/rendition.ts";
import type { SegmentNumber } from "../wire/timeline.ts";
import type { Audience } from "./audience.ts";
import type { Channel } from "./channel.ts";
import type { Channels } from "./channels.ts";
import type { Directory } from "./directory.ts";
import type { DirectWrites } from "./direct-writes.ts";
import { heardSegments } from "./fan-out.ts";
import type { Gate } from "./guard.ts";
import type { HoldBudget } from "./hold-budget.ts";
import { KeptConnection, type KeptHost } from "./kept-connection.ts";
import { canReadRaw } from "./raw-reads.ts";
import { plainLength, Repeat } from "./repeat.ts";
import { keepAliveSeconds } from "./segment-answers.ts";
import { detachSocket } from "./takeover.ts";

/** So often a connection may have been given back for want of a repeated request; then it stays with Node's HTTP server. */
export const maxMisfits = 3;
/** So many answered requests make up for one misfit. */
const answersPerMisfit = 16;
/** For how long a listener's key is used, ms: its salt changes with the day. */
const keyForMs = 60_000;
/** A listener is counted again after so many ms: well before it is taken for gone. */
const seenEveryMs = 2000;
/** How often idle connections are looked for, ms. */
const lookMs = 1000;
/** Longer than promised, so that a request that is just coming is not cut off (as Node's HTTP server has it). */
const idleMs = (keepAliveSeconds + 1) * 1000;

/** What is known of a connection that Node's HTTP server has. */
interface History {
  /** How many of the bytes that came on it belong to requests that are known; not a number when that is not known. */
  known: number;
  misfits: number;
}

interface Candidate {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly n: SegmentNumber;
  readonly space: string;
  readonly rendition: RenditionName;
  readonly repeat: Repeat;
  /** Bytes that had come with it. */
  readonly bytes: number;
  readonly otherwise: () => void;
}

export interface KeptOptions {
  readonly directory: Directory;
  readonly channels: Channels;
  readonly audience: Audience;
  readonly writes: DirectWrites;
  readonly budget: HoldBudget;
  readonly counts: {
    slowCloses: number;
    keptAnswers: number;
    numberedBytes: number;
    keptTaken: number;
    left: number;
    leftEarly: number;
  };
  /** The address of whoever asks. */
  readonly address: (request: IncomingMessage) => string;
  /** Says how often they may ask. @default as often as they want */
  readonly gate?: Gate | undefined;
  /** Called with each answer; see `Slices`. */
  readonly breathe: () => void;
  /** Milliseconds after which a client that reads nothing is closed. */
  readonly stallMs: number;
}

/** All connections that ask for one segment after the other; see `KeptConnection`. */
export class KeptConnections implements KeptHost {
  readonly #options: KeptOptions;
  readonly #connections = new Set<KeptConnection>();
  /** Those whose answers wait in this process. */
  readonly #unread = new Set<KeptConnection>();
  /** Those that ask too much, and when each is answered; monotonic ms. */
  readonly #paced = new Map<KeptConnection, number>();
  readonly #histories = new WeakMap<Socket, History>();
  #candidates: Candidate[] = [];
  #leaving = false;
  #looked = 0;
  now = performance.now();

  constructor(options: KeptOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** The address of everybody on such a connection. */
  *addresses(): Generator<string> {
    for (const { question } of this.#connections) yield question.address;
  }

  /**
   * Takes a connection whose request for segment `n` is to be answered now or held, if it is a plain one and all that came
   * on it: then this answers it, in the loop's next turn, and what follows. `otherwise` is called when more has come by then.
   */
  take(request: IncomingMessage, response: ServerResponse, asked: Asked, otherwise: () => void): boolean {
    const { socket } = request;
    if (!canReadRaw || this.#leaving || "encrypted" in socket) return false;
    const history = this.#history(socket);
    const bytes = socket.bytesRead;
    const isAll = plainLength(request) === bytes - history.known;
    history.known = bytes;
    // One that is behind another on its connection has no socket yet.
    if (!isAll || history.misfits >= maxMisfits || !response.shouldKeepAlive || response.socket === null) return false;
    const repeat = Repeat.of(request, asked.n);
    if (repeat === undefined) return false;
    const candidates = this.#candidates.push({ request, response, ...asked, repeat, bytes, otherwise });
    if (candidates === 1) setImmediate(this.#takeAll);
    return true;
  }

  /** Closes those whose time is over. To be called some times a second. */
  sweep(now: number): void {
    this.now = now;
    for (const connection of this.#unread) {
      if (connection.isRead()) this.#unread.delete(connection);
      else if (connection.isStalled(now - this.#options.stallMs)) {
        this.#options.counts.slowCloses++;
        connection.socket.destroy();
      }
    }
    for (const [connection, until] of this.#paced) {
      if (until > now) continue;
      this.#paced.delete(connection);
      connection.goOnAsked();
    }
    if (now - this.#looked < lookMs) return;
    this.#looked = now;
    for (const connection of this.#connections) if (connection.isIdle(now - idleMs)) connection.socket.destroy();
  }

  /** Closes up to `most` on which nothing has been asked for since `before` (monotonic ms), and says how many. */
  closeIdle(most: number, before: number): number {
    let closed = 0;
    for (const connection of this.#connections) {
      if (closed >= most) break;
      if (!connection.isIdle(before)) continue;
      connection.socket.destroy();
      closed++;
    }
    return closed;
  }

  /** Gives all back to Node's HTTP server, which knows how to end connections; no more are taken. */
  leave(): void {
    this.#leaving = true;
    for (const connection of this.#connections) connection.leave();
  }

  channel(connection: KeptConnection): Channel | undefined {
    const { space, rendition } = connection.question;
    const entry = this.#options.directory.find(space);
    const { channel } = connection;
    if (channel !== undefined && channel.isOpen && channel.entry === entry) return channel;
    const isThere = entry !== undefined && entry.state.epochMs !== null;
    return (connection.channel = isThere ? this.#options.channels.get(entry, rendition) : undefined);
  }

  send(connection: KeptConnection, channel: Channel, n: SegmentNumber, bytes: Buffer): boolean {
    const { audience, counts, writes, breathe } = this.#options;
    breathe();
    const written = writes.write(connection.socket, channel.answer(n, bytes));
    counts.keptAnswers++;
    const space = channel.entry.state.id;
    let { listener } = connection;
    if (listener === undefined || listener.space !== space || this.now - listener.since > keyForMs) {
      const { address, userAgent } = connection.question;
      listener = { space, key: audience.key(space, address, userAgent), since: this.now, seen: -Infinity };
      connection.listener = listener;
    }
    if (this.now - listener.seen >= seenEveryMs) {
      listener.seen = this.now;
      audience.seen(space, listener.key);
    }
    if (written === "queued") this.#unread.add(connection);
    return written !== "queued";
  }

  mustWait(connection: KeptConnection): boolean {
    const { pace, address } = connection.question;
    const { gate } = this.#options;
    if (pace === undefined || gate === undefined || pace.isKept(this.now)) return false;
    this.#paced.set(connection, this.now + gate.waitBeyond(pace, this.now, address));
    return true;
  }

  gone(connection: KeptConnection, why: "closed" | "misfit" | "leaving"): void {
    if (!this.#connections.delete(connection)) return;
    this.#paced.delete(connection);
    this.#options.budget.letGo(connection.question.holder);
    this.#unread.delete(connection);
    if (why === "closed") {
      this.#options.counts.left++;
      if (connection.answered < heardSegments) this.#options.counts.leftEarly++;
      return;
    }
    const history = this.#history(connection.socket);
    // Whatever is behind it is the HTTP server's to count.
    history.known = Number.NaN;
    history.misfits = Math.max(0, history.misfits + 1 - Math.floor(connection.answered / answersPerMisfit));
  }

  readonly #takeAll = (): void => {
    const candidates = this.#candidates;
    this.#candidates = [];
    for (const { request, response, n, space, rendition, repeat, bytes, otherwise } of candidates) {
      const { socket } = request;
      if (response.destroyed || socket.destroyed) continue;
      if (socket.bytesRead !== bytes || this.#leaving) {
        otherwise();
        continue;
      }
      const address = this.#options.address(request);
      const userAgent = request.headers["user-agent"] ?? "";
      const { server } = socket as Socket & { readonly server: Server };
      const pace = this.#options.gate?.paceOf(request);
      const holder = this.#options.budget.keep(address);
      const question = { repeat, space, rendition, address, userAgent, holder, pace };
      const connection = new KeptConnection(detachSocket(request, response), question, server, this);
      this.#connections.add(connection);
      this.#options.counts.keptTaken++;
      connection.begin(n);
    }
  };

  #history(socket: Socket): History {
    let history = this.#histories.get(socket);
    if (!history) this.#histories.set(socket, (history = { known: 0, misfits: 0 }));
    return history;
  }
}

/** What a request asks for. */
export interface Asked {
  /** As the request's address has it. */
  readonly space: string;
  readonly rendition: RenditionName;
  readonly n: SegmentNumber;
}
