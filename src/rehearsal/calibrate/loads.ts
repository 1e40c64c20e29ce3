import { connect, type Socket } from "node:net";
import type { ConnectionOptions, TLSSocket } from "node:tls";

/** Where the server that is measured listens, on this machine. */
export interface LoadTarget {
  readonly port: number;
  readonly tls: boolean;
}

/** A source address keeps few connections: each waits a minute after it was closed, and ports are found by trying. */
const perAddress = 1500;
const addresses = 200;
let opened = 0;
const source = (): string => `127.0.0.${2 + (Math.floor(opened++ / perAddress) % addresses)}`;
/** How many connections are under way at once. */
const abreast = 20;
/** What takes longer has failed, ms. */
const longestMs = 20_000;

const tls = (): typeof import("node:tls") => process.getBuiltinModule("node:tls");

/** Opens a connection; with `session` one that resumes it. The certificate is this program's own: it is not checked. */
function open(target: LoadTarget, session?: Buffer, localAddress = source()): Socket {
  const to = { port: target.port, host: "127.0.0.1", localAddress };
  if (!target.tls) return connect(to);
  const secure: ConnectionOptions = { ...to, rejectUnauthorized: false, ...(session ? { session } : {}) };
  return tls().connect(secure);
}

/** Calls `one` so often, some at once. */
export async function many(count: number, one: () => Promise<void>): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: Math.min(count, abreast) }, lane));
}

const late = (what: string): Error => new Error(`${what} took over ${longestMs / 1000} s`);

/**
 * One connection that asks, and ends when the server does or as soon as `enough` bytes have come. Resolves with the
 * session to resume, where there is one; rejects when nothing came, or when a session was not taken.
 */
export function ask(
  target: LoadTarget,
  request: string,
  { enough = Number.POSITIVE_INFINITY, session }: { readonly enough?: number; readonly session?: Buffer } = {},
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const socket = open(target, session);
    let got = 0;
    let ticket: Buffer | undefined;
    const timer = setTimeout(() => socket.destroy(late("a connection")), longestMs);
    socket.on("data", (part) => {
      got += part.length;
      if (got >= enough) socket.destroy();
    });
    socket.on("session", (given: Buffer) => (ticket = given));
    socket.on("secureConnect", () => {
      if (session && !(socket as TLSSocket).isSessionReused()) socket.destroy(new Error("a session was not resumed"));
    });
    socket.on("close", () => {
      clearTimeout(timer);
      if (got > 0) resolve(ticket);
      else reject(new Error("a connection closed before anything came"));
    });
    socket.on("error", reject);
    socket.write(request);
  });
}

/** Asks for these in turn, one after the other on kept connections; rejects on any answer but 200. */
export async function askKept(target: LoadTarget, requests: readonly string[], count: number): Promise<void> {
  const lanes = Math.min(count, abreast);
  const each = Math.ceil(count / lanes);
  // Each from an address of its own: an address has a budget of questions to the API.
  await Promise.all(Array.from({ length: lanes }, (_, i) => lane(target, requests, each, `127.0.0.${2 + i}`)));
}

function lane(target: LoadTarget, requests: readonly string[], count: number, from: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = open(target, undefined, from);
    const answers = new AnswerCounter();
    const timer = setTimeout(() => socket.destroy(late(`${count} requests`)), longestMs);
    let left = count;
    const next = (): void => void socket.write(requests[left % requests.length] ?? "");
    socket.on("data", (part) => {
      if (!answers.push(part)) return;
      if (answers.status !== 200) return void socket.destroy(new Error(`it answered ${answers.status}`));
      if (--left === 0) socket.destroy();
      else next();
    });
    socket.on("error", reject);
    socket.on("close", () => {
      clearTimeout(timer);
      if (left === 0) resolve();
      else reject(new Error("a connection closed before its last answer"));
    });
    next();
  });
}

/** Finds the end of each answer that has a Content-Length (RFC 9112, section 6). */
class AnswerCounter {
  status = 0;
  #head = "";
  #left = -1;

  /** Takes what came; true when an answer is whole with it. Nothing of the next has been asked for yet. */
  push(part: Buffer): boolean {
    if (this.#left < 0) {
      this.#head += part.toString("latin1");
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) return false;
      this.status = Number(/^HTTP\/1\.1 (\d{3})/.exec(this.#head)?.[1] ?? 0);
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#head.slice(0, end))?.[1] ?? 0);
      this.#left = length - (this.#head.length - end - 4);
      this.#head = "";
    } else this.#left -= part.length;
    if (this.#left > 0) return false;
    this.#left = -1;
    return true;
  }
}

/** Connections that stay: each asks once and reads what comes. */
export class Held {
  readonly #target: LoadTarget;
  readonly #sockets = new Set<Socket>();
  /** Closed or failed although nobody let them go. */
  lost = 0;

  constructor(target: LoadTarget) {
    this.#target = target;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Adds so many; resolves when each has got its first bytes. */
  async add(count: number, request: string): Promise<void> {
    await many(count, () => this.#one(request));
  }

  #one(request: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = open(this.#target);
      this.#sockets.add(socket);
      const timer = setTimeout(() => reject(late("a join")), longestMs);
      socket.once("data", () => {
        clearTimeout(timer);
        resolve();
      });
      socket.resume();
      socket.on("error", () => {});
      socket.on("close", () => {
        clearTimeout(timer);
        if (this.#sockets.delete(socket)) this.lost++;
        reject(new Error("a listener's connection closed"));
      });
      socket.write(request);
    });
  }

  end(): void {
    const all = [...this.#sockets];
    this.#sockets.clear();
    for (const socket of all) socket.destroy();
  }
}

/** Connections of listeners by number: each asks for the next segment as soon as it has one. */
export class Numbered {
  readonly #target: LoadTarget;
  readonly #requestOf: (n: number) => string;
  readonly #sockets = new Set<Socket>();
  /** Answers that came. */
  answered = 0;
  lost = 0;

  constructor(target: LoadTarget, requestOf: (n: number) => string) {
    this.#target = target;
    this.#requestOf = requestOf;
  }

  get size(): number {
    return this.#sockets.size;
  }

  async add(count: number, first: number): Promise<void> {
    await many(count, () => this.#one(first));
  }

  #one(first: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = open(this.#target);
      const answers = new AnswerCounter();
      let n = first;
      this.#sockets.add(socket);
      socket.on("data", (part) => {
        if (!answers.push(part)) return;
        if (answers.status !== 200) return void socket.destroy();
        this.answered++;
        resolve();
        socket.write(this.#requestOf(++n));
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        if (this.#sockets.delete(socket)) this.lost++;
        reject(new Error(`a connection closed at segment ${n}, after an answer of ${answers.status}`));
      });
      socket.write(this.#requestOf(n));
    });
  }

  end(): void {
    const all = [...this.#sockets];
    this.#sockets.clear();
    for (const socket of all) socket.destroy();
  }
}
