import type { ServiceLevel } from "../wire/state.ts";

/** The level of service that newcomers meet at this edge. */
export interface Levels {
  /** Of a Space: the highest of what this edge measures, what the whole is at, and what its host has asked for. */
  of(space: string): ServiceLevel;
  /** What this edge measures by itself. */
  readonly own: ServiceLevel;
  /** How many more listeners this edge can seat within the next second, by its fullest resource. */
  readonly seats: number;
}

/** For an edge without a controller: always open. */
export const alwaysOpen: Levels = { of: () => 0, own: 0, seats: Number.POSITIVE_INFINITY };
