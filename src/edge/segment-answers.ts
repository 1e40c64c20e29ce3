import { digestHeader } from "../wire/edges.ts";
import type { SegmentNumber } from "../wire/timeline.ts";
import { mediaHeaders } from "./respond.ts";
import { windowSegments } from "./window.ts";

/** Seconds for which a connection without a request is kept open. */
export const keepAliveSeconds = 20;

const lines = Object.entries({ ...mediaHeaders, "accept-ranges": "bytes" })
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join("");

/** Whole answers to plain requests for segments, head and body in one Buffer that everybody shares. */
export class SegmentAnswers {
  readonly #answers = new Map<SegmentNumber, { readonly bytes: Buffer; readonly second: number }>();

  /** @param now ms since 1970, for the answer's date */
  get(n: SegmentNumber, segment: Buffer, digest: string | undefined, now: number): Buffer {
    const second = Math.floor(now / 1000);
    const known = this.#answers.get(n);
    if (known?.second === second) return known.bytes;
    const head = [
      "HTTP/1.1 200 OK\r\n",
      lines,
      digest === undefined ? "" : `${digestHeader}: ${digest}\r\n`,
      `content-length: ${segment.length}\r\n`,
      `date: ${new Date(second * 1000).toUTCString()}\r\n`,
      `connection: keep-alive\r\nkeep-alive: timeout=${keepAliveSeconds}\r\n\r\n`,
    ];
    const bytes = Buffer.concat([Buffer.from(head.join(""), "latin1"), segment]);
    this.#answers.delete(n);
    this.#answers.set(n, { bytes, second });
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= windowSegments) break;
      this.#answers.delete(oldest);
    }
    return bytes;
  }
}
