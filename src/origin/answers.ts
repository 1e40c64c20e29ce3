import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { notFound } from "../foundation/link.ts";

/** Anybody may listen from any page. */
export const openHeaders = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "content-length, content-range, etag",
} as const;

export const immutable = "public, max-age=31536000, immutable";
export const forOneSecond = "public, max-age=1";
export const forOneHour = "public, max-age=3600";

/** Sends a whole body with its length; to HEAD only its headers. */
export function sendWhole(response: ServerResponse, headers: OutgoingHttpHeaders, body: Uint8Array | string): void {
  response.writeHead(200, { ...openHeaders, "content-length": Buffer.byteLength(body), ...headers }).end(body);
}

/** There is nothing at this path, and for a second caches may say so themselves. */
export function sendNothing(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url?.split("?")[0] ?? "";
  const text = JSON.stringify(notFound(path).toDocument());
  response
    .writeHead(404, {
      ...openHeaders,
      "content-type": "application/problem+json",
      "content-length": Buffer.byteLength(text),
      "cache-control": forOneSecond,
    })
    .end(text);
}
