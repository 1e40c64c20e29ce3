import type { Capacity } from "./capacity.ts";
import { type Counterfactual, counterfactual } from "./counterfactual.ts";
import { accountOf, type Episode, type Trouble, troublesOf } from "./episodes.ts";
import type { Load } from "./explained.ts";
import { type Features, featuresOf } from "./features.ts";
import { type Calibrated, type Cause, judge, type Judgement } from "./likelihood.ts";
import type { Series } from "./series.ts";

/** From this share of the load on an attack, a fault or what is unknown is named in the first line. */
export const namedShare = 0.05;
/** Below so much load, ms of processor a second on average, nothing has happened that could be judged. */
const quietLoad = 0.2;

export type VerdictKind = "crowd" | "attack" | "attack-in-crowd" | "own-fault" | "cannot-tell" | "quiet";

/** A share of the load, and between what it lies with 90 % of the calibration's cases. */
export interface Share {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

export interface JudgedEpisode extends Episode {
  /** ms since 1970. */
  readonly from: number;
  readonly to: number;
  readonly features: Features;
  readonly judgement: Judgement;
  /** The excess by what it asked for, the largest first; shares of it. */
  readonly parts: readonly (readonly [name: string, share: number])[];
}

export interface Verdict {
  readonly kind: VerdictKind;
  readonly shares: Readonly<Record<Cause | "unknown", Share>>;
  readonly episodes: readonly JudgedEpisode[];
  readonly troubles: readonly Trouble[];
  /** By slice. */
  readonly loads: readonly Load[];
  /** By slice, ms of processor: what of the load is whose. */
  readonly assigned: readonly Readonly<Record<Cause | "unknown", number>>[];
  readonly counterfactual: Counterfactual;
}

/**
 * Judges a series. What those who play explain is the crowd's. The rest is taken apart into episodes, each of which is judged
 * by all its features or left open. A pure function: the same series and calibration give the same verdict.
 */
export function verdictOf(series: Series, calibrated: Calibrated, capacity?: Capacity): Verdict {
  const { loads: all, measured, episodes: found } = accountOf(series.slices);
  const troubles = troublesOf(series);
  const episodes = found.map((episode): JudgedEpisode => {
    const features = featuresOf(series, all, episode, { troubles, capacity });
    return {
      ...episode,
      from: series.slices[episode.first]?.at ?? 0,
      to: (series.slices[episode.last]?.at ?? 0) + 10_000,
      features,
      judgement: judge(features, calibrated),
      parts: partsOf(all.slice(episode.first, episode.last + 1)),
    };
  });
  const assigned = assign(all, measured, episodes);
  const total = all.reduce((so, load) => so + load.all, 0);
  const shares = sharesOf(assigned, total, calibrated, episodes);
  return {
    kind: kindOf(shares, troubles, total / Math.max(1, series.slices.length * 10)),
    shares,
    episodes,
    troubles,
    loads: all,
    assigned,
    counterfactual: counterfactual(assigned, capacity),
  };
}

function partsOf(all: readonly Load[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const { parts } of all)
    for (const [name, value] of Object.entries(parts)) sums.set(name, (sums.get(name) ?? 0) + value);
  const sum = [...sums.values()].reduce((a, b) => a + b, 0);
  return [...sums].map(([name, value]): [string, number] => [name, value / sum]).toSorted((a, b) => b[1] - a[1]);
}

function assign(
  all: readonly Load[],
  measured: readonly Load[],
  episodes: readonly JudgedEpisode[],
): Record<Cause | "unknown", number>[] {
  const assigned = all.map(({ all: load }) => ({ crowd: load, attack: 0, fault: 0, unknown: 0 }));
  for (const { first, last, judgement } of episodes) {
    for (let i = first; i <= last; i++) {
      const [one, load] = [assigned[i], all[i]];
      if (!one || !load) continue;
      const excess = judgement.cause === "crowd" ? 0 : Math.max(load.excess, measured[i]?.excess ?? 0);
      one.crowd -= excess;
      one[judgement.cause] += excess;
    }
  }
  return assigned;
}

function sharesOf(
  assigned: readonly Readonly<Record<Cause | "unknown", number>>[],
  total: number,
  { errors }: Calibrated,
  episodes: readonly JudgedEpisode[],
): Verdict["shares"] {
  const share = (cause: Cause | "unknown"): number =>
    total === 0 ? 0 : Math.max(0, assigned.reduce((so, one) => so + one[cause], 0) / total);
  const unknown = share("unknown");
  const isOpen = episodes.some(({ judgement }) => judgement.cause === "unknown");
  const error = episodes.length === 0 ? errors.calm : isOpen ? errors.open : errors.decided;
  const around = (cause: Cause): Share => ({
    share: share(cause),
    low: Math.max(0, share(cause) - error),
    // What is unknown may be anybody's.
    high: Math.min(1, share(cause) + unknown + error),
  });
  return {
    crowd: around("crowd"),
    attack: around("attack"),
    fault: around("fault"),
    unknown: { share: unknown, low: unknown, high: unknown },
  };
}

function kindOf(shares: Verdict["shares"], troubles: readonly Trouble[], load: number): VerdictKind {
  const { crowd, attack, fault, unknown } = shares;
  if (load < quietLoad && troubles.length === 0) return "quiet";
  if (unknown.share >= namedShare && unknown.share >= Math.max(attack.share, fault.share)) return "cannot-tell";
  if (attack.share >= namedShare && attack.share >= fault.share)
    return crowd.share >= 0.1 ? "attack-in-crowd" : "attack";
  if (fault.share >= namedShare || (troubles.length > 0 && attack.share < namedShare)) return "own-fault";
  return "crowd";
}
