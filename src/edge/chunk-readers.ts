import type { ServerResponse } from "node:http";
import { digestHeader } from "../wire/edges.ts";
import type { SegmentNumber } from "../wire/timeline.ts";
import type { WholeSegment } from "./past-segment.ts";
import { mediaHeaders, overloaded, sendRefusal, sendWhole } from "./respond.ts";
import { originAway } from "./upstream.ts";

/** How many requests of other edges for segments that are still coming in one edge has under way. */
export const maxChunkReaders = 4096;

/** What all channels of an edge share of them. */
export interface ReaderBudget {
  open: number;
  readonly most: number;
  /** Milliseconds that one may wait for its first chunk. */
  readonly patienceMs: number;
}

interface Reader {
  readonly n: SegmentNumber;
  readonly response: ServerResponse;
  readonly until: number;
  /** How many chunks it has. */
  sent: number;
}

/**
 * Other edges that ask for a segment while it comes in: each gets its chunks as they come, and the digest as a trailer
 * once the whole is checked. What cannot be vouched for is broken off, so that whoever asked knows.
 */
export class ChunkReaders {
  readonly #readers = new Set<Reader>();
  readonly #budget: ReaderBudget;

  constructor(budget: ReaderBudget) {
    this.#budget = budget;
  }

  get size(): number {
    return this.#readers.size;
  }

  /**
   * Answers with segment `n` as it comes.
   * @param chunks what there is of it already
   * @returns false when there are too many; the answer is given
   */
  follow(n: SegmentNumber, chunks: readonly Buffer[], response: ServerResponse): boolean {
    if (this.#budget.open >= this.#budget.most) {
      sendRefusal(response, overloaded("requests of edges for a segment", this.#budget.most));
      return false;
    }
    this.#budget.open++;
    const reader: Reader = { n, response, until: performance.now() + this.#budget.patienceMs, sent: 0 };
    this.#readers.add(reader);
    response.once("close", () => this.#forget(reader));
    for (const bytes of chunks) this.#write(reader, bytes);
    return true;
  }

  /** Chunk `index` of segment `n` has come. */
  chunk(n: SegmentNumber, index: number, bytes: Buffer): void {
    for (const reader of this.#readers) if (reader.n === n && reader.sent === index) this.#write(reader, bytes);
  }

  /** Segment `n` is whole, and good. */
  complete(n: SegmentNumber, { bytes, digest }: WholeSegment): void {
    const told = digest === undefined ? {} : { [digestHeader]: digest };
    for (const reader of this.#readers) {
      if (reader.n !== n) continue;
      this.#forget(reader);
      if (reader.sent === 0) sendWhole(reader.response, bytes, { ...mediaHeaders, ...told });
      else {
        reader.response.addTrailers(told);
        reader.response.end();
      }
    }
  }

  /** What readers have of segment `n` may be wrong; those that have nothing yet wait on, for the whole. */
  spoiled(n: SegmentNumber): void {
    for (const reader of this.#readers) if (reader.n === n && reader.sent > 0) this.#break(reader);
  }

  /** Nothing more comes for the readers of these segments. */
  cut(isCut: (n: SegmentNumber) => boolean): void {
    for (const reader of this.#readers) if (isCut(reader.n)) this.#break(reader);
  }

  /** Refuses those that have waited long enough for a first chunk at `now` (monotonic ms). */
  expire(now: number): void {
    for (const reader of this.#readers) if (reader.sent === 0 && reader.until <= now) this.#break(reader);
  }

  #write(reader: Reader, bytes: Buffer): void {
    if (reader.sent++ === 0) reader.response.writeHead(200, { ...mediaHeaders, trailer: digestHeader });
    reader.response.write(bytes);
  }

  #break(reader: Reader): void {
    this.#forget(reader);
    if (reader.sent > 0) reader.response.destroy();
    else sendRefusal(reader.response, originAway());
  }

  #forget(reader: Reader): void {
    if (this.#readers.delete(reader)) this.#budget.open--;
  }
}
