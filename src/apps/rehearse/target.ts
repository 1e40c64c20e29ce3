import { lookup } from "node:dns/promises";
import type http from "node:http";
import { Problem, reason } from "../../foundation/errors.ts";
import { nodeHttp, nodeHttps } from "../../foundation/http.ts";
import { isLoopback } from "../../rehearsal/attackers/target.ts";
import { isHere } from "./sources.ts";

/** A target whose name was looked up once: from then on everything goes to this address. */
export interface Target {
  /** As it was said. */
  readonly url: URL;
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  readonly ca: string | undefined;
  /** Every address that its name leads to is loopback: nobody else's server can be meant. */
  readonly loopback: boolean;
  /** It runs on this machine. */
  readonly here: boolean;
}

export type Lookup = (name: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;
const systemLookup: Lookup = (name) => lookup(name, { all: true });

/** The base URL by the address that was checked. */
export const baseOf = ({ tls, address, port }: Target): string =>
  `${tls ? "https" : "http"}://${address.includes(":") ? `[${address}]` : address}:${port}`;

/** Looks the target's name up. @throws Problem `target-unreachable` */
export async function findTarget(url: URL, ca?: string, resolve: Lookup = systemLookup): Promise<Target> {
  const name = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const found = await resolve(name).catch((thrown: unknown) => {
    throw unreachable(url, reason(thrown));
  });
  // A name that leads here and elsewhere is not this machine's.
  const first = found.find(({ family }) => family === 4) ?? found[0];
  if (!first) throw unreachable(url, `${name} has no address`);
  const tls = url.protocol === "https:";
  return {
    url,
    address: first.address,
    port: url.port === "" ? (tls ? 443 : 80) : Number(url.port),
    tls,
    ca,
    loopback: found.every(({ address }) => isLoopback(address)),
    here: isLoopback(first.address) || isHere(first.address),
  };
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** The most of an answer that is read. */
const maxAnswerBytes = 1024 * 1024;

/** How a request to the target's address is made, so that it knows its own name. */
export function requestTo(
  target: Target,
  path: string,
  hear: (response: http.IncomingMessage) => void,
): http.ClientRequest {
  const { address, port, tls, ca, url } = target;
  const options = { host: address, port, path, agent: false, headers: { host: url.host } } as const;
  if (!tls) return nodeHttp.get(options, hear);
  const name = url.hostname.replace(/^\[(.*)\]$/, "$1");
  // An address is no server name (RFC 6066, section 3).
  const servername = /^[\d.]+$|:/.test(name) ? "" : name;
  return nodeHttps().get({ ...options, servername, ...(ca === undefined ? {} : { ca }) }, hear);
}

/** One request to the target; throws when there is no answer within the time. */
export function ask(target: Target, path: string, withinMs = 5000): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = requestTo(target, path, (response) => {
    const parts: Buffer[] = [];
    let size = 0;
    response.on("data", (part: Buffer) => {
      size += part.length;
      if (size > maxAnswerBytes) request.destroy(new Error(`its answer has over ${maxAnswerBytes} bytes`));
      else parts.push(part);
    });
    response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
    response.on("error", reject);
  });
  const timer = setTimeout(() => request.destroy(new Error(`no answer within ${withinMs} ms`)), withinMs);
  request.on("error", reject);
  request.on("close", () => clearTimeout(timer));
  return promise;
}

export const unreachable = (url: URL, why: string, cause?: unknown): Problem =>
  new Problem({
    status: 503,
    code: "target-unreachable",
    title: "The target does not answer",
    detail: `${url.origin}: ${why}.`,
    action: "Start it, or give its address as a browser would reach it; a certificate of your own with --ca.",
    cause,
  });
