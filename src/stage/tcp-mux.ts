import net from "node:net";
import type { Log } from "../foundation/log.ts";
import { portTaken } from "./port-taken.ts";

/**
 * One TCP port for all peers that come over ICE-TCP (RFC 6544). A connection's first frame (RFC 4571) must be a STUN
 * binding request (RFC 8489), whose user name names the session (RFC 8445, 7.2.2); from then on its bytes go to and from
 * that session's own listener on loopback, unread. A session has one connection: a client tries several of its
 * networks at once, and the library keeps to the first that is nominated while the client would move on.
 */
export interface TcpMux {
  readonly port: number;
  /** Sends connections that name `ufrag` to the loopback port; returns how to stop that. */
  register(ufrag: string, loopbackPort: number): () => void;
  close(): Promise<void>;
}

/** Connections that have not said yet whose they are; more are refused. */
export const maxUnnamed = 64;
/** A binding request with all its attributes fits easily. */
const maxFirstFrame = 1500;
const firstFrameMs = 5000;

interface Target {
  readonly port: number;
  socket: net.Socket | undefined;
}

const stunMagic = 0x2112a442;
const bindingRequest = 0x0001;
const usernameAttribute = 0x0006;

/** The local user name fragment that a STUN binding request is addressed to; `undefined` when it is not one. */
export function stunTarget(message: Buffer): string | undefined {
  if (message.length < 20 || message.readUInt16BE(0) !== bindingRequest || message.readUInt32BE(4) !== stunMagic)
    return undefined;
  const end = Math.min(message.length, 20 + message.readUInt16BE(2));
  for (let at = 20; at + 4 <= end;) {
    const length = message.readUInt16BE(at + 2);
    if (at + 4 + length > end) return undefined;
    if (message.readUInt16BE(at) === usernameAttribute) {
      const [target] = message.toString("utf8", at + 4, at + 4 + length).split(":");
      return target;
    }
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return undefined;
}

export async function openTcpMux(port: number, log: Log): Promise<TcpMux> {
  const targets = new Map<string, Target>();
  const unnamed = new Set<net.Socket>();

  const join = (socket: net.Socket, first: Buffer, ufrag: string | undefined): void => {
    const target = ufrag === undefined ? undefined : targets.get(ufrag);
    if (!target || target.socket) {
      log.debug("ice-tcp-refused", { reason: target ? "the session has its connection" : "no such session" });
      socket.destroy();
      return;
    }
    const inner = net.connect({ host: "127.0.0.1", port: target.port, noDelay: true });
    target.socket = socket;
    const end = (): void => {
      if (target.socket === socket) target.socket = undefined;
      socket.destroy();
      inner.destroy();
    };
    for (const one of [socket, inner]) one.on("error", end).on("close", end);
    inner.write(first);
    socket.pipe(inner).pipe(socket);
  };

  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    if (unnamed.size >= maxUnnamed) {
      socket.destroy();
      return;
    }
    unnamed.add(socket);
    socket.setTimeout(firstFrameMs, () => socket.destroy());
    socket.on("close", () => unnamed.delete(socket));
    let received = Buffer.alloc(0);
    const onData = (bytes: Buffer): void => {
      received = Buffer.concat([received, bytes]);
      const length = received.length < 2 ? undefined : received.readUInt16BE(0);
      if (length !== undefined && (length > maxFirstFrame || length < 20)) socket.destroy();
      else if (length !== undefined && received.length >= length + 2) {
        socket.off("data", onData).pause().setTimeout(0);
        unnamed.delete(socket);
        join(socket, received, stunTarget(received.subarray(2, length + 2)));
      }
    };
    socket.on("data", onData);
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (failure) => reject(portTaken("TCP", port, failure))).listen(port, resolve);
  await promise;
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    register: (ufrag, loopbackPort) => {
      const target: Target = { port: loopbackPort, socket: undefined };
      targets.set(ufrag, target);
      return () => {
        if (targets.get(ufrag) === target) targets.delete(ufrag);
        target.socket?.destroy();
      };
    },
    close: async () => {
      for (const socket of unnamed) socket.destroy();
      for (const { socket } of targets.values()) socket?.destroy();
      await new Promise<void>((done) => void server.close(() => done()));
    },
  };
}
