import type { IncomingMessage } from "node:http";
import type { SegmentNumber } from "../wire/timeline.ts";

/** With one of these a request is not the plain question for a segment. */
const special = new Set(["range", "if-range", "content-length", "transfer-encoding", "expect", "upgrade"]);
const plainTarget = /^\/live\/[\x21-\x7e]{1,400}$/;
const plainValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const longestNumber = 10;

/**
 * How many bytes a plain GET has when its client wrote it as nearly all do (one space after each colon, none at an end);
 * undefined for what is not plain.
 */
export function plainLength(request: IncomingMessage): number | undefined {
  const { method, url = "", httpVersion, rawHeaders } = request;
  if (method !== "GET" || httpVersion !== "1.1" || !plainTarget.test(url)) return undefined;
  let length = `GET ${url} HTTP/1.1\r\n\r\n`.length;
  for (let i = 0; i < rawHeaders.length; i++) {
    const text = rawHeaders[i] ?? "";
    if (i % 2 === 0 ? special.has(text.toLowerCase()) : !plainValue.test(text)) return undefined;
    length += text.length + 2;
  }
  return length;
}

/** A plain GET as its bytes (latin1). */
export const plainText = ({ url = "", rawHeaders }: IncomingMessage): string => `GET ${url}${rest(rawHeaders)}`;

/** What follows a request's target. */
function rest(rawHeaders: readonly string[]): string {
  let text = " HTTP/1.1\r\n";
  for (let i = 0; i < rawHeaders.length; i += 2) text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  return `${text}\r\n`;
}

/**
 * A request for a segment as the bytes before and after its number. Other bytes that differ in nothing but the number are
 * the same request with that number: they need no parser. The bytes are not those that came but written anew from what
 * Node's parser made of them; so what matches is parsed alike, and from a client that writes otherwise nothing matches.
 */
export class Repeat {
  readonly #before: Buffer;
  readonly #after: Buffer;
  /** Where the request that was read last ends. */
  end = 0;

  /** Undefined when the number is not where it should be. */
  static of({ url = "", rawHeaders }: IncomingMessage, n: SegmentNumber): Repeat | undefined {
    const name = `/${n}.m4s`;
    const at = url.split("?", 1)[0]?.endsWith(name) ? url.indexOf(name) + 1 : 0;
    if (at === 0) return undefined;
    return new Repeat(`GET ${url.slice(0, at)}`, `${url.slice(at + String(n).length)}${rest(rawHeaders)}`);
  }

  private constructor(before: string, after: string) {
    this.#before = Buffer.from(before, "latin1");
    this.#after = Buffer.from(after, "latin1");
  }

  /** The request for segment `n`. */
  bytes(n: SegmentNumber): Buffer {
    return Buffer.concat([this.#before, Buffer.from(String(n)), this.#after]);
  }

  /** The number of the request that is whole at `from` in `bytes`, of which there are `to`; -1 when it is another, or not whole. */
  read(bytes: Buffer, from: number, to: number): SegmentNumber {
    const [before, after] = [this.#before, this.#after];
    let at = from + before.length;
    if (at + 1 + after.length > to || before.compare(bytes, from, at) !== 0) return -1;
    let n = 0;
    const first = at;
    for (let digit; at < to && (digit = (bytes[at] ?? 0) - 48) >= 0 && digit <= 9; at++) n = n * 10 + digit;
    const length = at - first;
    if (length === 0 || length > longestNumber || (length > 1 && bytes[first] === 48)) return -1;
    this.end = at + after.length;
    return this.end <= to && after.compare(bytes, at, this.end) === 0 ? n : -1;
  }
}
