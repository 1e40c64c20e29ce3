import type { OutgoingHttpHeaders } from "node:http";

/** A whole answer that may be given again. */
export interface CachedAnswer {
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
  /** Monotonic ms until which it may be given; Infinity for what never changes. */
  readonly until: number;
}

/** A least-recently-used cache with a cap in bytes. */
export class ByteCache {
  readonly #answers = new Map<string, CachedAnswer>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): CachedAnswer | undefined {
    const answer = this.#answers.get(key);
    if (!answer) return undefined;
    if (answer.until <= performance.now()) {
      this.delete(key);
      return undefined;
    }
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    return answer;
  }

  /** Keeps an answer, and lets the ones go that were not asked for the longest. One larger than the cap is not kept. */
  put(key: string, answer: CachedAnswer): void {
    this.delete(key);
    if (answer.body.length > this.#maxBytes) return;
    this.#answers.set(key, answer);
    this.#bytes += answer.body.length;
    for (const old of this.#answers.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.delete(old);
    }
  }

  delete(key: string): void {
    const answer = this.#answers.get(key);
    if (!answer) return;
    this.#answers.delete(key);
    this.#bytes -= answer.body.length;
  }
}
