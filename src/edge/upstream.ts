import type http from "node:http";
import type { Counter } from "../foundation/meter.ts";
import { Problem } from "../foundation/errors.ts";
import { nodeHttp } from "../foundation/http.ts";

export interface OpenOptions {
  readonly headers?: http.OutgoingHttpHeaders;
  readonly signal: AbortSignal;
}

/** The most bytes that are read into memory from the origin at once; what is larger is streamed. */
export const maxFetchedBytes = 8 * 1024 * 1024;

/** What an edge fetches by, and what for: the label of its metric. */
export type FetchKind = "segment" | "past-segment" | "replay" | "download";

/** A whole answer of the origin. */
export interface Fetched {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The origin, as an edge asks it for bytes: kept connections, answers as streams. */
export class Upstream {
  readonly #socketPath: string;
  readonly #fetches: Counter;
  readonly #agent = new nodeHttp.Agent({ keepAlive: true, maxFreeSockets: 64 });

  constructor(socketPath: string, fetches: Counter) {
    this.#socketPath = socketPath;
    this.#fetches = fetches;
  }

  /** Sends a GET; resolves with the head, the body still to come. Aborting the signal ends both. */
  open(kind: FetchKind, path: string, options: OpenOptions): Promise<http.IncomingMessage> {
    this.#fetches.add(1, { kind });
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const { signal, headers = {} } = options;
    const request = nodeHttp.get({ socketPath: this.#socketPath, agent: this.#agent, path, headers, signal }, resolve);
    request.on("error", reject);
    return promise;
  }

  /** Sends a GET and reads the whole answer, whatever its status. */
  async fetch(kind: FetchKind, path: string, timeoutMs = 5000): Promise<Fetched> {
    const response = await this.open(kind, path, { signal: AbortSignal.timeout(timeoutMs) });
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of response as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > maxFetchedBytes) throw new Error(`${path} has more than ${maxFetchedBytes} bytes`);
      parts.push(part);
    }
    return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) };
  }

  close(): void {
    this.#agent.destroy();
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
