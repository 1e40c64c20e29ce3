import net from "node:net";
import { errno } from "../../foundation/errors.ts";
import { AnswerReader, type AnswerHearer } from "./answer-reader.ts";
import type { Base } from "./bases.ts";

/** Why a connection is of no more use. `local`: this machine has no more ports or descriptors. */
export type Loss = "refused" | "ended" | "no-answer" | "local";

/** Who asks on a connection. It hears of nothing any more once it has closed it. */
export interface Asker extends AnswerHearer {
  /** Something came; once for each read, before what it is. */
  read(bytes: number): void;
  lost(why: Loss): void;
}

/** What all connections of a process share. */
export interface Connections {
  /** Open now. */
  open: number;
  /** Told when one is closed: there is room for another. */
  readonly closed: () => void;
}

/** Where all sockets are read to, one after the other: no read takes memory of its own. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);
const held = Symbol("connection");
type Held = net.Socket & { [held]?: Connection };

/** One connection to an edge, on which one thing after another is asked for. */
export class Connection {
  readonly base: Base;
  readonly #asker: Asker;
  readonly #all: Connections;
  readonly #socket: Held;
  readonly #reader = new AnswerReader();
  #isOpen = true;
  #hasConnected = false;

  /** @param resumes whether whoever asks was at this edge before: then TLS goes on with a session of before */
  constructor(base: Base, source: string | undefined, resumes: boolean, asker: Asker, all: Connections) {
    this.base = base;
    this.#asker = asker;
    this.#all = all;
    all.open++;
    this.#socket = base.secure ? openSecure(base, base.secure, source, resumes) : net.connect(optionsOf(base, source));
    this.#socket[held] = this;
    this.#socket.on("connect", onConnect).on("error", onError).on("end", onEnd).on("close", onClose);
  }

  /** Sends a request; its answer is told to the asker. */
  ask(request: string): void {
    this.#reader.expect();
    this.#socket.write(request, "latin1");
  }

  /** Lets go of it; nothing is told any more. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#all.open--;
    this.#reader.stop();
    this.#socket.destroy();
    this.#all.closed();
  }

  take(length: number, bytes: Buffer): void {
    if (!this.#isOpen) return;
    this.#asker.read(length);
    if (this.#isOpen && !this.#reader.take(bytes, length, this.#asker) && this.#isOpen) this.#lose("no-answer");
  }

  connected(): void {
    this.#hasConnected = true;
  }

  failed(code: string | undefined): void {
    const isLocal = code === "EADDRNOTAVAIL" || code === "EMFILE" || code === "ENFILE" || code === "EADDRINUSE";
    this.#lose(isLocal ? "local" : this.#hasConnected ? "ended" : "refused");
  }

  /** The other side has ended. */
  ended(): void {
    if (!this.#isOpen) return;
    if (this.#reader.endsByClose) this.#asker.whole(false);
    this.#lose("ended");
  }

  #lose(why: Loss): void {
    if (!this.#isOpen) return;
    this.close();
    this.#asker.lost(why);
  }
}

function optionsOf({ host, port }: Base, source: string | undefined): net.NetConnectOpts {
  return {
    host,
    port,
    ...(source === undefined ? {} : { localAddress: source }),
    autoSelectFamily: false,
    noDelay: true,
    onread: { buffer: shared, callback: onRead },
  };
}

function openSecure(base: Base, secure: NonNullable<Base["secure"]>, source: string | undefined, resumes: boolean) {
  const { context, servername, session } = secure;
  const socket = process.getBuiltinModule("node:tls").connect({
    ...optionsOf(base, source),
    secureContext: context,
    ALPNProtocols: ["http/1.1"],
    ...(servername === undefined ? {} : { servername }),
    ...(resumes && session !== undefined ? { session } : {}),
  });
  socket.on("session", (latest) => (secure.session = latest));
  return socket;
}

function onRead(this: unknown, length: number, bytes: Uint8Array): boolean {
  (this as Held)[held]?.take(length, bytes as Buffer);
  return true;
}

function onConnect(this: Held): void {
  this[held]?.connected();
}

function onError(this: Held, error: Error): void {
  this[held]?.failed(errno(error));
}

function onEnd(this: Held): void {
  this[held]?.ended();
}

function onClose(this: Held): void {
  this[held]?.ended();
}
