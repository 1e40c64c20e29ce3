import { createHmac, timingSafeEqual } from "node:crypto";
import net from "node:net";
import type { Log } from "../foundation/log.ts";
import { portTaken } from "./port-taken.ts";

/**
 * One TCP port for all peers that come over ICE-TCP (RFC 6544). A connection's first frame (RFC 4571) must be a STUN
 * binding request (RFC 8489) whose user name names a session (RFC 8445, 7.2.2) and whose integrity proves its password;
 * from then on its bytes go to and from that session's own listener on loopback, unread. The password is looked at here
 * because the library does not, and its user names have four digits. A session has one connection: a client tries
 * several of its networks at once, and the library keeps to the first that is nominated while the client would move on.
 */
export interface TcpMux {
  readonly port: number;
  /** Sends connections that prove to be for this session to its port; returns how to stop that. */
  register(session: TcpSession): () => void;
  close(): Promise<void>;
}

export interface TcpSession {
  readonly iceUfrag: string;
  readonly icePwd: string;
  /** Where it listens on 127.0.0.1. */
  readonly loopbackPort: number;
}

/** Connections that have not said yet whose they are; with one more the oldest is closed. */
export const maxUnnamed = 64;
/** A binding request with all its attributes fits easily. */
const maxFirstFrame = 1500;
const firstFrameMs = 5000;

interface Target extends TcpSession {
  socket: net.Socket | undefined;
}

const stunMagic = 0x2112a442;
const bindingRequest = 0x0001;
const usernameAttribute = 0x0006;
const messageIntegrity = 0x0008;
const headerBytes = 20;
const hashBytes = 20;

/** What the first message of a connection says of itself: for whom it is, and the means to check that. */
export interface BindingRequest {
  readonly target: string;
  /** Whether it was made with this password (RFC 8489, 14.5: HMAC-SHA1 of what is before it, its own place counted in). */
  provedBy(password: string): boolean;
}

/** Reads a STUN binding request with user name and integrity; `undefined` when it is not one. */
export function readBindingRequest(message: Buffer): BindingRequest | undefined {
  if (message.length < headerBytes || message.readUInt16BE(0) !== bindingRequest) return undefined;
  if (message.readUInt32BE(4) !== stunMagic || message.readUInt16BE(2) + headerBytes !== message.length)
    return undefined;
  let target: string | undefined;
  for (let at = headerBytes; at + 4 <= message.length;) {
    const [type, length] = [message.readUInt16BE(at), message.readUInt16BE(at + 2)];
    const value = message.subarray(at + 4, at + 4 + length);
    if (value.length < length) return undefined;
    if (type === usernameAttribute) target = value.toString("utf8").split(":")[0];
    if (type === messageIntegrity && length === hashBytes && target !== undefined) {
      const signed = Buffer.from(message.subarray(0, at));
      signed.writeUInt16BE(at + 4 + hashBytes - headerBytes, 2);
      const provedBy = (password: string): boolean =>
        timingSafeEqual(createHmac("sha1", password).update(signed).digest(), value);
      return { target, provedBy };
    }
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return undefined;
}

export async function openTcpMux(port: number, log: Log): Promise<TcpMux> {
  const targets = new Set<Target>();
  const unnamed = new Set<net.Socket>();

  const join = (socket: net.Socket, request: BindingRequest | undefined, received: Buffer): void => {
    const target = [...targets].find((one) => one.iceUfrag === request?.target && request.provedBy(one.icePwd));
    if (!target || target.socket) {
      log.debug("ice-tcp-refused", { reason: target ? "the session has its connection" : "no such session" });
      socket.destroy();
      return;
    }
    const inner = net.connect({ host: "127.0.0.1", port: target.loopbackPort, noDelay: true });
    target.socket = socket;
    const end = (): void => {
      if (target.socket === socket) target.socket = undefined;
      socket.destroy();
      inner.destroy();
    };
    for (const one of [socket, inner]) one.on("error", end).on("close", end);
    inner.write(received);
    socket.pipe(inner).pipe(socket);
  };

  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    // Who has a name says it at once: those who have been silent for longest give way, and so keep nobody out.
    const [oldest] = unnamed;
    if (unnamed.size >= maxUnnamed) oldest?.destroy();
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
        join(socket, readBindingRequest(received.subarray(2, length + 2)), received);
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
    register: (session) => {
      const target: Target = { ...session, socket: undefined };
      targets.add(target);
      return () => {
        targets.delete(target);
        target.socket?.destroy();
      };
    },
    close: async () => {
      for (const socket of unnamed) socket.destroy();
      for (const { socket } of targets) socket?.destroy();
      await new Promise<void>((done) => void server.close(() => done()));
    },
  };
}
