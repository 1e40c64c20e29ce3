import { edgesByLevel, type LevelCause, type LevelTold } from "../wire/levels.ts";
import type { ServiceLevel } from "../wire/state.ts";
import type { Audience } from "../wire/timelines.ts";

/**
 * The level of the whole: the highest that more than half of all edges have reached. Who comes meets the higher of it and
 * their own edge's; so one full edge closes no other, and one that is empty, where newcomers go next, closes none either.
 */
export class WholeLevel {
  #told: LevelTold;
  /** How many edges are at each level. */
  edges: readonly number[] = [0, 0, 0, 0, 0];

  /** @param now ms since 1970 */
  constructor(now: number) {
    this.#told = { level: 0, cause: "calm", at: Math.round(now) };
  }

  get told(): LevelTold {
    return this.#told;
  }

  /** Takes what the edges that are heard say now; what it was before when it is another now. */
  update(reports: readonly Pick<Audience, "level">[], now: number): LevelTold | undefined {
    const counted = reports.map(({ level }) => level?.edges ?? edgesByLevel(0));
    this.edges = [0, 1, 2, 3, 4].map((level) => counted.reduce((sum, edges) => sum + (edges[level] ?? 0), 0));
    const level = reached(this.edges);
    const before = this.#told;
    if (level === before.level) return undefined;
    this.#told = {
      level,
      cause: level > before.level ? causeOf(reports, level) : level === 0 ? "calm" : before.cause,
      at: Math.round(now),
    };
    return before;
  }
}

/** Of an edge alone or with those below it, and of all: the highest level that more than half have reached. */
function reached(edges: readonly number[]): ServiceLevel {
  const all = edges.reduce((sum, count) => sum + count, 0);
  let above = 0;
  for (const level of [4, 3, 2, 1] as const) {
    above += edges[level] ?? 0;
    if (above > all / 2) return level;
  }
  return 0;
}

/** What most of those say that are as high. */
function causeOf(reports: readonly Pick<Audience, "level">[], level: ServiceLevel): LevelCause {
  const votes = new Map<LevelCause, number>();
  for (const { level: told } of reports) {
    if (!told) continue;
    const high = told.edges.slice(level).reduce((sum, count) => sum + count, 0);
    votes.set(told.cause, (votes.get(told.cause) ?? 0) + high);
  }
  const [cause, most] = [...votes].toSorted((one, other) => other[1] - one[1])[0] ?? ["edges", 0];
  return most > 0 ? cause : "edges";
}
