import { seatHeader } from "../wire/tickets.ts";

/** The head of every `stream.mp4` response: endless, so no length; the connection's end is the response's end. */
export const streamHeaders = {
  "content-type": "audio/mp4",
  "cache-control": "no-store",
  "access-control-allow-origin": "*",
  "access-control-expose-headers": seatHeader,
  "x-content-type-options": "nosniff",
  // Reverse proxies of the nginx family would hold bytes back otherwise.
  "x-accel-buffering": "no",
  connection: "close",
} as const;

const lines = Object.entries(streamHeaders)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join("");

/** The head as bytes, with the date of `now` (ms since 1970). */
export const streamHead = (now: number): Buffer =>
  Buffer.from(`HTTP/1.1 200 OK\r\n${lines}date: ${new Date(now).toUTCString()}\r\n\r\n`, "latin1");

/** Puts another seat of the same length into what `withSeat` made. */
export const putSeat = (own: Buffer, head: number, seat: string): void =>
  void own.write(seat, head - 2 + seatHeader.length + 2, "latin1");

/** What a listener is written first, `bytes`, with a seat of their own at the end of its head, whose length is `head`. */
export function withSeat(bytes: Buffer, head: number, seat: string): Buffer {
  const line = `${seatHeader}: ${seat}\r\n`;
  // Before the empty line.
  const at = head - 2;
  const own = Buffer.allocUnsafe(bytes.length + line.length);
  bytes.copy(own, 0, 0, at);
  own.write(line, at, "latin1");
  bytes.copy(own, at + line.length, at);
  return own;
}
