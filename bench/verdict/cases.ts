import type { Example } from "../../src/verdict/calibrate.ts";
import type { Capacity } from "../../src/verdict/capacity.ts";
import { accountOf, troublesOf } from "../../src/verdict/episodes.ts";
import { featuresOf } from "../../src/verdict/features.ts";
import type { Cause } from "../../src/verdict/likelihood.ts";
import { type Series, seriesOf } from "../../src/verdict/series.ts";
import { attackKinds, crowdNames, faultNames, type Scenario, stage } from "../../src/verdict/synthetic/scenarios.ts";

/** A scene that was played, and what is true of it. */
export interface Case {
  readonly scenario: Scenario;
  readonly series: Series;
  /** Shares of the whole load. */
  readonly truth: Readonly<Record<Cause, number>>;
  /** Its episodes as examples. */
  readonly examples: readonly Example[];
  readonly attackFrom: number | undefined;
  readonly capacity: Capacity | undefined;
}

/** An attack that behaves in everything as listeners do, or that no edge sees: outside of what can be found. */
export const blind: ReadonlySet<string> = new Set(["mimic", "fake-listeners", "stage-flood"]);

/**
 * The kinds of scenes of one set, each so often, from seeds of its own.
 * @param innocent so many times more scenes without an attack: few of them have an episode to learn from
 */
export function scenariosOf(firstSeed: number, times: number, innocent = 1): Scenario[] {
  let seed = firstSeed;
  const often = (count: number, make: (seed: number) => Scenario): Scenario[] =>
    Array.from({ length: Math.max(1, Math.round(count * times)) }, () => make(seed++));
  return [
    ...crowdNames.flatMap((crowd) => often(3 * innocent, (one) => ({ seed: one, crowd }))),
    ...faultNames.flatMap((fault) => often(5 * innocent, (one) => ({ seed: one, fault }))),
    ...attackKinds.flatMap((attack) => often(2, (one) => ({ seed: one, attack }))),
    ...attackKinds.flatMap((attack) =>
      often(3, (one) => ({ seed: one, attack, crowd: crowdNames[one % crowdNames.length] ?? "announced" })),
    ),
  ];
}

export function play(scenario: Scenario): Case {
  const { evidence, truth, attackFrom, capacity } = stage(scenario);
  const series = seriesOf([evidence]);
  const { loads: all, episodes } = accountOf(series.slices);
  const troubles = troublesOf(series);
  const sums = { crowd: 0, attack: 0, fault: 0 };
  for (const one of truth) for (const cause of ["crowd", "attack", "fault"] as const) sums[cause] += one[cause];
  const total = sums.crowd + sums.attack + sums.fault;
  const examples = episodes.flatMap((episode): Example[] => {
    let [attack, fault] = [0, 0];
    for (const one of truth.slice(episode.first, episode.last + 1)) {
      attack += one.attack;
      fault += one.fault;
    }
    // What makes up most of the excess is what the episode is.
    const cause = Math.max(attack, fault) < 0.3 * episode.excess ? "crowd" : attack >= fault ? "attack" : "fault";
    // One of which a little is an attacker's teaches nothing about either.
    if (cause === "crowd" && Math.max(attack, fault) > 0.05 * episode.excess) return [];
    const { crowd: crowdKind, attack: attackKind, fault: faultKind } = scenario;
    const kind = cause === "crowd" ? (crowdKind ?? "quiet") : cause === "attack" ? attackKind : faultKind;
    return [{ features: featuresOf(series, all, episode, { troubles, capacity }), cause, kind }];
  });
  return {
    scenario,
    series,
    truth: { crowd: sums.crowd / total, attack: sums.attack / total, fault: sums.fault / total },
    examples,
    attackFrom,
    capacity,
  };
}
