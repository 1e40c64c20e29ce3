import { maxToldEdges } from "../../src/wire/state.ts";

/** A server that has the Space's sound. */
export interface Edge {
  /** Its address without a trailing slash; empty for the page's own host. */
  readonly base: string;
  /** It has said that it has no endless responses: a cache stands there. */
  cached?: boolean;
  /** When it failed last, ms since 1970; before that a lot between −1 and 0. */
  failedAt: number;
}

/** The edges a player can ask. */
export interface Edges {
  /** The one it began with, and comes back to. */
  readonly home: Edge;
  /** The one it asks now. */
  now: Edge;
  /** What `state.edges` tells. A page that came by HTTPS may use no others (mixed content). */
  learn(told: readonly string[]): void;
  /** The one asked now has failed: goes on to the one that has not for longest, by lot among those that never have. */
  leave(): void;
}

const newEdge = (base: string): Edge => ({ base, failedAt: -Math.random() });

export function createEdges(base: string): Edges {
  const { protocol, origin } = globalThis.location ?? {};
  const home = newEdge(base);
  let all = [home];
  const edges: Edges = {
    home,
    now: home,
    learn(told) {
      const others = told
        .filter((one) => one.startsWith(protocol === "https:" ? protocol : "http") && one !== (base || origin))
        .slice(0, maxToldEdges);
      all = [home, ...others.map((one) => all.find((edge) => edge.base === one) ?? newEdge(one))];
    },
    leave() {
      edges.now.failedAt = Date.now();
      [edges.now = home] = all.toSorted((a, b) => a.failedAt - b.failedAt);
    },
  };
  return edges;
}
