import type { Counterfactual } from "../counterfactual.ts";
import type { Trouble } from "../episodes.ts";
import { type FeatureName, featureNames } from "../features.ts";
import type { Calibrated, Cause } from "../likelihood.ts";
import { type TallyName, tallyNames } from "../../wire/evidence.ts";
import type { Mark, Series, Slice } from "../series.ts";
import type { Share, Verdict, VerdictKind } from "../verdict.ts";
import { blindSpots } from "./words.ts";

/** How one chain of evidence stood when it was read. */
export interface ChainRead {
  readonly process: string;
  /** How many records were gone through, and the number of the first of them. */
  readonly records: number;
  readonly first: number;
  /** The last record: its number and hash. */
  readonly head: string;
  /** Where it does not hold; empty when it does. */
  readonly breaks: readonly string[];
}

/** What a verdict came to: all that the report says. Plain JSON; times are ms since 1970. */
export interface VerdictRecord {
  readonly v: 1;
  readonly title: string;
  /** Whether the evening is a made-up one. */
  readonly sample: boolean;
  readonly command: string;
  readonly from: number;
  readonly to: number;
  readonly kind: VerdictKind;
  readonly shares: Readonly<Record<Cause | "unknown", Share>>;
  readonly episodes: readonly EpisodeRecord[];
  readonly troubles: readonly Trouble[];
  readonly marks: readonly Mark[];
  /** By ten seconds. */
  readonly curves: {
    readonly at: readonly number[];
    /** ms of processor a second, by whose they are. */
    readonly load: readonly Readonly<Record<Cause | "unknown", number>>[];
    readonly players: readonly number[];
    /** A second. */
    readonly requests: readonly number[];
    readonly joins: readonly number[];
    readonly addresses: readonly number[];
    /** Share of one core: the busiest edge's. */
    readonly cpu: readonly number[];
  };
  readonly counterfactual: Counterfactual;
  /** What was done against it, and how many it hit. */
  readonly actions: Actions;
  readonly blindSpots: readonly string[];
  /** Features that had no voice in any episode. */
  readonly withoutVoice: readonly FeatureName[];
  readonly evidence: readonly ChainRead[];
  readonly versions: readonly string[];
  /** What the calibration was made of, and the 90 % error of a share in it. */
  readonly calibration: { readonly made: string } & Calibrated["errors"];
  /** Share of the players that were in the Space that was asked for. */
  readonly spaceShare: number | undefined;
}

export interface Actions {
  /** Requests refused because there was too much of their kind; connections closed at once because there were too many. */
  readonly refused: number;
  readonly closed: number;
  /** Listeners skipped or closed because they did not read. */
  readonly unread: number;
  /** What the shield told to come later, of that where some behave, and what it closed. */
  readonly later: number;
  readonly laterBehaved: number;
  readonly dropped: number;
  /** Newcomers who were told that no seat was free, and places in line that were given. */
  readonly noSeat: number;
  readonly placed: number;
  /** How many refusals at most hit somebody who had done nothing wrong. */
  readonly innocent: number;
  /** The highest level of service, and each change with its cause. */
  readonly level: number;
  readonly levels: readonly Mark[];
  /** Rules that were handed down, levels and other things done by hand. */
  readonly acts: readonly Mark[];
  /** Prices that were asked, where any were. */
  readonly prices: Readonly<Record<TallyName, number>> | undefined;
  /** How often something was handed down against an address or prefix, and how often a guard kept it from being done. */
  readonly handedDown: number;
  readonly keptBack: number;
  /** The most of those who played that one of these hit. */
  readonly mostHit: number;
}

export interface EpisodeRecord {
  readonly from: number;
  readonly to: number;
  readonly cause: Cause | "unknown";
  readonly probability: Readonly<Record<Cause, number>>;
  /** Of the whole load in this time. */
  readonly excess: number;
  readonly parts: readonly (readonly [name: string, share: number])[];
  readonly features: readonly {
    readonly name: FeatureName;
    readonly value: number;
    readonly says: Readonly<Record<Cause, number>>;
  }[];
}

export interface RecordContext {
  readonly title: string;
  readonly sample: boolean;
  readonly command: string;
  readonly space: string | undefined;
  readonly evidence: readonly ChainRead[];
}

export function recordOf(
  series: Series,
  verdict: Verdict,
  calibrated: Calibrated,
  context: RecordContext,
): VerdictRecord {
  const { slices } = series;
  const heard = new Set(verdict.episodes.flatMap(({ judgement }) => judgement.voices.map(({ feature }) => feature)));
  const round = (value: number): number => Math.round(value * 100) / 100;
  const second = (value: number): number => round(value / 10);
  const players = slices.reduce((so, one) => so + one.players, 0);
  const marks = series.marks.filter(
    ({ at }) => at >= (slices[0]?.at ?? 0) - 600_000 && at <= (slices.at(-1)?.at ?? 0) + 10_000,
  );
  const here = slices.reduce((so, { spaces }) => so + (spaces.get(context.space ?? "") ?? 0), 0);
  return {
    v: 1,
    title: context.title,
    sample: context.sample,
    command: context.command,
    from: slices[0]?.at ?? 0,
    to: (slices.at(-1)?.at ?? 0) + 10_000,
    kind: verdict.kind,
    shares: verdict.shares,
    episodes: verdict.episodes.map(({ from, to, excess, all, judgement, parts }) => ({
      from,
      to,
      cause: judgement.cause,
      probability: judgement.probability,
      excess: excess / Math.max(1e-9, all),
      parts: parts.slice(0, 4),
      features: judgement.voices.map(({ feature, value, says }) => ({ name: feature, value, says })),
    })),
    troubles: verdict.troubles,
    marks,
    curves: {
      at: slices.map(({ at }) => at),
      load: verdict.assigned.map(({ crowd, attack, fault, unknown }) => ({
        crowd: second(crowd),
        attack: second(attack),
        fault: second(fault),
        unknown: second(unknown),
      })),
      players: slices.map((one) => one.players),
      requests: slices.map(({ counts }) => second(counts.requests)),
      joins: slices.map(({ counts }) => second(counts.joins)),
      addresses: slices.map(({ sources }) => Math.round(sources.addresses)),
      cpu: slices.map(({ cpu }) => round(cpu)),
    },
    counterfactual: verdict.counterfactual,
    actions: actionsOf(series, marks),
    blindSpots,
    withoutVoice: verdict.episodes.length === 0 ? [] : featureNames.filter((name) => !heard.has(name)),
    evidence: context.evidence,
    versions: series.versions,
    calibration: { made: calibrated.made, ...calibrated.errors },
    spaceShare: context.space === undefined || players === 0 ? undefined : here / players,
  };
}

function actionsOf({ slices, actions }: Series, marks: readonly Mark[]): Actions {
  const count = (name: keyof Slice["counts"]): number => slices.reduce((so, { counts }) => so + counts[name], 0);
  const [refused, closed] = [count("refused"), count("connectionsRefused")];
  const [laterBehaved, noSeat] = [count("laterBehaved"), count("noSeat")];
  const prices = slices.flatMap(({ prices: one }) => (one ? [one] : []));
  const done = actions.filter(({ what }) => what === "block");
  return {
    refused,
    closed,
    unread: count("unread"),
    later: count("later"),
    laterBehaved,
    dropped: count("dropped"),
    noSeat,
    placed: count("placed"),
    // Whom the shield refuses elsewhere has spent a budget of their own, and nobody behaves where they come from.
    innocent: refused + closed + laterBehaved + noSeat,
    level: slices.reduce((most, { level }) => Math.max(most, level), 0),
    levels: marks.filter(({ kind }) => kind === "level"),
    acts: marks.filter(({ kind }) => kind === "act"),
    prices:
      prices.length === 0
        ? undefined
        : (Object.fromEntries(
            tallyNames.map((name) => [name, prices.reduce((so, one) => so + one[name], 0)]),
          ) as Record<TallyName, number>),
    handedDown: done.length,
    keptBack: actions.filter(({ what }) => what === "refused-by-guard").length,
    mostHit: done.reduce((most, { hits }) => Math.max(most, hits), 0),
  };
}
