import type http from "node:http";
import { pipeline } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { addressSubject } from "../foundation/address.ts";
import { errno, Problem } from "../foundation/errors.ts";
import type { Target } from "../foundation/target.ts";
import { maxBodyBytes } from "../wire/body.ts";
import { edgeIdHeader, keyHeader } from "../wire/edges.ts";
import { attemptHeader, isRetry, readThreshold, thresholdHeader, writtenThreshold } from "../wire/threshold.ts";
import { clientAddress, forwardedHeaders, noTrust, type Trust } from "./client-address.ts";
import { alwaysOpen, type Levels } from "./service-level.ts";
import { noTurns, type Turns, workOf } from "./turns.ts";
import { overloaded, refuseUnread, sendNotAllowed, sendRefusal } from "./respond.ts";

/** How many API requests go through one edge at once, and how many of one address. */
export const maxApiRequests = 512;
export const maxApiPerAddress = 128;
/** Above this share of the requests at once, only addresses with fewer than so many are let in: one that asks seldom is not kept out. */
const sharedShare = 0.75;
const fewOfOne = 8;
/** So many more, in proportion, may be of the stage: who asks for other things takes none of its places. */
const stageExtra = 0.25;
/** Bytes of bodies that one edge holds for the API, all requests together. */
export const maxApiBodyBytes = 32 * 1024 * 1024;
/** Milliseconds for which a request waits for control to come back, so that its restart is not seen. */
export const controlPatienceMs = 3000;
const controlRetryMs = 50;
/** Connections to control that are kept for the next question. */
const maxKeptToControl = 16;
const answerTimeoutMs = 30_000;

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const allow = methods.join(", ");

/** Headers that concern one connection only (RFC 9110, 7.6.1), and those that this edge sets itself. */
const ownHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "expect",
  "forwarded",
  "x-real-ip",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-forwarded-port",
  keyHeader,
  edgeIdHeader,
]);

/** The headers of a request or response that go on to the next process. */
export function passedOn(headers: http.IncomingHttpHeaders): http.OutgoingHttpHeaders {
  const named = new Set((headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ownHeaders.has(name) && !named.has(name)));
}

/**
 * The headers of a request as they go on to whoever answers for control: those of the request, and who asks. On another
 * machine the Host must be that machine's, and the one that people asked for goes beside it.
 */
export function headersFor(target: Target, request: http.IncomingMessage, trust: Trust): http.OutgoingHttpHeaders {
  const { host, ...headers } = passedOn(request.headers);
  const forwarded = forwardedHeaders(request, trust);
  if (!target.remote) return { ...headers, ...forwarded, ...(host === undefined ? {} : { host }) };
  return { ...headers, ...(host === undefined ? {} : { "x-forwarded-host": host }), ...forwarded };
}

export interface ProxyCounts {
  /** API requests refused because too many were under way, or their bodies too large together. */
  apiOverflow: number;
}

export interface ProxyOptions {
  /** Where control answers now: here, or at the edge that is followed. */
  readonly control: () => Target;
  readonly counts: ProxyCounts;
  /** @default noTrust */
  readonly trust?: Trust;
  /** @default maxApiRequests */
  readonly maxRequests?: number | undefined;
  /** @default maxApiPerAddress */
  readonly maxPerAddress?: number | undefined;
  /** At level 4 only the stage's work goes on. @default alwaysOpen */
  readonly levels?: Pick<Levels, "own"> | undefined;
  /** Says when a request may go to control. @default noTurns */
  readonly turns?: Turns | undefined;
}

/** `/api/**`: passed to control, within this edge's own caps. */
export class ApiProxy {
  readonly #options: ProxyOptions;
  readonly #most: number;
  readonly #mostOfOne: number;
  /** Requests under way of each address that has any. */
  readonly #byAddress = new Map<string, number>();
  /** For questions to control on this machine. */
  #kept: http.Agent | undefined;
  #bodyBytes = 0;
  inFlight = 0;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#most = options.maxRequests ?? maxApiRequests;
    this.#mostOfOne = options.maxPerAddress ?? maxApiPerAddress;
  }

  /** `url` is path and query, as they came. */
  async handle(request: http.IncomingMessage, response: http.ServerResponse, url: string): Promise<void> {
    try {
      await this.#pass(request, response, url);
    } catch (thrown) {
      if (!response.headersSent) this.#tellThreshold(request, response);
      if (response.headersSent || response.destroyed) response.destroy();
      else if (!(thrown instanceof Problem)) throw thrown;
      else if (request.complete) sendRefusal(response, thrown);
      else refuseUnread(request, response, thrown);
    }
  }

  async #pass(request: http.IncomingMessage, response: http.ServerResponse, url: string): Promise<void> {
    if (!methods.includes(request.method ?? "")) return sendNotAllowed(request, response, allow);
    const address = addressSubject(clientAddress(request, this.#options.trust ?? noTrust));
    const ofOne = this.#byAddress.get(address) ?? 0;
    const isOfStage = workOf(request) === "stage";
    const { levels = alwaysOpen, counts } = this.#options;
    if (!isOfStage && levels.own >= 4) {
      counts.apiOverflow++;
      return refuseUnread(request, response, onlyTheStage());
    }
    const isCrowded = !isOfStage && this.inFlight >= this.#most * sharedShare;
    const mostOfOne = isCrowded ? Math.min(fewOfOne, this.#mostOfOne) : this.#mostOfOne;
    const mostOfAll = isOfStage ? Math.floor(this.#most * (1 + stageExtra)) : this.#most;
    if (this.inFlight >= mostOfAll || ofOne >= mostOfOne) {
      this.#options.counts.apiOverflow++;
      const [what, most] =
        ofOne < mostOfOne
          ? (["requests for control", mostOfAll] as const)
          : (["requests for control from your address", mostOfOne] as const);
      this.#tellThreshold(request, response);
      return refuseUnread(request, response, overloaded(what, most));
    }
    this.inFlight++;
    this.#byAddress.set(address, ofOne + 1);
    response.once("close", () => {
      this.inFlight--;
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    });
    const abort = new AbortController();
    response.once("close", () => abort.abort());

    const body = await this.#body(request, response);
    const answer = await this.#send(request, address, url, body, abort.signal);
    const { [thresholdHeader]: further, ...headers } = passedOn(answer.headers);
    this.#tellThreshold(request, response, readThreshold(typeof further === "string" ? further : undefined));
    response.writeHead(answer.statusCode ?? 502, headers);
    pipeline(answer, response, () => {});
  }

  /** Says which share of requests like this one is accepted, here and further on, while it is not all. */
  #tellThreshold(request: http.IncomingMessage, response: http.ServerResponse, further = 1): void {
    const share = Math.min(further, this.#options.turns?.share(workOf(request)) ?? 1);
    if (share < 1) response.setHeader(thresholdHeader, writtenThreshold(share));
  }

  /**
   * Reads the body before anything is sent, so that it can be sent again while control is away. What has come counts
   * against the cap of all bodies, not what was announced: announcing costs nothing.
   */
  async #body(request: http.IncomingMessage, response: http.ServerResponse): Promise<Buffer> {
    const told = Number(request.headers["content-length"] ?? 0);
    if (told > maxBodyBytes) throw tooLarge(told);
    if (told === 0 && request.headers["transfer-encoding"] === undefined) return Buffer.alloc(0);
    let held = 0;
    response.once("close", () => {
      this.#bodyBytes -= held;
      held = 0;
    });
    return readWhole(request, (bytes) => {
      if (response.destroyed) return;
      if (this.#bodyBytes + bytes > maxApiBodyBytes) {
        this.#options.counts.apiOverflow++;
        throw overloaded("bytes of requests for control", maxApiBodyBytes);
      }
      this.#bodyBytes += bytes;
      held += bytes;
    });
  }

  async #send(
    request: http.IncomingMessage,
    address: string,
    url: string,
    body: Buffer,
    signal: AbortSignal,
  ): Promise<http.IncomingMessage> {
    const until = performance.now() + controlPatienceMs;
    const { turns = noTurns } = this.#options;
    for (;;) {
      const turn = await turns.enter(workOf(request), address, signal, isRetry(request.headers[attemptHeader]));
      try {
        const answer = await this.#attempt(request, url, body, signal);
        turn.done(true);
        return answer;
      } catch (failure) {
        turn.done(false);
        if (signal.aborted) throw failure;
        if (!nothingWasSent(failure) && !(failure instanceof Stale)) throw lostControl(failure);
        if (performance.now() >= until) throw controlAway(failure);
        await sleep(controlRetryMs, undefined, { signal });
      }
    }
  }

  #attempt(
    request: http.IncomingMessage,
    url: string,
    body: Buffer,
    signal: AbortSignal,
  ): Promise<http.IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const control = this.#options.control();
    const { "content-length": _length, ...headers } = headersFor(control, request, this.#options.trust ?? noTrust);
    const sent = control.request(
      {
        agent: this.#agentFor(request, control),
        method: request.method,
        path: url,
        signal,
        timeout: answerTimeoutMs,
        headers: {
          ...headers,
          ...(body.length > 0 || hasBody(request) ? { "content-length": body.length } : {}),
        },
      },
      resolve,
    );
    sent.on("timeout", () => sent.destroy(new Error(`control did not answer within ${answerTimeoutMs} ms`)));
    sent.on("error", (failure) => reject(sent.reusedSocket && isBroken(failure) ? new Stale(failure) : failure));
    sent.end(body);
    return promise;
  }

  /**
   * What only asks goes on a kept connection, at half the cost for both sides: when that turns out to be broken it may be asked again
   * (RFC 9110, 9.2.2). Anything else has a new one: only then does a refused one prove that nothing was sent.
   */
  #agentFor(request: http.IncomingMessage, control: Target): http.Agent | false {
    const onlyAsks = (request.method === "GET" || request.method === "HEAD") && !hasBody(request);
    if (!onlyAsks || control.remote) return false;
    return (this.#kept ??= control.agent({ keepAlive: true, maxFreeSockets: maxKeptToControl }));
  }
}

/** A kept connection was broken before anything came on it. */
class Stale extends Error {
  constructor(cause: unknown) {
    super("a kept connection to control is broken", { cause });
  }
}
const isBroken = (failure: unknown): boolean => ["ECONNRESET", "EPIPE"].includes(errno(failure) ?? "");

/**
 * Reads a body of at most `maxBodyBytes`. The rest of one that is refused is not destroyed, so that its sender hears why.
 * @param take is told of each part's bytes before it is kept, and throws when it must not be
 */
function readWhole(request: http.IncomingMessage, take: (bytes: number) => void): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const parts: Buffer[] = [];
  let size = 0;
  let refused = false;
  request.on("data", (part: Buffer) => {
    size += part.length;
    if (refused) return;
    try {
      if (size > maxBodyBytes) throw tooLarge(size);
      take(part.length);
      parts.push(part);
    } catch (refusal) {
      refused = true;
      parts.length = 0;
      reject(refusal);
    }
  });
  request.once("end", () => resolve(Buffer.concat(parts)));
  request.once("error", reject);
  return promise;
}

const hasBody = (request: http.IncomingMessage): boolean =>
  request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined;

/** Whether a failure happened before a connection was made. */
export const nothingWasSent = (failure: unknown): boolean =>
  ["ECONNREFUSED", "ENOENT", "EAGAIN"].includes(errno(failure) ?? "") ||
  (failure instanceof Error && "syscall" in failure && ["connect", "getaddrinfo"].includes(String(failure.syscall)));

const tooLarge = (bytes: number): Problem =>
  new Problem({
    status: 413,
    code: "too-large",
    title: "The request is too large",
    detail: `The body has ${bytes} bytes; at most ${maxBodyBytes} are taken.`,
    action: "Send less.",
  });

/** Level 4 lasts some seconds at least; those who wait for its end do not come back all at once. */
const onlyTheStage = (): Problem =>
  new Problem({
    status: 503,
    code: "overloaded",
    title: "Too many at once",
    detail: "This edge is full. Hosts and speakers reach the desk; nobody else does for now.",
    action: "Try again after the time that Retry-After names. Listening goes on.",
    retryAfter: 5 + Math.floor(Math.random() * 10),
  });

export const controlAway = (cause: unknown): Problem =>
  new Problem({
    status: 503,
    code: "control-away",
    title: "The desk of this server does not answer",
    detail: `It did not come back within ${controlPatienceMs} ms. Listening goes on without it.`,
    action: "Try again after the time that Retry-After names.",
    retryAfter: 2,
    cause,
  });

const lostControl = (cause: unknown): Problem =>
  new Problem({
    status: 502,
    code: "control-lost",
    title: "The desk of this server broke off",
    detail: "The request was sent, and no answer came: it may or may not have been carried out.",
    action: "Look whether it was carried out, and repeat it if it was not.",
    cause,
  });
