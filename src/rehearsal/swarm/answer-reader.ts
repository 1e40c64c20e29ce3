/** The longest head of an answer. */
export const maxHeadBytes = 16 * 1024;
/** The longest line that tells a chunk's size with its extensions, and the longest trailer section. */
const maxLineBytes = 1024;
/** The longest chunk of the chunked coding. */
const maxChunkBytes = 2 ** 30;

/** What an answer's head says, as far as it matters here. */
export interface AnswerHead {
  readonly status: number;
  /** Seconds; left out when there is none or it is a date. */
  readonly retryAfter: number | undefined;
}

/** Who is told what comes. `bytes` is where the next read goes to: what is to stay is copied. */
export interface AnswerHearer {
  head(head: AnswerHead): void;
  body(bytes: Buffer, from: number, to: number): void;
  /** The answer is whole; `keeps`: the connection may be asked again. */
  whole(keeps: boolean): void;
}

/** What comes next. `until-close`: a body that ends with the connection. */
type Place = "nothing" | "head" | "body" | "until-close" | "size" | "extension" | "chunk" | "chunk-end" | "trailers";

const cr = 13;
const lf = 10;
const semicolon = 59;

/**
 * Reads answers to GETs, one after the other on a connection (RFC 9112): the status line (section 4), the body by chunks (7.1), by its
 * length (6.2) or until the connection ends (6.3, item 8). Answers before the final one (1xx) are passed over; 204 and 304 have no body
 * (6.3, item 1). Chunk extensions and trailers are passed over. A length beside a transfer coding, lengths that differ, other codings
 * than chunked and folded lines are refused, not guessed at.
 */
export class AnswerReader {
  #place: Place = "nothing";
  /** Bytes to come of the body, of a chunk or its end; of a line, those that have come. */
  #rest = 0;
  #size = 0;
  #keeps = true;
  #held: Buffer | undefined;

  /** An answer is expected from now on. */
  expect(): void {
    this.#place = "head";
  }

  /** What still comes is nobody's. */
  stop(): void {
    this.#place = "nothing";
    this.#held = undefined;
  }

  /** Whether the answer under way is whole when its connection ends. */
  get endsByClose(): boolean {
    return this.#place === "until-close";
  }

  /** Takes what was read; false when it is no answer, or none is expected: the connection is of no more use. */
  take(bytes: Buffer, length: number, hearer: AnswerHearer): boolean {
    let at = 0;
    while (at >= 0 && at < length) {
      if (this.#place === "until-close") {
        hearer.body(bytes, at, length);
        return true;
      }
      at = this.#step(bytes, at, length, hearer);
    }
    return at >= 0;
  }

  /** Reads one thing, and tells where the next begins; −1 when it cannot be. */
  #step(bytes: Buffer, at: number, length: number, hearer: AnswerHearer): number {
    switch (this.#place) {
      case "body":
      case "chunk":
        return this.#readBody(bytes, at, length, hearer);
      case "chunk-end":
        if (bytes[at] !== (this.#rest === 2 ? cr : lf)) return -1;
        if (--this.#rest === 0) this.#toSize();
        return at + 1;
      case "size":
      case "extension":
        return this.#readSize(bytes[at] ?? 0) ? at + 1 : -1;
      case "trailers":
        return this.#readTrailers(bytes[at] ?? 0, hearer) ? at + 1 : -1;
      case "head":
        return this.#readHead(bytes, at, length, hearer);
      default:
        return -1;
    }
  }

  #readBody(bytes: Buffer, at: number, length: number, hearer: AnswerHearer): number {
    const to = Math.min(length, at + this.#rest);
    this.#rest -= to - at;
    const isOver = this.#rest === 0;
    const inChunks = this.#place === "chunk";
    if (isOver && inChunks) {
      this.#place = "chunk-end";
      this.#rest = 2;
    }
    hearer.body(bytes, at, to);
    if (isOver && !inChunks) this.#end(hearer);
    return to;
  }

  #end(hearer: AnswerHearer): void {
    this.#place = "nothing";
    hearer.whole(this.#keeps);
  }

  #toSize(): void {
    this.#place = "size";
    this.#size = -1;
    this.#rest = 0;
  }

  #readSize(letter: number): boolean {
    if (++this.#rest > maxLineBytes) return false;
    if (letter === lf) {
      if (this.#size < 0) return false;
      this.#place = this.#size === 0 ? "trailers" : "chunk";
      this.#rest = this.#size;
      this.#size = 0;
      return true;
    }
    if (this.#place === "extension") return true;
    const digit = digitOf(letter);
    if (digit < 0) {
      // Bad whitespace may stand before an extension (7.1.1).
      this.#place = "extension";
      return this.#size >= 0 && (letter === cr || letter === semicolon || letter === 32 || letter === 9);
    }
    this.#size = Math.max(0, this.#size) * 16 + digit;
    return this.#size <= maxChunkBytes;
  }

  /** `#size`: the letters of the line under way. */
  #readTrailers(letter: number, hearer: AnswerHearer): boolean {
    if (++this.#rest > maxLineBytes) return false;
    if (letter !== lf) {
      if (letter !== cr) this.#size++;
      return true;
    }
    if (this.#size === 0) this.#end(hearer);
    this.#size = 0;
    return true;
  }

  #readHead(bytes: Buffer, at: number, length: number, hearer: AnswerHearer): number {
    const held = this.#held;
    const before = held?.length ?? 0;
    const all = held ? Buffer.concat([held, bytes.subarray(at, length)]) : bytes;
    const start = held ? 0 : at;
    const limit = held ? all.length : length;
    const end = all.indexOf("\r\n\r\n", start, "latin1");
    if (end < 0 || end + 4 > limit) {
      if (limit - start > maxHeadBytes) return -1;
      this.#held = held ? all : Buffer.from(bytes.subarray(at, length));
      return length;
    }
    this.#held = undefined;
    const head = readHead(all.toString("latin1", start, end));
    if (!head) return -1;
    const next = end + 4 - before + (held ? at : 0);
    if (head.status < 200) return next;
    this.#keeps = head.keeps;
    this.#begin(head);
    hearer.head(head);
    if (this.#place === "body" && this.#rest === 0) this.#end(hearer);
    return next;
  }

  #begin({ status, length, isChunked }: Head): void {
    this.#place = "body";
    if (status === 204 || status === 304) this.#rest = 0;
    else if (isChunked) this.#toSize();
    else if (length !== undefined) this.#rest = length;
    else this.#place = "until-close";
  }
}

interface Head extends AnswerHead {
  readonly length: number | undefined;
  readonly isChunked: boolean;
  readonly keeps: boolean;
}

const fields = /^(content-length|transfer-encoding|connection|retry-after):[ \t]*(.*?)[ \t]*$/gim;

function readHead(text: string): Head | undefined {
  const status = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |\r\n|$)/.exec(text);
  // A folded line (5.2) could hide another field.
  if (!status || /\r\n[ \t]/.test(text)) return undefined;
  let length: number | undefined;
  let isChunked = false;
  let keeps = status[1] === "1";
  let retryAfter: number | undefined;
  for (const [, name = "", value = ""] of text.matchAll(fields)) {
    switch (name.toLowerCase()) {
      case "content-length":
        if (!/^\d{1,15}$/.test(value) || (length !== undefined && length !== Number(value))) return undefined;
        length = Number(value);
        break;
      case "transfer-encoding":
        if (isChunked || value.toLowerCase() !== "chunked") return undefined;
        isChunked = true;
        break;
      case "connection":
        keeps = keeps ? !/\bclose\b/i.test(value) : /\bkeep-alive\b/i.test(value);
        break;
      case "retry-after":
        if (/^\d{1,9}$/.test(value)) retryAfter = Number(value);
    }
  }
  if (isChunked && length !== undefined) return undefined;
  return { status: Number(status[2]), retryAfter, length, isChunked, keeps };
}

function digitOf(letter: number): number {
  if (letter >= 48 && letter <= 57) return letter - 48;
  const lower = letter | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
