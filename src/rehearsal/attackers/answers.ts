import type { AttackCounts } from "./contract.ts";

/** So long a head is none; the rest of the connection is not read any more. */
const maxHeadBytes = 64 * 1024;

type State =
  | { readonly is: "head"; bytes: Buffer }
  | { readonly is: "body"; left: number }
  | { readonly is: "chunks"; bytes: Buffer; left: number }
  /** An answer that ends with its connection, or what is no HTTP. */
  | { readonly is: "rest" };

/**
 * Reads the answers on one HTTP/1.1 connection (RFC 9112) as far as an attack needs: counts each by its status when its head is there,
 * skips its body, and tells when it is whole, so that the next request can be sent.
 */
export class Answers {
  readonly #counts: AttackCounts;
  readonly #whole: ((status: number) => void) | undefined;
  #state: State = { is: "head", bytes: Buffer.alloc(0) };
  #status = 0;

  /** @param whole an answer is whole, body and all; not called for one that ends with its connection */
  constructor(counts: AttackCounts, whole?: (status: number) => void) {
    this.#counts = counts;
    this.#whole = whole;
  }

  read(bytes: Buffer): void {
    for (let rest = bytes; rest.length > 0;) {
      const state = this.#state;
      if (state.is === "rest") return;
      if (state.is === "body") rest = this.#skip(state, rest);
      else if (state.is === "chunks") rest = this.#chunk(state, rest);
      else rest = this.#head(state, rest);
    }
  }

  #head(state: State & { is: "head" }, more: Buffer): Buffer {
    const bytes = state.bytes.length === 0 ? more : Buffer.concat([state.bytes, more]);
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) {
      this.#state = bytes.length > maxHeadBytes ? { is: "rest" } : { is: "head", bytes };
      return nothing;
    }
    const head = bytes.toString("latin1", 0, end);
    this.#status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
    const name = this.#status === 0 ? "no HTTP" : String(this.#status);
    this.#counts.answered[name] = (this.#counts.answered[name] ?? 0) + 1;
    const rest = bytes.subarray(end + 4);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (this.#status === 100) this.#state = { is: "head", bytes: nothing };
    else if (this.#status === 204 || this.#status === 304) this.#end();
    else if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#state = { is: "chunks", bytes: nothing, left: 0 };
    else if (length === undefined) this.#state = { is: "rest" };
    else if (Number(length) === 0) this.#end();
    else this.#state = { is: "body", left: Number(length) };
    return rest;
  }

  #skip(state: State & { is: "body" }, bytes: Buffer): Buffer {
    const taken = Math.min(state.left, bytes.length);
    state.left -= taken;
    if (state.left === 0) this.#end();
    return bytes.subarray(taken);
  }

  #chunk(state: State & { is: "chunks" }, more: Buffer): Buffer {
    if (state.left > 0) {
      const taken = Math.min(state.left, more.length);
      state.left -= taken;
      return more.subarray(taken);
    }
    const bytes = state.bytes.length === 0 ? more : Buffer.concat([state.bytes, more]);
    state.bytes = nothing;
    const line = bytes.indexOf("\r\n");
    if (line < 0) {
      if (bytes.length > maxHeadBytes) this.#state = { is: "rest" };
      else state.bytes = bytes;
      return nothing;
    }
    const size = Number.parseInt(bytes.toString("latin1", 0, line), 16);
    if (size > 0) {
      state.left = size + 2;
      return bytes.subarray(line + 2);
    }
    // The last chunk, without trailers, is followed by an empty line.
    if (bytes.length < line + 4) {
      state.bytes = bytes;
      return nothing;
    }
    this.#end();
    return bytes.subarray(line + 4);
  }

  #end(): void {
    this.#state = { is: "head", bytes: nothing };
    this.#whole?.(this.#status);
  }
}

const nothing = Buffer.alloc(0);
