import { isIPv4, type BlockList, type Server } from "node:net";
import { Problem } from "../foundation/errors.ts";
import { isIn, tellPeer } from "./client-address.ts";
import { interpose, readFirst } from "./first-bytes.ts";
import { refuseRaw } from "./raw-answer.ts";

/** The most bytes that a header with all its extensions may have. The least that the specification lets a receiver take is 232. */
export const maxProxyHeaderBytes = 2048;
/** Milliseconds until a connection's header must be whole; it comes in the first packet. */
export const proxyHeaderWithinMs = 3000;

const signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
/** Signature, version and command, family and protocol, length of the rest. */
const fixedBytes = 16;
const [local, proxied] = [0x20, 0x21];
const [unspecified, tcp4, tcp6, unixStream] = [0x00, 0x11, 0x21, 0x31];
/** The extension that tells of the client's TLS, and its bit for "came over TLS". */
const [tlsExtension, overTls] = [0x20, 0x01];

/** A header that is read: how long it is, and whom it tells of (nobody: the proxy itself speaks, to see that we are well). */
export interface ProxyHeader {
  readonly bytes: number;
  readonly peer: { readonly address: string; readonly secure: boolean | undefined } | undefined;
}

/**
 * Reads the header of HAProxy's PROXY protocol, version 2 ("The PROXY protocol", section 2.2), from a connection's first
 * bytes. `undefined` while there are too few of them; what is no such header throws a Problem `proxy-header`.
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  const compared = Math.min(bytes.length, signature.length);
  if (bytes.compare(signature, 0, compared, 0, compared) !== 0) throw wrong("It does not begin with the signature");
  if (bytes.length < fixedBytes) return undefined;
  const [command = 0, family = 0] = bytes.subarray(12, 14);
  const size = bytes.readUInt16BE(14);
  if (command !== local && command !== proxied)
    throw wrong(`Version and command 0x${command.toString(16)} are not known`);
  if (fixedBytes + size > maxProxyHeaderBytes)
    throw wrong(`It has ${fixedBytes + size} bytes, and ${maxProxyHeaderBytes} are the most`);
  if (bytes.length < fixedBytes + size) return undefined;
  const body = bytes.subarray(fixedBytes, fixedBytes + size);
  const whole = { bytes: fixedBytes + size };
  if (command === local) return { ...whole, peer: undefined };
  switch (family) {
    case unspecified:
    case unixStream:
      return { ...whole, peer: undefined };
    case tcp4:
      return { ...whole, peer: { address: ipv4(body), secure: toldSecure(body, 12) } };
    case tcp6:
      return { ...whole, peer: { address: ipv6(body), secure: toldSecure(body, 36) } };
    default:
      throw wrong(`Family and protocol 0x${family.toString(16)} are not TCP`);
  }
}

function ipv4(body: Buffer): string {
  if (body.length < 12) throw wrong(`Its ${body.length} bytes of addresses are too few for IPv4`);
  return [...body.subarray(0, 4)].join(".");
}

function ipv6(body: Buffer): string {
  if (body.length < 36) throw wrong(`Its ${body.length} bytes of addresses are too few for IPv6`);
  const groups = Array.from({ length: 8 }, (_, i) => body.readUInt16BE(2 * i).toString(16)).join(":");
  // Written as the system writes an address, so that one client is one address whichever way it comes.
  const host = new URL(`http://[${groups}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(host);
  if (!mapped) return host;
  const last = [...body.subarray(12, 16)].join(".");
  return isIPv4(last) ? last : host;
}

/** Goes over the extensions (type, length, value) behind the addresses; what it does not know it leaves out. */
function toldSecure(body: Buffer, from: number): boolean | undefined {
  let secure: boolean | undefined;
  for (let at = from; at < body.length;) {
    if (at + 3 > body.length) throw wrong("Its last extension is cut off");
    const size = body.readUInt16BE(at + 1);
    if (at + 3 + size > body.length) throw wrong("An extension is longer than the header");
    if (body[at] === tlsExtension) secure = size > 0 && ((body[at + 3] ?? 0) & overTls) !== 0;
    at += 3 + size;
  }
  return secure;
}

const wrong = (what: string): Problem =>
  new Problem({
    status: 400,
    code: "proxy-header",
    title: "The connection does not begin with a PROXY protocol header",
    detail: `${what}. A connection from a trusted proxy has to begin with one of version 2.`,
    action:
      "Have the proxy send it (HAProxy: send-proxy-v2), or start without --proxy-protocol. Version 1 is not read.",
  });

export interface ProxyProtocolOptions {
  /** Who has to send the header. From anybody else a connection is an ordinary one, and a header in it is no HTTP. */
  readonly from: BlockList;
  readonly counts: { proxyHeaderRefusals: number };
  /** Milliseconds. @default proxyHeaderWithinMs */
  readonly withinMs?: number | undefined;
}

/** Has every connection from these addresses begin with a header, and remembers the client that it tells of. */
export function requireProxyHeader(
  server: Server,
  { from, counts, withinMs = proxyHeaderWithinMs }: ProxyProtocolOptions,
): void {
  interpose(server, (socket, goOn) => {
    if (!isIn(from, socket.remoteAddress ?? "")) return goOn();
    readFirst(socket, {
      withinMs,
      look: (bytes) => {
        try {
          const header = readProxyHeader(bytes);
          if (!header) return { kind: "more" };
          if (header.peer) tellPeer(socket, header.peer);
          return { kind: "take", bytes: header.bytes };
        } catch (thrown) {
          if (!(thrown instanceof Problem)) throw thrown;
          counts.proxyHeaderRefusals++;
          return { kind: "refuse", refuse: (refused) => refuseRaw(refused, thrown) };
        }
      },
      taken: goOn,
      late: () => void counts.proxyHeaderRefusals++,
    });
  });
}
