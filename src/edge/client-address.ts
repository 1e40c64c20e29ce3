import type { IncomingMessage } from "node:http";
import { type BlockList, isIP, type Socket } from "node:net";

/** Which proxies in front of this server are believed. */
export interface Trust {
  /**
   * How many in a chain, counted from here outward. With `ranges` 0 means: as many as are in the ranges; without, nobody.
   * @default 0
   */
  readonly hops?: number;
  /** The addresses that proxies speak from: the word of any other peer is ignored. @default any peer's counts, if hops do */
  readonly ranges?: BlockList | undefined;
  /** Whether a request comes from another edge, which shows the key: its word counts as that of one more hop. @default none does */
  readonly isEdge?: (request: IncomingMessage) => boolean;
}

/** Believes nobody. */
export const noTrust: Trust = {};

/** What a PROXY protocol header said of a connection. */
interface Told {
  readonly address: string;
  /** Whether the client speaks TLS with the proxy; undefined when the proxy does not say. */
  readonly secure: boolean | undefined;
}
const told = new WeakMap<Socket, Told>();

/** Remembers what a believed proxy says of the client behind a connection. */
export const tellPeer = (socket: Socket, peer: Told): void => void told.set(socket, peer);

/** Lets a socket that is made on top of another one, such as TLS, have the same peer. */
export function inheritPeer(upper: Socket, lower: Socket): void {
  const peer = told.get(lower);
  if (peer) told.set(upper, peer);
}

/** The address at the other end of a connection, or what a believed proxy says that it is. */
export const peerAddress = (socket: Socket): string => told.get(socket)?.address ?? socket.remoteAddress ?? "unknown";

/** Whether an address is in ranges; one of IPv4 written as IPv6 counts as IPv4. */
export function isIn(ranges: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && ranges.check(address, family === 6 ? "ipv6" : "ipv4");
}

/** Whether a peer is a proxy whose word counts, so that behind its address are those for whom it speaks. */
export const speaksForOthers = ({ hops = 0, ranges }: Trust, peer: string): boolean =>
  ranges ? isIn(ranges, peer) : hops > 0;

/** The address of whoever has a connection, whose requests are gone; undefined when those told it, or another process was told. */
export function ownAddress(socket: Socket, trust: Trust): string | undefined {
  const peer = peerAddress(socket);
  return speaksForOthers(trust, peer) ? undefined : peer;
}

const believes = (trust: Trust, request: IncomingMessage, peer: string): boolean =>
  speaksForOthers(trust, peer) || (trust.isEdge?.(request) ?? false);

const forwardedFor = (request: IncomingMessage): string[] => {
  const header = request.headers["x-forwarded-for"];
  const text = Array.isArray(header) ? header.join(",") : (header ?? "");
  return text
    .split(",")
    .map((part) => withoutPort(part.trim()))
    .filter((part) => part !== "");
};

/** Some proxies write the port behind an address: `192.0.2.1:5000`, `[2001:db8::1]:5000`. */
const withoutPort = (text: string): string =>
  /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;

/** The address of whoever asks: the connection's peer, or what the outermost believed proxy says that its peer was. */
export function clientAddress(request: IncomingMessage, trust: Trust): string {
  const peer = peerAddress(request.socket);
  if (!believes(trust, request, peer)) return peer;
  const chain = forwardedFor(request);
  const { hops = 0, ranges } = trust;
  /** The edge that shows the key, and is in no range. */
  let edges = trust.isEdge?.(request) ? 1 : 0;
  if (ranges === undefined || hops > 0) return chain[Math.max(0, chain.length - hops - edges)] ?? peer;
  // What is left of an address that nobody vouches for may be a lie, and what is no address is none.
  let client = peer;
  for (const address of chain.toReversed()) {
    if (!isIn(ranges, client) && edges-- <= 0) break;
    if (isIP(address) === 0) break;
    client = address;
  }
  return client;
}

/**
 * The `x-forwarded-*` headers for the next process: one address, the one that is believed, so that nobody after this has
 * to know how many proxies there are. What a client that is not believed claims is overwritten; of a believed proxy
 * protocol and host are kept as it tells them.
 */
export function forwardedHeaders(request: IncomingMessage, trust: Trust): Record<string, string> {
  const from = { "x-forwarded-for": clientAddress(request, trust) };
  const { socket } = request;
  const direct = (told.get(socket)?.secure ?? "encrypted" in socket) ? "https" : "http";
  if (!believes(trust, request, peerAddress(socket))) return { ...from, "x-forwarded-proto": direct };
  const { "x-forwarded-proto": proto, "x-forwarded-host": host } = request.headers;
  return {
    ...from,
    "x-forwarded-proto": proto === "https" || proto === "http" ? proto : direct,
    ...(typeof host === "string" ? { "x-forwarded-host": host } : {}),
  };
}

/** The origin that whoever asks uses for this server, `https://host`: by its own words, or by those of a hop that is believed. */
export function askedOrigin(request: IncomingMessage, trust: Trust): string {
  const { "x-forwarded-proto": proto = "http", "x-forwarded-host": told } = forwardedHeaders(request, trust);
  const host = told ?? request.headers.host ?? "";
  const origin = `${proto}://${/^[A-Za-z0-9.\-_[\]:]{1,255}$/.test(host) ? host : "localhost"}`;
  return URL.canParse(origin) ? origin : `${proto}://localhost`;
}
