import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Target } from "../foundation/target.ts";
import type { Output } from "./output.ts";
import type { Action } from "./recommendations.ts";

/** So often it is tried to tell the receiver one thing. */
export const mostTries = 6;
/** The wait before the second try is up to so long, ms, before each further one up to twice that, and never over the other. */
const firstWaitMs = 1000;
const mostWaitMs = 30_000;
/** How long one try may take, ms. */
const answeredWithinMs = 5000;

export interface WebhookOptions {
  /** `https:`, or `http:` to loopback. */
  readonly url: URL;
  /** The secret that both sides know. */
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Ends the waits. */
  readonly signal: AbortSignal;
  /** In [0, 1). @default Math.random */
  readonly random?: () => number;
  /** Waits for so many ms. @default a timer */
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** What `rostra-signature` says: HMAC-SHA-256 over the time in seconds, a dot and the body, so that nothing can be sent again later. */
export const signature = (key: string, at: number, body: string): string =>
  `t=${at},v1=${createHmac("sha256", key).update(`${at}.${body}`).digest("hex")}`;

/** Posts each action as JSON, signed, again until it is answered with 2xx, unless what it says is over by then. */
export function webhook({ url, key, now, signal, random = Math.random, wait }: WebhookOptions): Output {
  const target = new Target(url.origin);
  const pause = wait ?? ((ms: number) => sleep(ms, undefined, { signal }));
  const post = (body: string, id: string): Promise<number> => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const request = target.request(
      {
        method: "POST",
        path: url.pathname + url.search,
        signal: AbortSignal.any([signal, AbortSignal.timeout(answeredWithinMs)]),
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "rostra-delivery": id,
          "rostra-signature": signature(key, Math.floor(now() / 1000), body),
        },
      },
      (response) => {
        resolve(response.statusCode ?? 0);
        // What it says besides is nobody's matter.
        response.destroy();
      },
    );
    request.on("error", reject);
    request.end(body);
    return promise;
  };
  return {
    name: "webhook",
    tell: async (action) => {
      const over = now() + action.seconds * 1000;
      const body = JSON.stringify(told(action, now()));
      const id = randomUUID();
      for (let tries = 1; ; tries++) {
        const answer = await post(body, id).catch((thrown: unknown) => thrown);
        if (typeof answer === "number" && answer >= 200 && answer < 300) return;
        const why = typeof answer === "number" ? `the receiver answered ${answer}` : String(answer);
        const isFinal = typeof answer === "number" && answer >= 400 && answer < 500 && answer !== 408 && answer !== 429;
        if (isFinal || tries >= mostTries || signal.aborted) throw new Error(`${why}; tried ${tries} times`);
        await pause(random() * Math.min(mostWaitMs, firstWaitMs * 2 ** (tries - 1)));
        if (action.what === "block" && now() > over) throw new Error(`${why}; what it says is over`);
      }
    },
  };
}

/** What the body holds; times are ISO 8601. */
function told({ what, prefix, reason, guard, seconds, refused, addresses, hits, of }: Action, at: number): object {
  const until = what === "block" ? { until: new Date(at + seconds * 1000).toISOString() } : {};
  const figures = { refused, addresses, hits, of };
  return { v: 1, at: new Date(at).toISOString(), what, prefix: prefix.text, seconds, ...until, reason, guard, figures };
}
