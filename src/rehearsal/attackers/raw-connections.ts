import { connect, type Socket } from "node:net";
import type * as tls from "node:tls";
import { inTurn } from "./addresses.ts";
import type { AttackContext } from "./contract.ts";

export interface ConnectionUse {
  /** It is there; with TLS, the handshake is over. */
  readonly opened?: (socket: Socket) => void;
  /** What came. Without it nothing is ever read. */
  readonly data?: (bytes: Buffer, socket: Socket) => void;
  /** It is gone, for whatever reason, or could not be made. */
  readonly gone?: () => void;
}

/**
 * The raw TCP or TLS connections of one attack, all counted, all gone with its signal. Nothing of HTTP is in between: what is
 * sent is what arrives. Certificates are not checked, since nothing that is sent here is anybody's secret.
 */
export class RawConnections {
  readonly #context: AttackContext;
  readonly #from: () => { localAddress?: string };
  readonly #sockets = new Set<Socket>();
  #idle: (() => void) | undefined;

  constructor(context: AttackContext) {
    this.#context = context;
    this.#from = inTurn(context.sources);
    context.signal.addEventListener("abort", () => this.#endAll(), { once: true });
  }

  /** Those being made and those that are open. */
  get size(): number {
    return this.#sockets.size;
  }

  open({ opened, data, gone }: ConnectionUse = {}): Socket {
    const { counts, target, signal } = this.#context;
    const { host, port } = target;
    const where = { host, port, noDelay: true, ...this.#from() };
    const socket = target.tls ? nodeTls().connect({ ...where, rejectUnauthorized: false }) : connect(where);
    this.#sockets.add(socket);
    let isOpen = false;
    socket.once(target.tls ? "secureConnect" : "connect", () => {
      isOpen = true;
      counts.connected++;
      counts.open++;
      opened?.(socket);
    });
    if (data)
      socket.on("data", (bytes: Buffer) => {
        counts.bytesReceived += bytes.length;
        data(bytes, socket);
      });
    else socket.pause();
    // What the target does to a connection is counted where it closes.
    socket.on("error", () => {});
    let hasEnded = false;
    // Before the socket ends its own side in answer.
    socket.prependOnceListener("end", () => (hasEnded = !socket.writableEnded));
    socket.once("close", (failed) => {
      this.#sockets.delete(socket);
      if (isOpen) counts.open--;
      else if (!signal.aborted) counts.failed++;
      if (isOpen && (hasEnded || failed) && !signal.aborted) counts.closed++;
      gone?.();
      if (this.#sockets.size === 0) this.#idle?.();
    });
    if (signal.aborted) socket.destroy();
    return socket;
  }

  /** Sends, and counts it as one request or message; false when the connection is gone or its client's own buffer is full. */
  send(socket: Socket, bytes: string | Buffer): boolean {
    if (socket.destroyed || !socket.writable) return false;
    const { counts } = this.#context;
    counts.sent++;
    counts.bytesSent += bytes.length;
    return socket.write(bytes, "latin1");
  }

  /** Resolves when all are gone. */
  async ended(): Promise<void> {
    if (this.#sockets.size > 0) await new Promise<void>((done) => (this.#idle = done));
  }

  #endAll(): void {
    // A reset leaves no port waiting behind (TIME-WAIT, RFC 9293, section 3.6.1).
    for (const socket of this.#sockets) resetConnection(socket);
  }
}

/** Ends a connection at once, by a reset where TCP is spoken directly. */
export function resetConnection(socket: Socket): void {
  if (socket.connecting || "encrypted" in socket) socket.destroy();
  else socket.resetAndDestroy();
}

const nodeTls = (): typeof tls => process.getBuiltinModule("node:tls");
