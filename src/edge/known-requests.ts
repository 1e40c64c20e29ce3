import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { RenditionName } from "../wire/rendition.ts";
import { plainLength, plainText } from "./repeat.ts";

/** How many different requests for endless responses are known; the first that was learnt gives way. */
export const maxKnownRequests = 256;
/** Longer requests are not learnt. */
const longestText = 4096;
/** What differs from one client to the next, or is nobody else's business. */
const personal = ["cookie", "authorization", "forwarded", "x-forwarded-for", "x-real-ip"];

/** What a request says, but for who sends it. */
export interface KnownRequest {
  /** As the address has it: id or slug. */
  readonly space: string;
  readonly rendition: RenditionName;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Requests for endless responses that Node's HTTP parser has read, by their bytes: the same bytes are the same request. When
 * many come at once most of them say the same, for players of a kind write alike.
 */
export class KnownRequests {
  readonly #known = new Map<string, KnownRequest>();

  get size(): number {
    return this.#known.size;
  }

  /** Remembers a request for an endless response, if it is the first and only thing on its connection, and plain. */
  learn(request: IncomingMessage, space: string, rendition: RenditionName): void {
    const { headers, socket } = request;
    const length = plainLength(request);
    if (length === undefined || length > longestText || socket.bytesRead !== length) return;
    if (personal.some((name) => headers[name] !== undefined)) return;
    const text = plainText(request);
    if (this.#known.has(text)) return;
    if (this.#known.size >= maxKnownRequests)
      for (const first of this.#known.keys()) {
        this.#known.delete(first);
        break;
      }
    this.#known.set(text, { space, rendition, headers });
  }

  find(bytes: Buffer, length: number): KnownRequest | undefined {
    return length > longestText ? undefined : this.#known.get(bytes.toString("latin1", 0, length));
  }
}
