import { setTimeout as sleep } from "node:timers/promises";
import { Problem, reason } from "../../foundation/errors.ts";
import type { Link } from "../../foundation/link.ts";
import type { Log } from "../../foundation/log.ts";
import type { Counter } from "../../foundation/meter.ts";

/** From this pause between two attempts on, failures are worth a warning. */
const worthAWarningMs = 1000;

export interface PublisherOptions {
  /** Who is told; for logs and problems. */
  readonly name: "origin" | "stage";
  readonly link: Link;
  /** Where a Space's whole truth is PUT, and DELETEd when it is over. */
  readonly path: (id: string) => string;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly failures: Counter;
}

interface Told {
  /** What the other side has to know, as JSON; null: that there is nothing. */
  wanted: string | null;
  /** What it is known to know; undefined when that is not known: at first, while it is told, when it forgot. */
  acknowledged: string | null | undefined;
  sending: boolean;
  waiting: (() => void)[];
}

/**
 * Keeps another process at what it should know: the whole truth about each Space, PUT when it differs from what was
 * acknowledged, again and again until it is. The other side may forget everything at any time: `resendAll`.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #told = new Map<string, Told>();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Makes the other side know this, soon. */
  want(id: string, spec: object): void {
    this.#want(id, JSON.stringify(spec));
  }

  /** Makes the other side drop the Space, and forgets it once that is done. */
  drop(id: string): void {
    if (this.#told.has(id)) this.#want(id, null);
  }

  /** As `drop`, also where this process has never told of the Space: an earlier one may have. */
  dropAnyhow(id: string): void {
    this.#want(id, null);
  }

  /** Forgets the Space; the other side keeps what it knows. */
  forget(id: string): void {
    const told = this.#told.get(id);
    this.#told.delete(id);
    for (const resolve of told?.waiting ?? []) resolve();
  }

  /** The other side has come back, perhaps with nothing in its memory. */
  resendAll(): void {
    for (const [id, told] of this.#told) {
      told.acknowledged = undefined;
      void this.#send(id, told);
    }
  }

  /** Resolves once what is wanted now has been acknowledged; throws `upstream-away` when that takes too long. */
  async settled(id: string, timeoutMs = 3000): Promise<void> {
    const told = this.#told.get(id);
    if (!told || told.acknowledged === told.wanted) return;
    const { promise, resolve } = Promise.withResolvers<true>();
    told.waiting.push(() => resolve(true));
    const timer = new AbortController();
    const late = sleep(timeoutMs, false as const, { signal: timer.signal }).catch(() => false as const);
    const done = await Promise.race([promise, late]);
    timer.abort();
    if (!done) throw upstreamAway(this.#options.name);
  }

  #want(id: string, wanted: string | null): void {
    let told = this.#told.get(id);
    if (!told) this.#told.set(id, (told = { wanted, acknowledged: undefined, sending: false, waiting: [] }));
    told.wanted = wanted;
    if (told.acknowledged !== wanted) void this.#send(id, told);
  }

  async #send(id: string, told: Told): Promise<void> {
    if (told.sending) return;
    told.sending = true;
    let delay = 50;
    const { link, path, signal, log, failures, name } = this.#options;
    while (!signal.aborted && this.#told.get(id) === told && told.acknowledged !== told.wanted) {
      const sent = told.wanted;
      // Until it answers, the other side may know either: whoever wants the former back must tell it again.
      told.acknowledged = undefined;
      try {
        const answer = await link.request(
          sent === null
            ? { method: "DELETE", path: path(id), signal, timeoutMs: 2000 }
            : {
                method: "PUT",
                path: path(id),
                body: Buffer.from(sent),
                headers: { "content-type": "application/json" },
                signal,
                timeoutMs: 2000,
              },
        );
        const refused = answer.status >= 300 && !(sent === null && answer.status === 404);
        if (refused) throw new Error(`${answer.status} ${answer.body.toString("utf8").slice(0, 500)}`);
        told.acknowledged = sent;
        delay = 50;
        if (sent === told.wanted) for (const resolve of told.waiting.splice(0)) resolve();
      } catch (failure) {
        if (signal.aborted) break;
        failures.add(1, { to: name });
        // The processes start together, and each may be started again: a moment without an answer is nobody's business.
        log[delay < worthAWarningMs ? "debug" : "warn"]("not-told", { to: name, space: id, reason: reason(failure) });
        await sleep(delay, undefined, { signal }).catch(() => {});
        delay = Math.min(delay * 2, 2000);
      }
    }
    told.sending = false;
    if (told.wanted === null && told.acknowledged === null && this.#told.get(id) === told) this.#told.delete(id);
  }
}

export const upstreamAway = (name: "origin" | "stage", cause?: unknown): Problem =>
  new Problem({
    status: 503,
    code: `${name}-away`,
    title: name === "stage" ? "The stage does not answer" : "The origin does not answer",
    detail: `The ${name} process of this server is being started again, or is overloaded.`,
    action: "Try again in a few seconds.",
    retryAfter: 2,
    cause,
  });
