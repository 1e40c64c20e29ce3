import type { Duplex } from "node:stream";
import type { Problem } from "../foundation/errors.ts";
import { nodeHttp } from "../foundation/http.ts";

/** How long a connection that is done may take to read what it was sent, ms. */
export const lingerMs = 2000;

/** Answers on a socket that is no longer Node's HTTP server's, and ends the connection. */
export function answerRaw(
  socket: Duplex,
  status: number,
  type: string,
  body: Buffer,
  headers: readonly string[] = [],
): void {
  const head = [
    `HTTP/1.1 ${status} ${nodeHttp.STATUS_CODES[status] ?? ""}`,
    `content-type: ${type}`,
    `content-length: ${body.length}`,
    "cache-control: no-store",
    "connection: close",
    ...headers,
  ];
  socket.write(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), body]));
  letGo(socket);
}

/** @param headers lines without their ends */
export function refuseRaw(socket: Duplex, problem: Problem, headers: readonly string[] = []): void {
  const body = Buffer.from(JSON.stringify(problem.toDocument()));
  const { status, retryAfter } = problem;
  const later = retryAfter === undefined ? [] : [`retry-after: ${retryAfter}`];
  answerRaw(socket, status, "application/problem+json", body, [...later, ...headers]);
}

/**
 * Ends a connection and reads on for a moment: one that is closed with bytes unread is reset, and its other end loses
 * what it was told last.
 */
export function letGo(socket: Duplex): void {
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(timer));
}
