import { hash } from "node:crypto";

/** Milliseconds for which somebody who fetched a segment counts as listening. */
export const listensForMs = 5000;
/** How many listeners by numbered segments one edge tells apart; beyond it they are not counted. */
export const maxKnownListeners = 100_000;

/**
 * An estimate of who listens by numbered segments or HLS: one for each client address and User-Agent that fetched a
 * segment in the last seconds. Only a short hash is kept, for those seconds.
 */
export class Audience {
  readonly #bySpace = new Map<string, Map<string, number>>();
  readonly #now: () => number;
  readonly #most: number;
  #known = 0;
  /** Fetches by listeners that were not told apart because there are too many. */
  overflow = 0;

  constructor(now: () => number = () => performance.now(), most = maxKnownListeners) {
    this.#now = now;
    this.#most = most;
  }

  seen(space: string, address: string, userAgent: string): void {
    const key = hash("sha1", `${address} ${userAgent}`, "base64").slice(0, 12);
    let listeners = this.#bySpace.get(space);
    if (!listeners) this.#bySpace.set(space, (listeners = new Map()));
    if (!listeners.has(key)) {
      if (this.#known >= this.#most) {
        this.overflow++;
        return;
      }
      this.#known++;
    }
    listeners.set(key, this.#now());
  }

  /** How many listen now, by Space; forgets the others. */
  count(): Map<string, number> {
    const since = this.#now() - listensForMs;
    const counts = new Map<string, number>();
    for (const [space, listeners] of this.#bySpace) {
      for (const [key, at] of listeners) {
        if (at >= since) continue;
        listeners.delete(key);
        this.#known--;
      }
      if (listeners.size > 0) counts.set(space, listeners.size);
      else this.#bySpace.delete(space);
    }
    return counts;
  }
}
