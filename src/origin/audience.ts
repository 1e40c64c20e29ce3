import type { AudienceReport } from "../wire/timelines.ts";

/** An edge that has not told its counts for so long counts no more. */
export const edgeExpiresMs = 5_000;
/** Counts reach state and timeline at most this often. */
export const countEveryMs = 2_000;
/** How many edges are counted; more are left out. */
export const maxEdges = 256;

/** Sums what the edges count. Spaces stand under the name by which the edge knows them. */
export class AudienceSum {
  readonly #edges = new Map<string, { readonly at: number; readonly listeners: AudienceReport["listeners"] }>();
  readonly #now: () => number;

  /** @param now milliseconds that only grow */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Takes one edge's counts in place of its last; false when there are too many edges. */
  report({ edge, listeners }: AudienceReport): boolean {
    if (!this.#edges.has(edge) && this.#edges.size >= maxEdges) {
      this.#expire();
      if (this.#edges.size >= maxEdges) return false;
    }
    this.#edges.set(edge, { at: this.#now(), listeners });
    return true;
  }

  /** Listeners of each Space that has any. */
  sums(): Map<string, number> {
    this.#expire();
    const sums = new Map<string, number>();
    for (const { listeners } of this.#edges.values()) {
      for (const [space, count] of Object.entries(listeners)) sums.set(space, (sums.get(space) ?? 0) + count);
    }
    return sums;
  }

  #expire(): void {
    for (const [edge, { at }] of this.#edges) if (this.#now() - at > edgeExpiresMs) this.#edges.delete(edge);
  }
}
