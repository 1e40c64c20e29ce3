import type https from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Certificate } from "./certificate.ts";
import { inheritPeer } from "./client-address.ts";
import { interpose } from "./first-bytes.ts";
import type { HandshakeCounts } from "./handshakes.ts";
import { handshakeWithinMs, Handshakes } from "./handshakes.ts";
import { keepCloseListeners } from "./takeover.ts";

const nodeHttps: typeof https = process.getBuiltinModule("node:https");

/** Seconds for which a session can be resumed: as long as a long event. */
export const sessionSeconds = 4 * 3600;
const dayMs = 86_400_000;

export interface SecureOptions {
  readonly certificate: Certificate;
  /**
   * The 48 bytes that a day's session tickets are sealed with, by the day's number since 1970 (UTC). The same for all
   * processes of an installation, so that a client resumes with whichever it meets.
   */
  readonly ticketKeys: (day: number) => Buffer;
  /** @default maxHandshakes */
  readonly maxHandshakes?: number | undefined;
  /** Milliseconds. @default handshakeWithinMs */
  readonly handshakeWithinMs?: number | undefined;
  /** Told of each connection that was closed before its handshake was done. @default nobody is */
  readonly onFailed?: ((socket: Socket) => void) | undefined;
}

/** An HTTP server behind TLS, whose certificate can be changed while it serves. */
export interface SecureServer {
  readonly server: https.Server;
  readonly handshakes: Handshakes;
  readonly certificate: Certificate;
  /** New connections get this certificate; those there are keep theirs. */
  renew(certificate: Certificate): void;
  /** Seals tickets with the key of this time's day (ms since 1970), if another one is in use. */
  rotate(now: number): void;
}

/**
 * TLS 1.2 and 1.3 with the ciphers and groups that Node prefers (ECDHE throughout, X25519MLKEM768 first), for HTTP/1.1.
 * The server does not listen yet. A client's address told by a PROXY protocol header before TLS is its address in TLS.
 */
export function createSecureServer(
  http: https.ServerOptions,
  { certificate: first, ticketKeys, maxHandshakes, onFailed, ...options }: SecureOptions,
  counts: HandshakeCounts,
  now: number,
): SecureServer {
  let certificate = first;
  let day = Math.floor(now / dayMs);
  const withinMs = options.handshakeWithinMs ?? handshakeWithinMs;
  const handshakes = new Handshakes({ counts, most: maxHandshakes, withinMs, onFailed });
  const context = () => ({
    cert: certificate.cert,
    key: certificate.key,
    minVersion: "TLSv1.2" as const,
    ticketKeys: ticketKeys(day),
    sessionTimeout: sessionSeconds,
    // Node's own choice differs by command line, and a session of one process would be refused by the next.
    sessionIdContext: "rostra",
  });
  const server = nodeHttps.createServer({
    ...http,
    ...context(),
    ALPNProtocols: ["http/1.1"],
    handshakeTimeout: withinMs,
  });
  interpose(server, (socket, goOn) => handshakes.take(socket, goOn));
  // Before the HTTP server's own listener.
  server.prependListener("secureConnection", (socket: TLSSocket) => {
    counts.handshakes++;
    if (socket.isSessionReused()) counts.resumedHandshakes++;
    const lower = handshakes.done(socket);
    if (lower) inheritPeer(socket, lower);
    keepCloseListeners(socket);
  });
  server.on("tlsClientError", (_, socket) => socket.destroy());
  return {
    server,
    handshakes,
    get certificate() {
      return certificate;
    },
    renew: (next) => {
      certificate = next;
      server.setSecureContext(context());
    },
    rotate: (at) => {
      const today = Math.floor(at / dayMs);
      if (today === day) return;
      day = today;
      server.setTicketKeys(ticketKeys(day));
    },
  };
}
