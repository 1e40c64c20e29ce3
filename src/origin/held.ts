import type { ServerResponse } from "node:http";
import { tooManyHeld } from "./problems.ts";
import type { OriginMetrics } from "./metrics.ts";
import type { Timeline } from "./timeline.ts";

/** How many requests may wait for a segment or a playlist at once. */
export const maxHeldRequests = 4_096;

export type Waited = "ready" | "closed" | "too-long" | "gone-away";

/** Requests that wait for something to be published. */
export class Held {
  readonly #metrics: Pick<OriginMetrics, "held" | "heldOverflow">;
  readonly #most: number;
  #count = 0;

  constructor(metrics: Pick<OriginMetrics, "held" | "heldOverflow">, most = maxHeldRequests) {
    this.#metrics = metrics;
    this.#most = most;
  }

  /**
   * Waits until `ready`, which is asked now and after each published chunk. Ends early when the timeline closes, when
   * the client leaves, or after `limitMs`. Throws `too-many-held` when too many wait already.
   */
  async until(timeline: Timeline, response: ServerResponse, limitMs: number, ready: () => boolean): Promise<Waited> {
    if (ready()) return "ready";
    if (!timeline.open) return "closed";
    if (this.#count >= this.#most) {
      this.#metrics.heldOverflow.add();
      throw tooManyHeld(this.#most);
    }
    this.#metrics.held.set(++this.#count);
    const { promise, resolve } = Promise.withResolvers<Waited>();
    const leave = (): void => resolve("gone-away");
    const timer = setTimeout(() => resolve("too-long"), limitMs);
    response.once("close", leave);
    const stop = timeline.onPublished(() => {
      if (ready()) resolve("ready");
      else if (!timeline.open) resolve("closed");
    });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      response.off("close", leave);
      stop();
      this.#metrics.held.set(--this.#count);
    }
  }
}
