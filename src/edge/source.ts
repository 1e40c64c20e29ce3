import type http from "node:http";
import { Target } from "../foundation/target.ts";
import { edgeIdHeader, edgePaths, keyHeader } from "../wire/edges.ts";

/** Milliseconds after the first trouble with a source until it is tried again; doubled with each further one. */
const firstRestMs = 50;
const longestRestMs = 2000;
/** The same for being given up in favour of another because its segments fail. */
const firstUnfitMs = 10_000;
const longestUnfitMs = 300_000;

export interface SourceOptions {
  /** The path of the origin's Unix socket, or the base URL of another edge. */
  readonly address: string;
  /** Its place in the order of preference; 0 is the first. */
  readonly rank: number;
  /** What this edge is called among edges. */
  readonly id: string;
  /** What it shows to other edges. */
  readonly key?: string | undefined;
}

/** One place that an edge can follow: the origin of its own machine, or an edge on another. */
export class Source {
  readonly target: Target;
  readonly rank: number;
  /** Where its feed is told, and where it takes reports of the audience. */
  readonly paths: { readonly feed: string; readonly audience: string };
  readonly #agent: http.Agent;
  #restMs = firstRestMs;
  /** From when on it may be tried, monotonic ms. */
  #retryAt = 0;
  #unfitMs = firstUnfitMs;
  /** Until when any other is better. */
  #unfitUntil = 0;

  constructor({ address, rank, id, key }: SourceOptions) {
    const remote = /^https?:/.test(address);
    this.target = new Target(address, remote ? { [edgeIdHeader]: id, ...(key ? { [keyHeader]: key } : {}) } : {});
    this.rank = rank;
    this.paths = remote ? edgePaths : { feed: "/feed", audience: "/audience" };
    this.#agent = this.target.agent({ keepAlive: true, maxFreeSockets: 64 });
  }

  /** What it is called in logs. */
  get name(): string {
    return this.target.remote ? this.target.address : "origin";
  }

  get retryAt(): number {
    return this.#retryAt;
  }

  /** Whether it may be followed by preference, as far as its segments are known. */
  isFit(now: number): boolean {
    return this.#unfitUntil <= now;
  }

  /** Sends a GET; resolves with the head, the body still to come. `fresh` makes a connection of its own. */
  open(
    path: string,
    options: { readonly headers?: http.OutgoingHttpHeaders; readonly signal: AbortSignal; readonly fresh?: boolean },
  ): Promise<http.IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const { headers = {}, signal, fresh = false } = options;
    const request = this.target.request({ agent: fresh ? false : this.#agent, path, headers, signal }, resolve);
    request.on("error", reject);
    request.end();
    return promise;
  }

  /** Posts JSON and resolves with the status; what is answered is thrown away. */
  post(path: string, body: unknown, timeoutMs: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const text = JSON.stringify(body);
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    const signal = AbortSignal.timeout(timeoutMs);
    const request = this.target.request({ agent: this.#agent, method: "POST", path, headers, signal }, (response) => {
      response.on("error", reject).on("end", () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    request.on("error", reject);
    request.end(text);
    return promise;
  }

  /** It does what it should: the next trouble is its first. */
  well(): void {
    this.#restMs = firstRestMs;
    this.#retryAt = 0;
  }

  /** It is in trouble at `now`: it rests for a while, `atLeastMs` or longer. */
  rest(now: number, atLeastMs: number): void {
    this.#retryAt = now + Math.max(atLeastMs, this.#restMs * (0.75 + Math.random() / 2));
    this.#restMs = Math.min(this.#restMs * 2, longestRestMs);
  }

  /** Its segments fail, though its feed may be well: any other is better for a while. */
  unfit(now: number): void {
    this.#unfitUntil = now + this.#unfitMs * (0.75 + Math.random() / 2);
    this.#unfitMs = Math.min(this.#unfitMs * 2, longestUnfitMs);
  }

  close(): void {
    this.#agent.destroy();
  }
}
