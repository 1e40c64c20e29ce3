import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { reason } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import { digestHeader } from "../wire/edges.ts";
import { chunksHeader, livePaths } from "../wire/paths.ts";
import type { RenditionName } from "../wire/rendition.ts";
import { chunksPerSegment, type SegmentNumber } from "../wire/timeline.ts";
import { BoxSplitter } from "./box-splitter.ts";
import type { WholeSegment } from "./past-segment.ts";
import { BadSegment, checkChunk, checkDigest } from "./segment-check.ts";
import type { Source } from "./source.ts";
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
  /** Segment `n`, whole and checked, as its source tells it in the end. */
  complete(n: SegmentNumber, whole: WholeSegment): void;
  /** What was handed over of segment `n` cannot be vouched for. */
  spoiled(n: SegmentNumber): void;
  /** Everybody was asked in vain: nothing more of segment `n` comes for now. */
  stuck(n: SegmentNumber): void;
  /** Segments were left out: the next is `n`. */
  jumped(n: SegmentNumber): void;
  /** The timeline has ended; the puller has too. */
  over(): void;
}

export interface PullerOptions {
  readonly space: string;
  readonly rendition: RenditionName;
  readonly upstream: Upstream;
  readonly counts: { badSegments: number };
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly sink: PullerSink;
  /** Milliseconds without a chunk after which a segment is asked for again. @default aloneStallMs, or stallMs where there are several sources */
  readonly stallMs?: number;
}

/** Further behind the live edge than this, a listener is better served by the present than by the past. */
export const maxBehindSegments = 6;
/** Milliseconds without a chunk after which a segment is asked for elsewhere: chunks come every 320, and are seldom 350 late. */
export const stallMs = 900;
/** The same where there is nobody else to ask. */
const aloneStallMs = 4000;
/** Milliseconds for which a source that failed is not asked, when there is another. */
const avoidMs = 10_000;
const firstBackoffMs = 40;
const lastBackoffMs = 500;

interface Attempt {
  readonly n: SegmentNumber;
  readonly source: Source;
  readonly head: Promise<IncomingMessage>;
  readonly abort: AbortController;
}

type Outcome = "complete" | "missing" | "failed";

/**
 * Pulls one rendition of one Space, each segment once, chunk by chunk: while segment `n` comes in, `n+1` is already asked
 * for. Each chunk is checked by its structure as it comes, the whole by its digest. What fails is asked for again, at
 * once and elsewhere when there is another source; what is gone everywhere is left out in favour of the live edge.
 */
export class Puller {
  readonly #options: PullerOptions;
  #at: SegmentNumber;
  #current: Attempt | undefined;
  #ahead: Attempt | undefined;
  /** How many chunks of segment `#at` were handed over already, in an attempt that failed. */
  #handed = 0;
  /** A source that failed, and until when another one is asked. */
  #avoid: { readonly source: Source; readonly until: number } | undefined;

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
    const { signal, sink, upstream } = this.#options;
    signal.addEventListener("abort", () => this.#drop(), { once: true });
    let backoff = firstBackoffMs;
    /** Attempts in a row that brought nothing. */
    let vain = 0;
    while (!signal.aborted) {
      const edge = sink.edge();
      if (edge.over && this.#at > edge.latest) break;
      if (this.#at < edge.first || this.#at < edge.latest - maxBehindSegments) this.#jump(edge.latest);
      const source = this.#source();
      const outcome = await this.#pull(source);
      if (outcome === "complete") {
        this.#at++;
        this.#handed = 0;
        vain = 0;
        backoff = firstBackoffMs;
        continue;
      }
      this.#drop();
      vain++;
      // Elsewhere at once, unless everybody was asked in vain.
      const isElsewhere = upstream.elsewhere(source) !== source;
      if (isElsewhere) this.#avoid = { source, until: performance.now() + avoidMs };
      if (isElsewhere && vain % upstream.sources.length !== 0) continue;
      if (!signal.aborted) sink.stuck(this.#at);
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

  /** Whom to ask: the source that is followed, unless it failed here lately. */
  #source(): Source {
    const { upstream } = this.#options;
    if (this.#avoid && performance.now() >= this.#avoid.until) this.#avoid = undefined;
    return this.#avoid?.source === upstream.current ? upstream.elsewhere(upstream.current) : upstream.current;
  }

  #ask(n: SegmentNumber, source: Source): Attempt {
    const { space, rendition, upstream } = this.#options;
    const abort = new AbortController();
    const head = upstream.open("segment", livePaths.segment(space, rendition, n), {
      headers: { [chunksHeader]: "1" },
      signal: abort.signal,
      from: source,
    });
    // Whoever awaits it later sees the failure; until then it is nobody's.
    head.catch(() => {});
    return { n, source, head, abort };
  }

  #drop(): void {
    this.#current?.abort.abort();
    this.#ahead?.abort.abort();
    this.#current = this.#ahead = undefined;
  }

  /** The attempt at segment `n`: the one that was begun ahead, unless another source is to be asked since. */
  #begin(n: SegmentNumber, source: Source): Attempt {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead?.n === n && ahead.source === source) return ahead;
    ahead?.abort.abort();
    return this.#ask(n, source);
  }

  async #pull(source: Source): Promise<Outcome> {
    const { sink, log, space, rendition, upstream } = this.#options;
    const n = this.#at;
    const attempt = this.#begin(n, source);
    this.#current = attempt;
    const patience = this.#options.stallMs ?? (upstream.sources.length > 1 ? stallMs : aloneStallMs);
    const stalled = setTimeout(() => attempt.abort.abort(new Error(`no chunk within ${patience} ms`)), patience);
    try {
      const response = await attempt.head;
      if (response.statusCode !== 200) {
        response.resume();
        if (response.statusCode === 404 || response.statusCode === 410) return "missing";
        // It has not got it itself, and says so: that is no fault of its own.
        if (response.statusCode === 503) return "failed";
        throw new Error(`it answered ${response.statusCode}`);
      }
      const splitter = new BoxSplitter();
      const chunks: Buffer[] = [];
      for await (const data of response as AsyncIterable<Buffer>) {
        for (const chunk of cut(splitter, data)) {
          stalled.refresh();
          const index = chunks.push(chunk) - 1;
          if (index >= chunksPerSegment) throw new BadSegment("it has too many chunks");
          checkChunk(chunk, rendition, n, index);
          this.#ahead ??= this.#ask(n + 1, source);
          if (index < this.#handed) continue;
          this.#handed = index + 1;
          sink.chunk(n, index, chunk);
        }
      }
      if (!response.complete || splitter.rest > 0 || chunks.length !== chunksPerSegment)
        throw new Error("the segment broke off");
      const digest = response.trailers[digestHeader] ?? header(response);
      const bytes = Buffer.concat(chunks);
      checkDigest(bytes, digest);
      sink.complete(n, { bytes, digest });
      return "complete";
    } catch (failure) {
      attempt.abort.abort();
      if (this.#options.signal.aborted) return "failed";
      if (failure instanceof BadSegment) {
        this.#options.counts.badSegments++;
        log.warn("bad-segment", { space, rendition, n, source: source.name, reason: reason(failure) });
        sink.spoiled(n);
      } else log.debug("pull-failed", { space, rendition, n, source: source.name, reason: reason(failure) });
      upstream.failed(source, reason(failure));
      return "failed";
    } finally {
      clearTimeout(stalled);
    }
  }
}

/** What is no box at all is a bad segment too. */
function cut(splitter: BoxSplitter, data: Buffer): Buffer[] {
  try {
    return splitter.push(data);
  } catch (thrown) {
    throw new BadSegment(reason(thrown));
  }
}

function header({ headers }: IncomingMessage): string | undefined {
  const told = headers[digestHeader];
  return Array.isArray(told) ? told[0] : told;
}
