import type { Socket } from "node:net";
import { readFirst } from "./first-bytes.ts";
import { refuseRaw } from "./raw-answer.ts";
import { Problem } from "../foundation/errors.ts";

/** TLS handshakes under way at once in one process. */
export const maxHandshakes = 1000;
/** Clients that have begun to speak and wait for theirs; one more is closed. */
export const maxWaitingHandshakes = 8000;
/** Milliseconds for a client's first bytes, for its wait, and again for its handshake. */
export const handshakeWithinMs = 5000;
/**
 * Handshakes begun in one turn of the event loop: about 5 ms of work, so that those who play already get their bytes
 * between, however many join at once.
 */
export const handshakesPerTurn = 8;

/** The first byte of every TLS connection: a record of the handshake (RFC 8446, 5.1). */
const handshakeRecord = 0x16;

export interface HandshakeCounts {
  /** Handshakes that were done. */
  handshakes: number;
  /** Of those, the ones that went on with an earlier session. */
  resumedHandshakes: number;
  /** Handshakes that failed, or were not over in time. */
  failedHandshakes: number;
  /** Connections closed because too many were waiting, or for too long. */
  handshakeOverflow: number;
}

export interface HandshakeOptions {
  readonly counts: HandshakeCounts;
  /** @default maxHandshakes */
  readonly most?: number | undefined;
  /** @default maxWaitingHandshakes */
  readonly mostWaiting?: number | undefined;
  /** Milliseconds. @default handshakeWithinMs */
  readonly withinMs?: number | undefined;
  /** Told of each connection that was closed before its handshake was done. @default nobody is */
  readonly onFailed?: ((socket: Socket) => void) | undefined;
}

interface UnderWay {
  readonly socket: Socket;
  readonly failed: () => void;
}

interface Waiting {
  readonly socket: Socket;
  readonly since: number;
  readonly goOn: () => void;
}

/**
 * Lets connections begin their handshakes a few at a time. Nothing of TLS is made for a connection before its client has
 * sent something, so silent connections cost a socket and no more.
 */
export class Handshakes {
  readonly #counts: HandshakeCounts;
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #withinMs: number;
  readonly #onFailed: (socket: Socket) => void;
  /** By the client's end of the connection, which TLS's socket has too. */
  readonly #underWay = new Map<string, UnderWay>();
  #waiting: Waiting[] = [];
  /** Whether the next turn of the event loop is taken. */
  #scheduled = false;

  constructor(options: HandshakeOptions) {
    this.#counts = options.counts;
    this.#most = options.most ?? maxHandshakes;
    this.#mostWaiting = options.mostWaiting ?? maxWaitingHandshakes;
    this.#withinMs = options.withinMs ?? handshakeWithinMs;
    this.#onFailed = options.onFailed ?? ignore;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** A new connection; `goOn` begins its handshake. */
  take(socket: Socket, goOn: () => void): void {
    readFirst(socket, {
      withinMs: this.#withinMs,
      look: (bytes) =>
        bytes[0] === handshakeRecord
          ? { kind: "take", bytes: 0 }
          : { kind: "refuse", refuse: (refused) => refuseRaw(refused, speakTls()) },
      taken: () => this.#wait({ socket, goOn, since: performance.now() }),
      late: () => void this.#counts.failedHandshakes++,
    });
  }

  /** The handshake of a connection is over; gives the socket that is underneath. */
  done(secure: Socket): Socket | undefined {
    const at = endpoint(secure);
    const found = this.#underWay.get(at);
    if (!found) return undefined;
    found.socket.removeListener("close", found.failed);
    this.#leave(at);
    return found.socket;
  }

  /** Closes those who wait or are under way. */
  end(): void {
    for (const { socket } of this.#waiting.splice(0)) socket.destroy();
    for (const { socket } of this.#underWay.values()) socket.destroy();
  }

  #wait(waiting: Waiting): void {
    if (this.#waiting.length >= this.#mostWaiting) {
      this.#counts.handshakeOverflow++;
      waiting.socket.destroy();
      return;
    }
    // A client that hangs up while it waits is found to be gone when its turn comes.
    waiting.socket.on("error", ignore);
    this.#waiting.push(waiting);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0 || this.#underWay.size >= this.#most) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#begin();
      this.#schedule();
    });
  }

  #begin(): void {
    const room = Math.min(handshakesPerTurn, this.#most - this.#underWay.size);
    for (const { socket, since, goOn } of this.#waiting.splice(0, room)) {
      socket.removeListener("error", ignore);
      if (socket.destroyed) continue;
      if (performance.now() - since > this.#withinMs) {
        this.#counts.handshakeOverflow++;
        socket.destroy();
        continue;
      }
      const at = endpoint(socket);
      // Also of a client that is gone before it can be asked whose the connection is that TLS has made.
      const failed = (): void => {
        this.#counts.failedHandshakes++;
        this.#onFailed(socket);
        this.#leave(at);
      };
      this.#underWay.set(at, { socket, failed });
      socket.on("close", failed);
      goOn();
    }
  }

  #leave(at: string): void {
    this.#underWay.delete(at);
    this.#schedule();
  }
}

const ignore = (): void => {};
const endpoint = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;

const speakTls = (): Problem =>
  new Problem({
    status: 400,
    code: "not-tls",
    title: "This port speaks TLS",
    detail: "What came is no TLS handshake.",
    action: "Use https:// with this port, or http:// with the plain one.",
  });
