import type http from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { rm } from "node:fs/promises";
import { Problem, reason } from "./errors.ts";
import { nodeHttp } from "./http.ts";
import type { Log } from "./log.ts";
import { type Target, targetOf } from "./target.ts";

/**
 * How the processes of one machine talk: plain HTTP over Unix sockets, and newline-delimited JSON for what goes on for
 * ever. The same requests go over TCP and TLS between machines (`target.ts`).
 */

/** A response of a linked process. */
export interface LinkResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface LinkRequest {
  /** @default "GET" */
  readonly method?: string;
  readonly path: string;
  readonly headers?: http.OutgoingHttpHeaders;
  /** Bytes as they are, or anything else as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Milliseconds until the request fails. @default 5000 */
  readonly timeoutMs?: number;
}

/** Kept connections to one linked process. */
export class Link {
  readonly #target: Target;
  readonly #agent: http.Agent;

  /**
   * @param target the path of a Unix socket, or where else it is
   * @param maxSockets how many requests may be under way at once; more wait in the agent's queue
   */
  constructor(target: string | Target, maxSockets = 64) {
    this.#target = targetOf(target);
    this.#agent = this.#target.agent({ keepAlive: true, maxSockets, maxFreeSockets: 16 });
  }

  /** Sends one request and reads the whole answer. Throws when there is none; any status is an answer. */
  async request(options: LinkRequest): Promise<LinkResponse> {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? 5000);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    const raw = options.body instanceof Uint8Array;
    const body =
      options.body === undefined ? undefined : raw ? (options.body as Uint8Array) : JSON.stringify(options.body);
    const { promise, resolve, reject } = Promise.withResolvers<LinkResponse>();
    const request = this.#target.request(
      {
        agent: this.#agent,
        method: options.method ?? "GET",
        path: options.path,
        signal,
        headers: {
          ...(body === undefined ? {} : { "content-type": raw ? "application/octet-stream" : "application/json" }),
          ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
          ...options.headers,
        },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
        );
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(body);
    return promise;
  }

  /** Sends one request that must succeed and returns its JSON (`undefined` when the answer is empty). */
  async json<T>(options: LinkRequest): Promise<T> {
    const answer = await this.request(options);
    const text = answer.body.toString("utf8");
    if (answer.status >= 200 && answer.status < 300) return (text ? JSON.parse(text) : undefined) as T;
    throw problemFrom(answer.status, text, `${options.method ?? "GET"} ${options.path}`);
  }

  /**
   * Follows an endless NDJSON response: `onLine` for each line, reconnecting with backoff (50 ms doubling to 2 s) until
   * the signal aborts. `onState` tells when the connection comes and goes; a stream that says nothing for
   * `silenceMs` counts as gone.
   */
  async follow(
    path: string,
    onLine: (value: unknown) => void,
    options: { signal: AbortSignal; log: Log; onState?: (connected: boolean) => void; silenceMs?: number },
  ): Promise<void> {
    let delay = 50;
    while (!options.signal.aborted) {
      let connected = false;
      try {
        const response = await this.#open(path, options.signal, options.silenceMs ?? 5000);
        connected = true;
        options.onState?.(true);
        for await (const line of createInterface({ input: response, crlfDelay: Infinity })) {
          delay = 50;
          if (line) onLine(JSON.parse(line));
        }
      } catch (failure) {
        if (!options.signal.aborted) options.log.debug("link-lost", { path, reason: reason(failure) });
      }
      if (connected) options.onState?.(false);
      if (options.signal.aborted) return;
      await sleep(delay * (0.75 + Math.random() / 2), undefined, { signal: options.signal }).catch(() => {});
      delay = Math.min(delay * 2, 2000);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #open(path: string, signal: AbortSignal, silenceMs: number): Promise<http.IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const request = this.#target.request({ path, signal, agent: false }, (response) => {
      if (response.statusCode === 200) resolve(response);
      else {
        response.resume();
        reject(new Error(`${path} answered ${response.statusCode}`));
      }
    });
    request.setTimeout(silenceMs, () => request.destroy(new Error(`${path} was silent for ${silenceMs} ms`)));
    request.on("error", reject);
    request.end();
    return promise;
  }
}

/** The problem that a linked process answered with, thrown again here with its status. */
export function problemFrom(status: number, text: string, what: string): Problem {
  let document: Partial<{ code: string; title: string; detail: string; action: string; pointer: string }> = {};
  try {
    document = JSON.parse(text) as typeof document;
  } catch {
    /* not a problem document: the status alone must do */
  }
  return new Problem({
    status,
    code: document.code ?? "upstream-refused",
    title: document.title ?? "Another process of this server refused the request",
    detail: document.detail ?? `${what} answered ${status}`,
    action: document.action ?? "Try again; if it goes on, look at the server's log.",
    ...(document.pointer === undefined ? {} : { pointer: document.pointer }),
  });
}

export type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void | Promise<void>;

/** Serves `handler` on a Unix socket; what it throws becomes a problem document. The socket file is made anew, mode 0600. */
export async function listenUnix(socketPath: string, handler: Handler, log: Log): Promise<http.Server> {
  await rm(socketPath, { force: true });
  const server = nodeHttp.createServer({ keepAliveTimeout: 60_000, requestTimeout: 30_000 }, (request, response) => {
    void (async () => handler(request, response))().catch((thrown: unknown) => sendThrown(response, thrown, log));
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const before = process.umask(0o177);
  server.once("error", reject).listen(socketPath, resolve);
  process.umask(before);
  await promise;
  return server;
}

/** Ends a server: no new connections, idle ones closed, the others after `graceMs`. */
export async function closeServer(server: http.Server, graceMs = 500): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(force);
}

export function sendJson(response: http.ServerResponse, status: number, body?: unknown): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  response
    .writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
    .end(text);
}

export function sendProblem(response: http.ServerResponse, problem: Problem): void {
  const text = JSON.stringify(problem.toDocument());
  response
    .writeHead(problem.status, {
      "content-type": "application/problem+json",
      "content-length": Buffer.byteLength(text),
      "cache-control": "no-store",
      ...(problem.retryAfter === undefined ? {} : { "retry-after": String(problem.retryAfter) }),
    })
    .end(text);
}

/** Answers with the problem that was thrown; anything else is logged and becomes `internal`, without its text. */
export function sendThrown(response: http.ServerResponse, thrown: unknown, log: Log): void {
  if (!(thrown instanceof Problem)) log.error("request-failed", { error: thrown });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  sendProblem(response, thrown instanceof Problem ? thrown : internalProblem());
}

export const internalProblem = (): Problem =>
  new Problem({
    status: 500,
    code: "internal",
    title: "Something broke on the server",
    detail: "The request met a fault that is not yours; it has been logged.",
    action: "Try again; if it goes on, tell whoever runs this server.",
  });

export const notFound = (what: string): Problem =>
  new Problem({
    status: 404,
    code: "not-found",
    title: "There is nothing here",
    detail: `${what} does not exist.`,
    action: "Check the address.",
  });

/** For 416, with how many bytes there are. */
export const rangeNotThere = (bytes: number): Problem =>
  new Problem({
    status: 416,
    code: "range-not-there",
    title: "The range lies outside of what is here",
    detail: `It has ${bytes} bytes, and the range asks for none of them.`,
    action: "Ask for a range within it, or for the whole.",
  });

/** Reads a request's body; more than `cap` bytes is a 413 problem. */
export async function readBody(request: http.IncomingMessage, cap: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > cap) {
      throw new Problem({
        status: 413,
        code: "too-large",
        title: "The request is too large",
        detail: `The body is larger than ${cap} bytes.`,
        action: "Send less.",
      });
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Reads a request's body as JSON; what is not JSON is a 400 problem. */
export async function readJson(request: http.IncomingMessage, cap = 256 * 1024): Promise<unknown> {
  const body = await readBody(request, cap);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new Problem({
      status: 400,
      code: "not-json",
      title: "The body is not JSON",
      detail: `The body of ${body.length} bytes cannot be read as JSON.`,
      action: "Send one JSON value in UTF-8.",
    });
  }
}

/** The most bytes an NDJSON reader may leave unread before it is cut off. */
export const ndjsonBacklogBytes = 4 * 1024 * 1024;

/** Starts an endless NDJSON response; the function returned writes a line, and closes a reader that does not read. */
export function startNdjson(response: http.ServerResponse): (value: unknown) => void {
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  response.flushHeaders();
  return (value) => {
    if (response.writableEnded || response.destroyed) return;
    if (response.writableLength > ndjsonBacklogBytes) response.destroy();
    else response.write(`${JSON.stringify(value)}\n`);
  };
}
