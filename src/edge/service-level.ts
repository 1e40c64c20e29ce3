import { edgesByLevel, type LevelCause } from "../wire/levels.ts";
import type { ServiceLevel } from "../wire/state.ts";
import type { AudienceReport } from "../wire/timelines.ts";
import type { Directory } from "./directory.ts";

/** The level of service that newcomers meet at this edge. */
export interface Levels {
  /** Of a Space: the highest of what this edge measures, what the whole is at, and what its host has asked for. */
  of(space: string): ServiceLevel;
  /** What this edge measures by itself. */
  readonly own: ServiceLevel;
  /** What brought it there: its fullest resource, or that it is calm. */
  readonly cause: LevelCause;
  /** How many more listeners this edge can seat within the next second, by its fullest resource. */
  readonly seats: number;
}

/** For an edge without a controller: always open. */
export const alwaysOpen: Levels = { of: () => 0, own: 0, cause: "calm", seats: Number.POSITIVE_INFINITY };

/** What an edge measures, raised to what the state of each Space tells: the level of the whole, and its host's hand. */
export const withTold = (own: Levels, directory: Directory): Levels => ({
  of: (space) => {
    const [mine, told] = [own.of(space), directory.find(space)?.state.level ?? 0];
    return mine > told ? mine : told;
  },
  get own() {
    return own.own;
  },
  get cause() {
    return own.cause;
  },
  get seats() {
    return own.seats;
  },
});

/** What is told upward: how many edges are at each level, this one and those of the reports below it, and why the highest is. */
export function levelsTold(own: Pick<Levels, "own" | "cause">, below: Iterable<AudienceReport>): Told {
  const edges = edgesByLevel(own.own);
  let [highest, cause]: [number, LevelCause] = [own.own, own.cause];
  for (const { level = open } of below) {
    for (const [at, count] of level.edges.entries()) edges[at] = (edges[at] ?? 0) + count;
    const theirs = level.edges.findLastIndex((count) => count > 0);
    if (theirs > highest) [highest, cause] = [theirs, level.cause];
  }
  return { edges, cause };
}
type Told = NonNullable<AudienceReport["level"]>;
/** An edge that says nothing of it. */
const open: Told = { edges: edgesByLevel(0), cause: "calm" };
