import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { reason } from "../foundation/errors.ts";
import { linesOf } from "../foundation/lines.ts";
import type { Log } from "../foundation/log.ts";
import { maxFeedLineBytes, readFeedLine } from "../wire/feed-line.ts";
import type { FeedLine } from "../wire/timelines.ts";
import type { Source } from "./source.ts";
import type { Upstream } from "./upstream.ts";

/** How an edge judges what it follows. All in milliseconds. */
export interface FeedTiming {
  /** The origin ticks each second: a feed that says nothing for so long makes way for another source. @default 2500 */
  readonly silenceMs: number;
  /** One that says nothing for so long is begun anew, also when there is no other. @default 6000 */
  readonly lostMs: number;
  /** A preferred source is looked at again about every so often. @default 5000 */
  readonly lookBackMs: number;
  /** It is followed again when its feed was good for about so long. @default 10000 */
  readonly wellMs: number;
}
export const feedTiming: FeedTiming = { silenceMs: 2500, lostMs: 6000, lookBackMs: 5000, wellMs: 10_000 };

/** Milliseconds within which a source must begin to answer. */
const headMs = 2500;
/** Lines that are none until the source is left. */
export const maxBadLines = 10;
/** Milliseconds for which a source is left alone whose feed comes from this very edge. */
const loopRestMs = 30_000;

export interface FeedFollowerOptions {
  readonly upstream: Upstream;
  /** What this edge is called among edges. */
  readonly id: string;
  readonly counts: { badFeedLines: number };
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Each line of the feed that is followed, but for its path. */
  readonly onLine: (line: FeedLine) => void;
  /** Through which edges the feed comes. */
  readonly onPath: (edges: readonly string[]) => void;
  /** The feed has come, or gone. */
  readonly onConnection: (connected: boolean) => void;
  readonly timing?: Partial<FeedTiming> | undefined;
}

/** The feed comes from this very edge. */
class Loop extends Error {}

const jittered = (duration: number): number => duration * (0.75 + Math.random() / 2);

/**
 * Follows the feed of one source at a time: of the first that works. When it breaks or falls silent the next one is followed at
 * once; one that is preferred is followed again when it has been good for a while.
 */
export class FeedFollower {
  readonly #options: FeedFollowerOptions;
  readonly #timing: FeedTiming;
  /** Why each source was left last, to tell it once. */
  readonly #told = new Map<Source, string>();

  constructor(options: FeedFollowerOptions) {
    this.#options = options;
    this.#timing = { ...feedTiming, ...options.timing };
  }

  /** What was wrong last with the source that is to be followed. */
  get trouble(): string | undefined {
    return this.#told.get(this.#options.upstream.current);
  }

  /** Follows until the signal aborts. */
  async run(): Promise<void> {
    await Promise.all([this.#follow(), this.#lookBack()]);
  }

  async #follow(): Promise<void> {
    const { upstream, signal } = this.#options;
    while (!signal.aborted) {
      upstream.settle();
      const source = upstream.current;
      const wait = source.retryAt - performance.now();
      if (wait > 0) {
        await sleep(wait, undefined, { signal }).catch(() => {});
        continue;
      }
      const end = await this.#read(source);
      if (signal.aborted || upstream.current !== source) continue;
      // A feed that ends cleanly after it was good is that of a process that makes way for another at the same address.
      if (end === "ended") upstream.settle();
      else this.#left(source, end);
    }
  }

  /** Reads one source's feed to its end: why it was left, or `ended` when it was good and ended by itself. */
  async #read(source: Source): Promise<Error | "ended"> {
    const { upstream, signal, onConnection } = this.#options;
    const abort = new AbortController();
    const stopHearing = upstream.onMove(() => abort.abort());
    let connected = false;
    let good = false;
    const heard = this.#watch(source, abort);
    try {
      const response = await this.#open(source, AbortSignal.any([signal, abort.signal]));
      connected = true;
      onConnection(true);
      for await (const line of this.#lines(source, response)) {
        heard.line();
        if (line.t === "tick" && !good) {
          good = true;
          source.well();
          this.#told.delete(source);
        }
        if (line.t === "path") this.#options.onPath(line.edges);
        else this.#options.onLine(line);
      }
      return good && response.complete ? "ended" : new Error("its feed broke off");
    } catch (failure) {
      if (abort.signal.reason instanceof Error && abort.signal.reason.name === "Silence") return abort.signal.reason;
      return failure instanceof Error ? failure : new Error(reason(failure));
    } finally {
      heard.stop();
      stopHearing();
      abort.abort();
      if (connected) onConnection(false);
    }
  }

  /** Minds that something is heard: at first another source is tried, then the connection is begun anew. */
  #watch(source: Source, abort: AbortController): { line(): void; stop(): void } {
    const { silenceMs, lostMs } = this.#timing;
    let heardAt = performance.now();
    const look = (): void => {
      const silent = performance.now() - heardAt;
      // Leaving aborts this read by way of the move; without another source there is nowhere to go.
      if (silent > silenceMs && this.#options.upstream.elsewhere(source) !== source)
        this.#left(source, new Error(`it said nothing for ${Math.round(silent)} ms`));
      if (silent > lostMs) abort.abort(Object.assign(new Error("it is silent"), { name: "Silence" }));
    };
    const timer = setInterval(look, Math.min(250, silenceMs / 4));
    return { line: () => void (heardAt = performance.now()), stop: () => clearInterval(timer) };
  }

  async #open(source: Source, signal: AbortSignal): Promise<IncomingMessage> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(new Error(`it did not answer within ${headMs} ms`)), headMs);
    try {
      const both = AbortSignal.any([signal, timeout.signal]);
      const response = await source.open(source.paths.feed, { signal: both, fresh: true });
      if (response.statusCode === 200) return response;
      throw new Error(`it answered ${response.statusCode}: ${await problemText(response)}`);
    } catch (failure) {
      throw timeout.signal.aborted ? timeout.signal.reason : failure;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The lines that are lines. Throws when too many are not, and when the feed comes from this edge itself. */
  async *#lines(source: Source, response: IncomingMessage): AsyncGenerator<FeedLine> {
    const { counts, id, log } = this.#options;
    let bad = 0;
    for await (const text of linesOf(response, maxFeedLineBytes)) {
      const line = text === undefined ? undefined : readFeedLine(text);
      if (line === "unknown") continue;
      if (line === undefined) {
        counts.badFeedLines++;
        if (bad++ === 0) log.warn("bad-feed-line", { source: source.name, bytes: text?.length });
        if (bad > maxBadLines) throw new Error(`${bad} of its lines cannot be read`);
        continue;
      }
      if (line.t === "path" && line.edges.includes(id)) throw new Loop("its feed comes from this edge itself");
      yield line;
    }
  }

  #left(source: Source, why: Error): void {
    const { upstream, log, signal } = this.#options;
    const isLoop = why instanceof Loop || why.message.includes("edge-loop");
    if (!signal.aborted && this.#told.get(source) !== why.message) {
      this.#told.set(source, why.message);
      const level = source.target.remote ? "warn" : "debug";
      log[level](isLoop ? "upstream-loop" : "upstream-away", { source: source.name, reason: why.message });
    }
    upstream.leave(source, why.message, isLoop ? loopRestMs : 0);
  }

  /** While another than the first source is followed: looks whether a preferred one is good again. */
  async #lookBack(): Promise<void> {
    const { upstream, signal } = this.#options;
    if (upstream.sources.length === 1) return;
    while (!signal.aborted) {
      await sleep(jittered(this.#timing.lookBackMs), undefined, { signal }).catch(() => {});
      const { current } = upstream;
      for (const source of upstream.sources.slice(0, current.rank)) {
        const now = performance.now();
        if (source.retryAt > now || !source.isFit(now) || !(await this.#isGood(source))) continue;
        if (upstream.current === current) upstream.prefer(source);
        break;
      }
    }
  }

  /** Whether a source's feed tells everything, and then ticks for a while without a pause. */
  async #isGood(source: Source): Promise<boolean> {
    const { signal } = this.#options;
    const { silenceMs, wellMs } = this.#timing;
    const abort = new AbortController();
    const until = performance.now() + jittered(wellMs);
    const silence = setTimeout(() => abort.abort(), silenceMs);
    let synced = false;
    try {
      const response = await this.#open(source, AbortSignal.any([signal, abort.signal]));
      for await (const line of this.#lines(source, response)) {
        if (line.t === "synced") synced = true;
        silence.refresh();
        if (synced && line.t === "tick" && performance.now() >= until) return true;
      }
    } catch {
      /* not good */
    } finally {
      clearTimeout(silence);
      abort.abort();
    }
    return false;
  }
}

/** The code of a refusal, as far as it says one; at most some bytes are read. */
async function problemText(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of response as AsyncIterable<Buffer>) {
    text += part.toString("latin1");
    if (text.length > 2048) break;
  }
  return /"code":"([a-z-]{1,64})"/.exec(text)?.[1] ?? "no reason that can be read";
}
