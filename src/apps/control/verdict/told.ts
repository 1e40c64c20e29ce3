import type { FeatureName } from "../../../verdict/features.ts";
import type { EpisodeRecord, VerdictRecord } from "../../../verdict/report/record.ts";
import { featureWords } from "../../../verdict/report/words.ts";
import {
  type EpisodeTold,
  type FeatureTold,
  maxEpisodesTold,
  maxVerdictPoints,
  toldFeatures,
  verdictCauses,
  type VerdictTold,
} from "../../../wire/verdict.ts";
import type { Judged } from "./desk.ts";

const iso = (at: number): string => new Date(at).toISOString();
const sliceMs = 10_000;
const likely = ["crowd", "attack", "fault"] as const;

export interface ToldOptions {
  /** How many edges on other machines players are told of. */
  readonly elsewhere: number;
  /** Where the report is. */
  readonly url: string;
}

/** What the desk shows of a record. */
export function toldOf({ at, record }: Judged, { elsewhere, url }: ToldOptions): VerdictTold {
  const { counterfactual, shares, actions, evidence } = record;
  const without = ({ ofCapacity, holds }: (typeof counterfactual)["all"]) => ({
    ofCapacity: ofCapacity ?? null,
    holds,
  });
  return {
    at: iso(at),
    from: iso(record.from),
    to: iso(record.to),
    kind: record.kind,
    shares,
    episodes: record.episodes
      .toSorted((one, other) => other.excess * span(other) - one.excess * span(one))
      .slice(0, maxEpisodesTold)
      .toSorted((one, other) => one.from - other.from)
      .map(episodeOf),
    troubles: record.troubles.map((one) => ({ at: iso(one.at), kinds: one.kinds })),
    curves: curvesOf(record),
    without: {
      provedBy: counterfactual.capacity?.provedBy ?? null,
      honest: without(counterfactual.honest),
      attack: without(counterfactual.attack),
      withoutFault: without(counterfactual.withoutFault),
    },
    refused: actions.refused + actions.closed + actions.later + actions.dropped + actions.noSeat,
    innocent: actions.innocent,
    chains: evidence.length,
    broken: evidence.filter(({ breaks }) => breaks.length > 0).map(({ process }) => process),
    elsewhere,
    url,
  };
}

const span = ({ from, to }: EpisodeRecord): number => to - from;

function episodeOf({ from, to, cause, probability, excess, features }: EpisodeRecord): EpisodeTold {
  const likeliest = likely.reduce((best, one) => (probability[one] > probability[best] ? one : best));
  const sorted = features.toSorted((one, other) => other.says[likeliest] - one.says[likeliest]);
  const told = (some: typeof features): FeatureTold[] => some.slice(0, toldFeatures).map(featureOf);
  return {
    from: iso(from),
    to: iso(to),
    cause,
    likeliest,
    probability: probability[likeliest],
    excess,
    speaksFor: told(sorted.filter(({ says }) => says[likeliest] > audible)),
    speaksAgainst: told(sorted.filter(({ says }) => says[likeliest] < -audible).toReversed()),
  };
}

/** What a feature says is told from here on, nats. */
const audible = 0.2;

const featureOf = ({ name, value }: { readonly name: FeatureName; readonly value: number }): FeatureTold => ({
  name,
  value,
  as: featureWords[name].as,
});

function curvesOf({ curves, from, to }: VerdictRecord): VerdictTold["curves"] {
  const slices = Math.max(1, Math.round((to - from) / sliceMs));
  const each = Math.ceil(slices / maxVerdictPoints);
  const points = Math.ceil(slices / each);
  const thin = (values: readonly number[]): number[] => {
    const most = Array<number>(points).fill(0);
    for (const [i, at] of curves.at.entries()) {
      const point = Math.floor((at - from) / sliceMs / each);
      if (point >= 0 && point < points) most[point] = Math.max(most[point] ?? 0, values[i] ?? 0);
    }
    return most;
  };
  const load = Object.fromEntries(verdictCauses.map((cause) => [cause, thin(curves.load.map((one) => one[cause]))]));
  return {
    stepMs: each * sliceMs,
    load: load as Record<(typeof verdictCauses)[number], number[]>,
    players: thin(curves.players),
  };
}
