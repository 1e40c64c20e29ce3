import { expect, test } from "vitest";
import { AnswerReader, maxHeadBytes } from "./answer-reader.ts";

interface Read {
  readonly status: number;
  readonly retryAfter: number | undefined;
  body: string;
  keeps?: boolean;
}

/** Reads bytes in pieces of `size`, one request after the other having been sent at once. */
function read(text: string, size: number): { answers: Read[]; isGood: boolean; endsByClose: boolean } {
  const reader = new AnswerReader();
  const answers: Read[] = [];
  const hearer = {
    head: ({ status, retryAfter }: { status: number; retryAfter: number | undefined }) =>
      void answers.push({ status, retryAfter, body: "" }),
    body: (bytes: Buffer, from: number, to: number) =>
      void (answers.at(-1)!.body += bytes.toString("latin1", from, to)),
    whole: (keeps: boolean) => {
      answers.at(-1)!.keeps = keeps;
      reader.expect();
    },
  };
  reader.expect();
  const all = Buffer.from(text, "latin1");
  // What stands behind the end of a read is of another one.
  const room = Buffer.alloc(size + 8, "\r\n\r\n");
  let isGood = true;
  for (let at = 0; at < all.length && isGood; at += size) {
    const length = all.copy(room, 0, at, Math.min(all.length, at + size));
    isGood = reader.take(room, length, hearer);
  }
  return { answers, isGood, endsByClose: reader.endsByClose };
}

const sizes = [1, 2, 3, 10, 37, 100_000];

test.each([
  ["by length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", { status: 200, body: "hello", keeps: true }],
  ["without a body", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", { status: 200, body: "", keeps: true }],
  [
    "by chunks, with extensions and trailers",
    'HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n00a ;q="x"\r\n, you all.\r\n0\r\nA: b\r\n\r\n',
    { status: 200, body: "hello, you all.", keeps: true },
  ],
  [
    "that closes",
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
    { status: 200, body: "hi", keeps: false },
  ],
  ["of HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", { status: 200, body: "hi", keeps: false }],
  [
    "with nothing new",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
    { status: 304, body: "", keeps: true },
  ],
  [
    "that refuses",
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno",
    { status: 503, retryAfter: 7, body: "no", keeps: true },
  ],
  [
    "after an early hint",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    { status: 200, body: "hi", keeps: true },
  ],
])("RH-34 an answer %s, in reads of any size, twice on a connection", (_, text, expected) => {
  const whole = { retryAfter: undefined, ...expected };
  for (const size of sizes)
    expect({ size, ...read(text + text, size) }).toEqual({
      size,
      answers: [whole, whole],
      isGood: true,
      endsByClose: false,
    });
});

test("RH-34 an answer without a length goes on until its connection ends", () => {
  for (const size of sizes) {
    const { answers, isGood, endsByClose } = read("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsound, sound", size);
    expect({ answers, isGood, endsByClose }).toEqual({
      answers: [{ status: 200, retryAfter: undefined, body: "sound, sound" }],
      isGood: true,
      endsByClose: true,
    });
  }
});

test.each([
  ["no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
  ["another version", "HTTP/2.0 200 OK\r\n\r\n"],
  ["no status", "HTTP/1.1 OK\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"],
  ["a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"],
  ["a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello"],
  ["a folded line", "HTTP/1.1 200 OK\r\nA: b\r\n Content-Length: 5\r\n\r\nhello"],
  ["no chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nhello"],
  ["a chunk size that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx5\r\nhello\r\n"],
  ["a huge chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\nhello\r\n"],
  ["a chunk without its end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n"],
  ["a size line without end", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;${"x".repeat(2000)}`],
  ["a head without end", `HTTP/1.1 200 OK\r\nA: ${"x".repeat(2 * maxHeadBytes)}`],
])("RH-34 %s is no answer", (_, text) => {
  for (const size of sizes) expect({ size, isGood: read(text, size).isGood }).toEqual({ size, isGood: false });
});

test("RH-34 what nobody asked for is no answer", () => {
  const reader = new AnswerReader();
  const hearer = { head() {}, body() {}, whole() {} };
  const bytes = Buffer.from("HTTP/1.1 408 Request Timeout\r\n\r\n");
  expect(reader.take(bytes, bytes.length, hearer)).toBe(false);
});
