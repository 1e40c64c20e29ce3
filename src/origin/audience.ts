import { beaconEveryMs } from "../wire/state.ts";
import type { Audience } from "../wire/timelines.ts";

/** An edge that has not told its counts for so long counts no more. */
export const edgeExpiresMs = 5_000;
/** Counts reach state and timeline at most this often. */
export const countEveryMs = 2_000;
/** How many edges are counted; more are left out. */
export const maxEdges = 256;
/** Reports are kept for a beacon's interval and half of theirs. */
const keptMs = beaconEveryMs + 500;

/** What all edges together count of one Space. */
export interface AudienceCounts {
  /** Everybody that edges see: endless responses and numbered segments. */
  listeners: number;
  /** Of these, those by numbered segments. */
  numbered: number;
  /** Beacons in an interval of `beaconEveryMs`: at place `k` those of players drawn with a share of 2^-k. */
  beacons: number[];
}

interface Report {
  readonly at: number;
  readonly beacons: Audience["beacons"];
}

interface Edge {
  readonly latest: Audience;
  /** Oldest first; the first one is there for when it came. */
  readonly reports: Report[];
}

/** Sums what the edges count of each Space, by its id. */
export class AudienceSum {
  readonly #edges = new Map<string, Edge>();
  readonly #now: () => number;

  /** @param now milliseconds that only grow */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Takes one edge's counts in place of its last; false when there are too many edges. */
  report(report: Audience): boolean {
    if (!this.#edges.has(report.edge) && this.#edges.size >= maxEdges) {
      this.#expire();
      if (this.#edges.size >= maxEdges) return false;
    }
    const now = this.#now();
    const before = (this.#edges.get(report.edge)?.reports ?? []).filter(({ at }) => at > now - keptMs);
    this.#edges.set(report.edge, { latest: report, reports: [...before, { at: now, beacons: report.beacons }] });
    return true;
  }

  /** The latest report of each edge that is heard. */
  latest(): Audience[] {
    this.#expire();
    return [...this.#edges.values()].map(({ latest }) => latest);
  }

  /** What is counted of each Space that has any. */
  sums(): Map<string, AudienceCounts> {
    this.#expire();
    const sums = new Map<string, AudienceCounts>();
    const of = (space: string): AudienceCounts => {
      let sum = sums.get(space);
      if (!sum) sums.set(space, (sum = { listeners: 0, numbered: 0, beacons: [] }));
      return sum;
    };
    for (const { latest, reports } of this.#edges.values()) {
      for (const [space, count] of Object.entries(latest.listeners)) of(space).listeners += count;
      for (const [space, count] of Object.entries(latest.numbered)) of(space).numbered += count;
      const [first, ...later] = reports;
      // Reports do not come to the millisecond: what came between the first and the last is as for one interval.
      const span = Math.max(0.9 * beaconEveryMs, (later.at(-1)?.at ?? 0) - (first?.at ?? 0));
      for (const { beacons } of later) {
        for (const [space, counts] of Object.entries(beacons)) {
          const sum = of(space).beacons;
          for (const [k, count] of counts.entries()) sum[k] = (sum[k] ?? 0) + count * (beaconEveryMs / span);
        }
      }
    }
    return sums;
  }

  #expire(): void {
    for (const [edge, { reports }] of this.#edges)
      if (this.#now() - (reports.at(-1)?.at ?? 0) > edgeExpiresMs) this.#edges.delete(edge);
  }
}
