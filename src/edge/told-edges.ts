import { maxToldEdges } from "../wire/state.ts";

/** An edge that a state tells, its address read. */
export interface ToldEdge {
  /** Without a trailing slash. */
  readonly base: string;
  readonly origin: string;
  /** Name and port, as a `Host` header has them. */
  readonly host: string;
  readonly isSecure: boolean;
}

const read = new WeakMap<readonly string[], readonly ToldEdge[]>();

/** The edges of `state.edges` that are addresses of HTTP at all, at most `maxToldEdges`; read once for each list. */
export function toldEdges(told: readonly string[]): readonly ToldEdge[] {
  let edges = read.get(told);
  if (!edges) {
    edges = told.slice(0, maxToldEdges).flatMap((text) => {
      const url = URL.parse(text);
      const isEdge = url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash;
      if (!isEdge) return [];
      const base = url.href.replace(/\/+$/, "");
      return [{ base, origin: url.origin, host: url.host, isSecure: url.protocol === "https:" }];
    });
    read.set(told, edges);
  }
  return edges;
}

/**
 * Some edges for a player that came by `host`, others for the next one, so that a fallen edge's audience spreads. Plain ones
 * only where all are: a page that came by HTTPS could not use them, and whether it did is not known here.
 */
export function spareEdges(told: readonly string[], host: string | undefined, count: number): string[] {
  const others = toldEdges(told).filter((edge) => edge.host !== host);
  const isSecure = others.some((edge) => edge.isSecure);
  return others
    .filter((edge) => edge.isSecure === isSecure)
    .map(({ base }) => ({ base, lot: Math.random() }))
    .toSorted((a, b) => a.lot - b.lot)
    .slice(0, count)
    .map(({ base }) => base);
}
