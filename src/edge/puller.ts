import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { reason } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import { chunksHeader, livePaths } from "../wire/paths.ts";
import type { RenditionName } from "../wire/rendition.ts";
import type { SegmentNumber } from "../wire/timeline.ts";
import { BoxSplitter } from "./box-splitter.ts";
import type { Upstream } from "./upstream.ts";

/** Where a Space's timeline is now, as the directory knows it. */
export interface LiveEdge {
  readonly first: SegmentNumber;
  /** The latest complete segment. */
  readonly latest: SegmentNumber;
  /** True when nothing follows `latest`. */
  readonly over: boolean;
}

/** Who takes what a puller pulls. */
export interface PullerSink {
  /** Asked before each segment. */
  edge(): LiveEdge;
  /** Chunk `index` of segment `n`, as it comes: each index of each segment once, in order. */
  chunk(n: SegmentNumber, index: number, bytes: Buffer): void;
  /** Segment `n`, whole, as the origin tells it in the end. */
  complete(n: SegmentNumber, bytes: Buffer): void;
  /** Segments were left out: the next is `n`. */
  jumped(n: SegmentNumber): void;
  /** The timeline has ended; the puller has too. */
  over(): void;
}

export interface PullerOptions {
  readonly space: string;
  readonly rendition: RenditionName;
  readonly upstream: Upstream;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly sink: PullerSink;
  /** Milliseconds without a byte after which a segment is asked for again. @default 4000 */
  readonly stallMs?: number;
}

/** Further behind the live edge than this, a listener is better served by the present than by the past. */
export const maxBehindSegments = 6;
const firstBackoffMs = 40;
const lastBackoffMs = 500;

interface Attempt {
  readonly n: SegmentNumber;
  readonly head: Promise<IncomingMessage>;
  readonly abort: AbortController;
}

type Outcome = "complete" | "missing" | "failed";

/**
 * Pulls one rendition of one Space from the origin, each segment once, chunk by chunk: while segment `n` comes in, `n+1`
 * is already asked for. A failure is tried again; what is gone is left out in favour of the live edge.
 */
export class Puller {
  readonly #options: PullerOptions;
  #at: SegmentNumber;
  #current: Attempt | undefined;
  #ahead: Attempt | undefined;
  /** How many chunks of segment `#at` were handed over already, in an attempt that failed. */
  #handed = 0;

  constructor(options: PullerOptions) {
    this.#options = options;
    this.#at = Math.max(0, options.sink.edge().latest);
  }

  /** The segment that comes next, or is coming in. */
  get at(): SegmentNumber {
    return this.#at;
  }

  /** Pulls until the signal aborts or the timeline is over. */
  async run(): Promise<void> {
    const { signal, sink } = this.#options;
    signal.addEventListener("abort", () => this.#drop(), { once: true });
    let backoff = firstBackoffMs;
    while (!signal.aborted) {
      const edge = sink.edge();
      if (edge.over && this.#at > edge.latest) break;
      if (this.#at < edge.first || this.#at < edge.latest - maxBehindSegments) this.#jump(edge.latest);
      const outcome = await this.#pull();
      if (outcome === "complete") {
        this.#at++;
        this.#handed = 0;
        backoff = firstBackoffMs;
        continue;
      }
      this.#drop();
      const now = sink.edge();
      if (outcome === "missing" && now.latest > this.#at) this.#jump(now.latest);
      await sleep(backoff, undefined, { signal }).catch(() => {});
      backoff = Math.min(backoff * 2, lastBackoffMs);
    }
    this.#drop();
    if (!signal.aborted) sink.over();
  }

  #jump(to: SegmentNumber): void {
    this.#drop();
    this.#at = to;
    this.#handed = 0;
    this.#options.sink.jumped(to);
  }

  #ask(n: SegmentNumber): Attempt {
    const { space, rendition, upstream } = this.#options;
    const abort = new AbortController();
    const head = upstream.open("segment", livePaths.segment(space, rendition, n), {
      headers: { [chunksHeader]: "1" },
      signal: abort.signal,
    });
    // Whoever awaits it later sees the failure; until then it is nobody's.
    head.catch(() => {});
    return { n, head, abort };
  }

  #drop(): void {
    this.#current?.abort.abort();
    this.#ahead?.abort.abort();
    this.#current = this.#ahead = undefined;
  }

  async #pull(): Promise<Outcome> {
    const { sink, log, space, rendition, stallMs = 4000 } = this.#options;
    const n = this.#at;
    const attempt = this.#ahead?.n === n ? this.#ahead : this.#ask(n);
    this.#ahead = undefined;
    this.#current = attempt;
    const stalled = setTimeout(() => attempt.abort.abort(), stallMs);
    try {
      const response = await attempt.head;
      if (response.statusCode !== 200) {
        response.resume();
        return response.statusCode === 404 || response.statusCode === 410 ? "missing" : "failed";
      }
      const splitter = new BoxSplitter();
      const chunks: Buffer[] = [];
      for await (const data of response as AsyncIterable<Buffer>) {
        stalled.refresh();
        this.#ahead ??= this.#ask(n + 1);
        for (const chunk of splitter.push(data)) {
          const index = chunks.push(chunk) - 1;
          if (index < this.#handed) continue;
          this.#handed = index + 1;
          sink.chunk(n, index, chunk);
        }
      }
      if (!response.complete || splitter.rest > 0 || chunks.length === 0) throw new Error("the segment broke off");
      sink.complete(n, Buffer.concat(chunks));
      return "complete";
    } catch (failure) {
      attempt.abort.abort();
      if (!this.#options.signal.aborted) log.debug("pull-failed", { space, rendition, n, reason: reason(failure) });
      return "failed";
    } finally {
      clearTimeout(stalled);
    }
  }
}
