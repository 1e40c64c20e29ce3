import { segmentsPerSecond } from "./traffic.ts";

/** How many edges follow one origin or one edge before another tier stands between. */
export const defaultFan = 64;
/** Renditions that every worker pulls. */
const pulled = 3;

/** The machines between the origin and the edges that listeners are on. */
export interface Tree {
  /** Relay edges by tier, from the origin outward; empty when the edges follow the origin itself. */
  readonly tiers: readonly number[];
  /** Requests a second that the fullest parent answers, and the share of one core that takes. */
  readonly requestsPerSecond: number;
  readonly coreShare: number;
}

/**
 * Edges of edges: as few tiers as keep every parent at `fan` children. Every worker of a child pulls each segment of each
 * rendition once.
 * @param request seconds of a core for answering one
 */
export function treeOf(edges: number, cores: number, request: number, fan = defaultFan): Tree {
  const tiers: number[] = [];
  for (let below = edges; below > fan;) {
    below = Math.ceil(below / fan);
    tiers.unshift(below);
  }
  const rows = [1, ...tiers, edges];
  const children = Math.max(...rows.slice(1).map((row, i) => Math.ceil(row / (rows[i] ?? 1))));
  const requestsPerSecond = children * cores * pulled * segmentsPerSecond;
  return { tiers, requestsPerSecond, coreShare: requestsPerSecond * request };
}
