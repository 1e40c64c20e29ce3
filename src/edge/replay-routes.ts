import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import type { ReplayPath } from "../wire/paths.ts";
import { addressSubject } from "../foundation/address.ts";
import { ByteCache, type CachedAnswer } from "./byte-cache.ts";
import type { Directory } from "./directory.ts";
import { openHeaders, overloaded, sendNothingHere, sendRanged, sendRefusal } from "./respond.ts";
import { type Fetched, originAway, type Upstream } from "./upstream.ts";

/** Bytes of replays one edge keeps: an hour of 32 kbit/s is 18 MB. */
export const maxReplayBytes = 32 * 1024 * 1024;
/** How many downloads of whole replays go through one edge at once, and how many of one address. */
export const maxDownloads = 64;
export const maxDownloadsPerAddress = 16;
/** How many different replay objects are fetched from the origin at once. */
export const maxReplayFetches = 64;
/** Milliseconds for which what may change is kept, however long its origin allows. */
export const maxKeptMs = 10_000;

/** Headers of the origin's answer that are passed on. */
const passedHeaders = [
  "content-type",
  "cache-control",
  "content-length",
  "content-range",
  "accept-ranges",
  "content-disposition",
  "etag",
  "last-modified",
  "retry-after",
] as const;

export interface ReplayCounts {
  notFound: number;
  /** Requests refused because too many were under way. */
  replayOverflow: number;
}

export interface ReplayOptions {
  readonly directory: Directory;
  readonly upstream: Upstream;
  readonly counts: ReplayCounts;
  /** The address of whoever asks. */
  readonly address: (request: IncomingMessage) => string;
  /** Whether another edge asks, for many. */
  readonly isEdge: (request: IncomingMessage) => boolean;
  /** @default maxReplayBytes */
  readonly maxBytes?: number;
}

/** `/replay/**`: immutable objects of the origin, kept by recency; downloads pass through with their Range. */
export class ReplayRoutes {
  readonly #options: ReplayOptions;
  readonly #cache: ByteCache;
  readonly #fetches = new Map<string, Promise<Fetched>>();
  #downloads = 0;
  /** Downloads of each address that has any. */
  readonly #byAddress = new Map<string, number>();

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#cache = new ByteCache(options.maxBytes ?? maxReplayBytes);
  }

  get cachedBytes(): number {
    return this.#cache.bytes;
  }

  get downloads(): number {
    return this.#downloads;
  }

  /** `path` is what `parsed` was read from. The method is GET or HEAD. */
  handle(request: IncomingMessage, response: ServerResponse, path: string, parsed: ReplayPath): void {
    const entry = this.#options.directory.find(parsed.space);
    if (!entry?.state.replay) return this.#nothing(response);
    // Slug and id share what is kept; the grammar holds no other way to write a path.
    const upstreamPath = `/replay/${entry.state.id}${path.slice("/replay/".length + parsed.space.length)}`;
    if (parsed.kind === "replay-file") {
      this.#download(request, response, upstreamPath).catch(() => this.#broken(response));
      return;
    }
    const kept = this.#cache.get(upstreamPath);
    if (kept) return sendRanged(request, response, kept.body, kept.headers);
    const fetched = this.#fetch(upstreamPath);
    if (!fetched) return this.#overflow(response, "replay requests", maxReplayFetches);
    fetched.then(
      (answer) => this.#send(request, response, answer),
      () => this.#broken(response),
    );
  }

  #nothing(response: ServerResponse): void {
    this.#options.counts.notFound++;
    sendNothingHere(response);
  }

  #broken(response: ServerResponse): void {
    if (response.headersSent) response.destroy();
    else sendRefusal(response, originAway());
  }

  #overflow(response: ServerResponse, what: string, most: number): void {
    this.#options.counts.replayOverflow++;
    sendRefusal(response, overloaded(what, most));
  }

  /** One fetch however many ask; `undefined` when too many are under way. */
  #fetch(path: string): Promise<Fetched> | undefined {
    const under = this.#fetches.get(path);
    if (under) return under;
    if (this.#fetches.size >= maxReplayFetches) return undefined;
    const fetched = this.#options.upstream.fetch("replay", path).then((answer) => {
      const lasts = lifetimeMs(answer.headers["cache-control"]);
      if (answer.status === 200 && lasts > 0)
        this.#cache.put(path, { ...asKept(answer), until: performance.now() + lasts });
      return answer;
    });
    this.#fetches.set(path, fetched);
    const forget = (): void => void this.#fetches.delete(path);
    fetched.then(forget, forget);
    return fetched;
  }

  #send(request: IncomingMessage, response: ServerResponse, answer: Fetched): void {
    if (answer.status === 404) return this.#nothing(response);
    if (answer.status === 200) return sendRanged(request, response, answer.body, asKept(answer).headers);
    response.writeHead(answer.status, passed(answer.headers)).end(answer.body);
  }

  #leave(address: string): void {
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }

  async #download(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    if (this.#downloads >= maxDownloads) return this.#overflow(response, "downloads", maxDownloads);
    const address = this.#options.isEdge(request) ? undefined : addressSubject(this.#options.address(request));
    const ofOne = address === undefined ? 0 : (this.#byAddress.get(address) ?? 0);
    if (ofOne >= maxDownloadsPerAddress)
      return this.#overflow(response, "downloads to your address", maxDownloadsPerAddress);
    this.#downloads++;
    if (address !== undefined) this.#byAddress.set(address, ofOne + 1);
    const abort = new AbortController();
    response.once("close", () => {
      this.#downloads--;
      if (address !== undefined) this.#leave(address);
      abort.abort();
    });
    const headers: OutgoingHttpHeaders = {};
    for (const name of ["range", "if-range", "if-none-match"]) {
      const value = request.headers[name];
      if (value !== undefined) headers[name] = value;
    }
    const source = await this.#options.upstream.open("download", path, { headers, signal: abort.signal });
    response.writeHead(source.statusCode ?? 502, passed(source.headers));
    if (request.method === "HEAD") {
      source.destroy();
      response.end();
      return;
    }
    pipeline(source, response, () => {});
  }
}

/** How long an answer may be given again: for ever, or as long as it says but at most `maxKeptMs`. */
function lifetimeMs(cacheControl = ""): number {
  if (cacheControl.includes("immutable")) return Infinity;
  if (/\b(?:no-store|no-cache|private)\b/.test(cacheControl)) return 0;
  return Math.min(Number(/\bmax-age=(\d+)/.exec(cacheControl)?.[1] ?? 0) * 1000, maxKeptMs);
}

const asKept = (answer: Fetched): Omit<CachedAnswer, "until"> => {
  const { "content-length": _length, "content-range": _range, ...headers } = passed(answer.headers);
  return { headers, body: answer.body };
};

function passed(headers: IncomingMessage["headers"]): OutgoingHttpHeaders {
  const out: OutgoingHttpHeaders = { ...openHeaders };
  for (const name of passedHeaders) if (headers[name] !== undefined) out[name] = headers[name];
  return out;
}
