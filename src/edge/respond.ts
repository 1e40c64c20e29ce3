import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { Problem } from "../foundation/errors.ts";
import { notFound, rangeNotThere } from "../foundation/link.ts";
import { readRange } from "../wire/range.ts";
import { lingerMs } from "./raw-answer.ts";

/** `Cache-Control` of what never changes. */
export const immutable = "public, max-age=31536000, immutable";
/** `Cache-Control` of "not here": so short that it may be there a second later. */
export const soon = "public, max-age=1";

/** Media and state may be used by pages of other origins. */
export const openHeaders = { "access-control-allow-origin": "*", "x-content-type-options": "nosniff" } as const;
export const mediaHeaders = { ...openHeaders, "content-type": "audio/mp4", "cache-control": immutable } as const;

/**
 * The Range that counts: that of a GET (RFC 9110, 14.2), and with If-Range only if that is the validator of what there is
 * now (13.1.5), which a date is not here.
 */
function wantedRange({ method, headers }: IncomingMessage, etag: unknown): string | undefined {
  if (headers.range === undefined || method !== "GET") return undefined;
  const condition = headers["if-range"];
  return condition === undefined || condition === etag ? headers.range : undefined;
}

/** Answers with bytes that are all there; with a Range, 206 or 416. HEAD gets the head. */
export function sendRanged(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  headers: OutgoingHttpHeaders,
): void {
  const range = readRange(wantedRange(request, headers["etag"]), bytes.length);
  if (range.kind === "part") {
    const part = bytes.subarray(range.from, range.to + 1);
    const contentRange = `bytes ${range.from}-${range.to}/${bytes.length}`;
    const partHeaders = { "accept-ranges": "bytes", "content-range": contentRange, "content-length": part.length };
    response.writeHead(206, { ...headers, ...partHeaders }).end(part);
  } else if (range.kind === "unsatisfiable") {
    sendRefusal(response, rangeNotThere(bytes.length), { "content-range": `bytes */${bytes.length}` });
  } else {
    response.writeHead(200, { ...headers, "accept-ranges": "bytes", "content-length": bytes.length }).end(bytes);
  }
}

/** Whether whoever asks takes gzip. */
export const acceptsGzip = ({ headers }: IncomingMessage): boolean =>
  /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(headers["accept-encoding"] ?? "");

/** Answers 200 with bytes that are all there. HEAD gets the head. */
export function sendWhole(response: ServerResponse, bytes: Buffer, headers: OutgoingHttpHeaders): void {
  response.writeHead(200, { ...headers, "content-length": bytes.length }).end(bytes);
}

/** Answers with a problem that any page may read. */
export function sendRefusal(response: ServerResponse, problem: Problem, headers: OutgoingHttpHeaders = {}): void {
  writeRefusal(response, problem, headers);
  response.end();
}

/**
 * Refuses a request whose body may still be coming, and ends the connection: once the body has come, or after `lingerMs`.
 * Ended at once with bytes unread it would be reset, and the refusal lost.
 */
export function refuseUnread(request: IncomingMessage, response: ServerResponse, problem: Problem): void {
  writeRefusal(response, problem, { connection: "close" });
  const end = (): void => void response.end();
  const timer = setTimeout(end, lingerMs);
  response.once("close", () => clearTimeout(timer));
  if (request.readableEnded) return end();
  request.once("end", end);
  request.resume();
}

function writeRefusal(response: ServerResponse, problem: Problem, headers: OutgoingHttpHeaders): void {
  const text = JSON.stringify(problem.toDocument());
  response
    .writeHead(problem.status, {
      ...openHeaders,
      "content-type": "application/problem+json",
      "content-length": Buffer.byteLength(text),
      "cache-control": "no-store",
      ...(problem.retryAfter === undefined ? {} : { "retry-after": String(problem.retryAfter) }),
      ...headers,
    })
    .write(text);
}

const nothingHere = Buffer.from(JSON.stringify(notFound("What this address names").toDocument()));
const nothingHereHead = {
  ...openHeaders,
  "content-type": "application/problem+json",
  "content-length": nothingHere.length,
  "cache-control": soon,
};

/** 404, made once: what does not exist costs no work. */
export function sendNothingHere(response: ServerResponse): void {
  response.writeHead(404, nothingHereHead).end(nothingHere);
}

/** 405 with what is allowed; OPTIONS is answered as a CORS preflight. */
export function sendNotAllowed(request: IncomingMessage, response: ServerResponse, allow: string): void {
  if (request.method === "OPTIONS") {
    const headers = { allow, "access-control-allow-methods": allow, "access-control-max-age": "86400" };
    response.writeHead(204, { ...openHeaders, ...headers }).end();
    return;
  }
  const problem = new Problem({
    status: 405,
    code: "method-not-allowed",
    title: "This address does not know that method",
    detail: `${request.method} is not possible here.`,
    action: `Use one of ${allow}.`,
  });
  sendRefusal(response, problem, { allow });
}

/** Too many of something at once: 503, and when to come back. */
export const overloaded = (what: string, most: number, retryAfter = 1): Problem =>
  new Problem({
    status: 503,
    code: "overloaded",
    title: "Too many at once",
    detail: `This edge has ${most} ${what} at once, and no more.`,
    action: "Try again after the time that Retry-After names.",
    retryAfter,
  });
