import type http from "node:http";
import { Problem } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import type { Counter } from "../foundation/meter.ts";
import { Source } from "./source.ts";

export interface OpenOptions {
  readonly headers?: http.OutgoingHttpHeaders;
  readonly signal: AbortSignal;
  /** @default the one that is followed */
  readonly from?: Source;
}

/** The most bytes that are read into memory from a source at once; what is larger is streamed. */
export const maxFetchedBytes = 8 * 1024 * 1024;
/** Segments that fail at one source within `failuresWithinMs` until this edge follows another one. */
export const maxFailures = 3;
export const failuresWithinMs = 10_000;

/** What an edge fetches by, and what for: the label of its metric. */
export type FetchKind = "segment" | "past-segment" | "replay" | "download" | "text";

/** A whole answer of a source. */
export interface Fetched {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface UpstreamOptions {
  /** In the order of preference: the path of the origin's Unix socket, or base URLs of other edges. At least one. */
  readonly addresses: readonly string[];
  /** What this edge is called among edges. @default "edge" */
  readonly id?: string;
  readonly key?: string | undefined;
  readonly fetches: Counter;
  readonly log: Log;
}

/** Where an edge's bytes come from: one source is followed at a time, the others wait for it to fail. */
export class Upstream {
  readonly sources: readonly Source[];
  /** How often another source was followed than before. */
  moves = 0;
  readonly #fetches: Counter;
  readonly #log: Log;
  #current: Source;
  readonly #heard = new Set<() => void>();
  /** When segments failed, lately. */
  readonly #failures = new Map<Source, number[]>();

  constructor({ addresses, id = "edge", key, fetches, log }: UpstreamOptions) {
    this.sources = addresses.map((address, rank) => new Source({ address, rank, id, key }));
    const [first] = this.sources;
    if (!first) throw new Error("an edge needs something to follow");
    this.#current = first;
    this.#fetches = fetches;
    this.#log = log;
  }

  /** The source that is followed now. */
  get current(): Source {
    return this.#current;
  }

  /** Calls `hear` whenever another source is followed; the function returned stops that. */
  onMove(hear: () => void): () => void {
    this.#heard.add(hear);
    return () => void this.#heard.delete(hear);
  }

  /** Whom to ask instead of a source that fails: the best of the others that may be tried, else that same one. */
  elsewhere(than: Source): Source {
    return this.#best(performance.now(), than) ?? than;
  }

  /** Follows another source than this one, if there is one that may be tried. False when it stays. */
  leave(source: Source, why: string, restMs = 0): boolean {
    const now = performance.now();
    source.rest(now, restMs);
    if (source !== this.#current) return false;
    const next = this.#best(now, source);
    if (next) this.#move(next, why);
    return next !== undefined;
  }

  /** Of all that rest, follows the one that may be tried first, when the current one may not. */
  settle(): void {
    const now = performance.now();
    if (this.#current.retryAt <= now) return;
    const [first] = this.sources.toSorted((a, b) => a.retryAt - b.retryAt);
    if (first && first !== this.#current) this.#move(first, "all others rest");
  }

  /** Follows a source that is preferred and has shown itself well. */
  prefer(source: Source): void {
    if (source !== this.#current) this.#move(source, "it is well again");
  }

  /** A segment could not be had from a source; when that goes on another one is followed. */
  failed(source: Source, why: string): void {
    const now = performance.now();
    const lately = (this.#failures.get(source) ?? []).filter((at) => now - at < failuresWithinMs);
    lately.push(now);
    this.#failures.set(source, lately);
    if (lately.length < maxFailures || this.sources.length === 1) return;
    this.#failures.delete(source);
    source.unfit(now);
    const next = source === this.#current ? this.#best(now, source) : undefined;
    if (next) this.#move(next, `its segments fail: ${why}`);
  }

  /** Sends a GET; resolves with the head, the body still to come. Aborting the signal ends both. */
  open(kind: FetchKind, path: string, options: OpenOptions): Promise<http.IncomingMessage> {
    this.#fetches.add(1, { kind });
    return (options.from ?? this.#current).open(path, options);
  }

  /** Sends a GET and reads the whole answer, whatever its status; when a source does not answer another one is asked. */
  async fetch(kind: FetchKind, path: string, timeoutMs = 5000): Promise<Fetched> {
    const source = this.#current;
    try {
      return await this.fetchFrom(source, kind, path, timeoutMs);
    } catch (failure) {
      const other = this.elsewhere(source);
      if (other === source) throw failure;
      return this.fetchFrom(other, kind, path, timeoutMs);
    }
  }

  /** The same from one source. @param most bytes; more is an error */
  async fetchFrom(
    source: Source,
    kind: FetchKind,
    path: string,
    timeoutMs = 5000,
    most = maxFetchedBytes,
  ): Promise<Fetched> {
    const response = await this.open(kind, path, { signal: AbortSignal.timeout(timeoutMs), from: source });
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of response as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > most) throw new Error(`${path} has more than ${most} bytes`);
      parts.push(part);
    }
    return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) };
  }

  close(): void {
    for (const source of this.sources) source.close();
  }

  /** The first of the others that may be tried, best one whose segments were good. */
  #best(now: number, than: Source): Source | undefined {
    const others = this.sources.filter((source) => source !== than && source.retryAt <= now);
    return others.find((source) => source.isFit(now)) ?? others[0];
  }

  #move(to: Source, why: string): void {
    this.#log.warn("upstream-moved", { from: this.#current.name, to: to.name, why });
    this.#current = to;
    this.moves++;
    for (const hear of this.#heard) hear();
  }
}

/** What a listener is told when the origin does not answer and the edge has nothing of its own. */
export const originAway = (): Problem =>
  new Problem({
    status: 503,
    code: "origin-away",
    title: "The sound's source does not answer",
    detail: "This edge does not have what was asked, and the origin does not answer.",
    action: "Ask again in a second.",
    retryAfter: 1,
  });
