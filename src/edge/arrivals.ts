import type { Server, Socket } from "node:net";
import { interpose } from "./first-bytes.ts";
import type { KnownRequest, KnownRequests } from "./known-requests.ts";
import { canReadRaw, readAsStream, readRaw } from "./raw-reads.ts";
import { hangUp, quiet } from "./takeover.ts";

/** For how long a new connection may be silent before Node's HTTP server has it, whose time limits hold for it then; ms. */
export const silentMs = 1000;

interface Arrival {
  readonly goOn: () => void;
  readonly since: number;
}
type Arriving = Socket & { [arrivals]?: Arrivals };
const arrivals = Symbol("arrivals");

/** What becomes of whoever sends many requests at once, while many wait for their turn. */
export interface Rush {
  /** How many requests one connection may send at once now. */
  readonly most: () => number;
  /** One with more, which is closed. */
  readonly refused: (socket: Socket) => void;
}

export interface ArrivalsOptions {
  readonly known: KnownRequests;
  /** Begins an endless response on a socket that nobody reads, without an answer so far; false when it is not to be had now. */
  readonly join: (socket: Socket, request: KnownRequest) => boolean;
}

/**
 * New connections before Node's HTTP server has them: if the first bytes are a request for an endless response that is
 * known, it begins at once, and nothing of HTTP is ever made for that connection. All others go on to the server,
 * with every byte that has come.
 */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  readonly #waiting = new Map<Socket, Arrival>();
  #now = performance.now();
  #leaving = false;
  #rush: Rush = { most: () => Infinity, refused: () => {} };

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  /** To be called before anything else is put before the server. */
  watch(server: Server): void {
    if (canReadRaw) interpose(server, (socket, goOn) => this.#take(socket, goOn));
  }

  /** Says what holds in a rush. */
  inRush(rush: Rush): void {
    this.#rush = rush;
  }

  /** Hands on who has said nothing. To be called some times a second. */
  sweep(now: number): void {
    this.#now = now;
    for (const [socket, { since }] of this.#waiting) {
      if (now - since < silentMs) break;
      this.#handOn(socket);
    }
  }

  /** From now on all go to the server at once. */
  leave(): void {
    this.#leaving = true;
    for (const socket of this.#waiting.keys()) this.#handOn(socket);
  }

  /** What came first on a connection. */
  read(socket: Socket, bytes: Buffer, length: number): void {
    const { known, join } = this.#options;
    const request = known.find(bytes, length);
    if (request && join(socket, request)) return void this.#waiting.delete(socket);
    const first = bytes.subarray(0, length);
    if (!hasMore(first, this.#rush.most())) return this.#handOn(socket, Buffer.from(first));
    this.#waiting.delete(socket);
    this.#rush.refused(socket);
    socket.destroy();
  }

  #take(socket: Arriving, goOn: () => void): void {
    if (this.#leaving || this.#options.known.size === 0 || socket.readableLength > 0) return goOn();
    this.#waiting.set(socket, { goOn, since: this.#now });
    socket[arrivals] = this;
    socket.on("error", quiet);
    socket.on("end", hangUp);
    readRaw(socket, readFirst);
  }

  #handOn(socket: Socket, bytes?: Buffer): void {
    const arrival = this.#waiting.get(socket);
    this.#waiting.delete(socket);
    if (!arrival || socket.destroyed || socket.writableEnded) return;
    socket.off("error", quiet);
    socket.off("end", hangUp);
    readAsStream(socket);
    if (bytes) socket.unshift(bytes);
    arrival.goOn();
  }
}

function readFirst(this: Arriving, length: number, bytes: Buffer): boolean {
  this[arrivals]?.read(this, bytes, length);
  return true;
}

const headEnd = Buffer.from("\r\n\r\n");

/** Whether there are more than so many requests' ends in bytes: a look that costs a fiftieth of reading them. */
function hasMore(bytes: Buffer, most: number): boolean {
  if (most === Infinity) return false;
  let at = -headEnd.length;
  for (let found = 0; found <= most; found++) {
    at = bytes.indexOf(headEnd, at + headEnd.length);
    if (at < 0) return false;
  }
  return true;
}
