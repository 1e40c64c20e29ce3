import type { IncomingMessage } from "node:http";
import { Problem } from "../foundation/errors.ts";

/** Host and port as they may be written (RFC 3986, 3.2.2 and 3.2.3), or nothing. */
const hostValue = /^[\w.\-~%!$&'()*+,;=:[\]]*$/;

/** What a request that can be parsed is told when it is not one that HTTP/1.1 lets a server answer. */
export function badRequest({ httpVersion, headers, rawHeaders }: IncomingMessage): Problem | undefined {
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return otherVersion(httpVersion);
  // HTTP/1.0 has no need of it; it is one at most, and from HTTP/1.1 on exactly one (RFC 9112, 3.2).
  const { host } = headers;
  if (host === undefined) return httpVersion === "1.0" ? undefined : wrongHost("The request has no Host header");
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i]?.length === 4 && rawHeaders[i]?.toLowerCase() === "host") hosts++;
  if (hosts > 1) return wrongHost(`The request has ${hosts} Host headers`);
  return hostValue.test(host) ? undefined : wrongHost("The request's Host header names no host");
}

const otherVersion = (version: string): Problem =>
  new Problem({
    status: 505,
    code: "http-version",
    title: "That version of HTTP is not spoken here",
    detail: `The request says HTTP/${version}.`,
    action: "Send HTTP/1.1 or HTTP/1.0. A proxy in front may speak others with its clients.",
  });

const wrongHost = (what: string): Problem =>
  new Problem({
    status: 400,
    code: "host-header",
    title: "A request names one host",
    detail: `${what}.`,
    action: "Send one Host header with the host, and the port, of the address.",
  });

export const expectationFailed = (expected: string): Problem =>
  new Problem({
    status: 417,
    code: "expectation-failed",
    title: "That is not what this server can be expected to do",
    detail: `The request expects "${expected.slice(0, 100)}".`,
    action: "Send it without Expect, or with 100-continue.",
  });

export const noTunnel = (): Problem =>
  new Problem({
    status: 405,
    code: "method-not-allowed",
    title: "This address does not know that method",
    detail: "CONNECT is not possible here: this is no proxy.",
    action: "Use GET.",
  });
