import type { ProblemDocument } from "../../src/foundation/errors.ts";
import type { PriceDue } from "../../src/wire/price.ts";
import { attemptHeader, readThreshold, thresholdHeader } from "../../src/wire/threshold.ts";
import { t } from "../i18n/catalogue.ts";
import { deadline } from "./deadline.ts";
import { Throttle } from "./throttle.ts";

/** A refusal, or no answer at all (`status` 0), with words to show. Pages load the catalogue's area `problem`. */
export class ApiProblem extends Error {
  readonly status: number;
  /** The problem's code; `offline` when nothing answered, `not-json` when something else than our server did. */
  readonly code: string;
  /** What to do, in the server's words; empty when it said nothing. */
  readonly action: string;
  /** JSON Pointer of the wrong input. */
  readonly pointer: string | undefined;
  /** What the act costs, with the code `price-due`. */
  readonly price: PriceDue | undefined;
  /** How long to wait at least before it is asked again, ms. */
  readonly retryAfterMs: number;

  constructor(
    status: number,
    document: Partial<ProblemDocument> & { readonly code: string; readonly price?: PriceDue | undefined },
    retryAfterMs = 0,
  ) {
    super(document.detail ?? document.title ?? document.code);
    this.name = "ApiProblem";
    this.status = status;
    this.code = document.code;
    this.action = document.action ?? "";
    this.pointer = document.pointer;
    this.price = document.price;
    this.retryAfterMs = retryAfterMs;
  }
}

/** How long a request may take. */
const timeoutMs = 10_000;

export interface ApiRequest {
  /** @default "GET", or "POST" with a body */
  readonly method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Sent as JSON. */
  readonly body?: unknown;
  /** A host's or speaker's token, sent as Bearer. */
  readonly token?: string | undefined;
  readonly signal?: AbortSignal;
}

/** What this page's requests to the API have in common. */
const throttle = new Throttle();
/** How often one request is asked that is refused, and what is waited in between beyond what is told: full jitter. */
const maxAttempts = 2;
const longestPauseMs = 2000;
const longestRetryAfterMs = 5000;

/** Prices that are paid for one request: each may have changed while the last was paid. */
const maxPayments = 3;

/**
 * One request to `/api/v1{path}`; the JSON of the answer, or an `ApiProblem` thrown. Where the act has a price just now
 * it is paid, which takes a second or, in a browser that cannot, as long as the server says. While the server refuses, some
 * requests are held back here (`Throttle`), with the code `held-back`; one that reads and is refused is asked once more, if
 * there are not too many of those.
 */
export async function api<T>(path: string, request: ApiRequest = {}): Promise<T> {
  let payment: string | undefined;
  if (!throttle.mayAsk(performance.now())) throw new ApiProblem(503, { code: "held-back" });
  for (let paid = 0, attempt = 1; ; paid++) {
    try {
      return await once<T>(path, request, payment, attempt);
    } catch (thrown) {
      if (!(thrown instanceof ApiProblem) || paid >= maxPayments) throw thrown;
      if (attempt < maxAttempts && mayPass(request, thrown) && throttle.mayRepeat()) {
        attempt++;
        await pause(thrown.retryAfterMs + Math.random() * longestPauseMs, request.signal);
        continue;
      }
      if (thrown.code === "price-refused" && payment !== undefined) {
        payment = undefined;
        continue;
      }
      if (!thrown.price) throw thrown;
      const { pay } = await import("../price/pay.ts");
      payment = await pay(thrown.price, { signal: request.signal ?? new AbortController().signal });
    }
  }
}

/** A refusal that passes, of something that may be asked twice. A longer wait than a person takes is no use. */
const mayPass = ({ method, body, signal }: ApiRequest, { status, price, retryAfterMs }: ApiProblem): boolean =>
  (status === 503 || status === 429) &&
  price === undefined &&
  retryAfterMs <= longestRetryAfterMs &&
  (method ?? (body === undefined ? "GET" : "POST")) === "GET" &&
  !signal?.aborted;

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

async function once<T>(path: string, request: ApiRequest, payment: string | undefined, attempt: number): Promise<T> {
  const { body, token, signal } = request;
  const limit = deadline(timeoutMs, signal);
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/api/v1${path}`, {
      method: request.method ?? (body === undefined ? "GET" : "POST"),
      credentials: "same-origin",
      signal: limit.signal,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        // `priceHeader` of src/wire/price.ts, which no page is to load for one word.
        ...(payment === undefined ? {} : { "rostra-price": payment }),
        ...(attempt > 1 ? { [attemptHeader]: String(attempt) } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const isRefused = response.status === 503 || response.status === 429;
    throttle.answered(performance.now(), !isRefused, readThreshold(response.headers.get(thresholdHeader)));
    text = await response.text();
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiProblem(0, { code: "offline" });
  } finally {
    limit.end();
  }
  let value: unknown;
  try {
    value = text === "" ? undefined : JSON.parse(text);
  } catch {
    throw new ApiProblem(response.status, { code: "not-json" });
  }
  if (response.ok) return value as T;
  const document = (value ?? {}) as Partial<ProblemDocument>;
  const retryAfter = Number(response.headers.get("retry-after") ?? 0) * 1000;
  const code = document.code ?? `http-${response.status}`;
  throw new ApiProblem(response.status, { ...document, code }, Number.isFinite(retryAfter) ? retryAfter : Infinity);
}

/** Words for whatever was thrown: the page's own for what happens often, else the server's detail and advice. */
export function wordsFor(thrown: unknown): string {
  if (!(thrown instanceof ApiProblem)) return t("problem.unknown");
  if (thrown.code === "offline") return t("problem.offline");
  if (thrown.status === 401) return t("problem.signedOut");
  if (thrown.status === 403) return t("problem.forbidden");
  if (thrown.status === 429 || thrown.status === 503) return t("problem.busy");
  if (thrown.status >= 500 || thrown.code === "not-json") return t("problem.server");
  return [thrown.message, thrown.action].filter(Boolean).join(" ");
}
