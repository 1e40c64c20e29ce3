import type { TallyName } from "../wire/evidence.ts";
import { type Capacity, provenLoad } from "./capacity.ts";
import type { Episode, Trouble } from "./episodes.ts";
import type { Load } from "./explained.ts";
import type { Series, Slice } from "./series.ts";

/** All that an episode is judged by. Each is a number, or `undefined` where evidence cannot say: then it has no voice. */
export const featureNames = [
  "excessShare",
  "requestsPerAddress",
  "requestsAgainstAddresses",
  "played",
  "evenness",
  "topShare",
  "clusters",
  "notFound",
  "notUnderstood",
  "leftEarly",
  "silent",
  "unread",
  "refusedAgain",
  "sinceAnnounced",
  "sinceTrouble",
  "steadiness",
  "ending",
  "withPlayers",
  "prefixesAlike",
  "handshakesFailed",
  "kernelDrops",
  "oneKind",
  "completed",
  "cadence",
  "errorsBelowCapacity",
  "puzzlesIgnored",
] as const;
export type FeatureName = (typeof featureNames)[number];
export type Features = Readonly<Record<FeatureName, number | undefined>>;

/** Slices before an episode that it is compared with. */
const historySlices = 18;
/** Below so many of what a share is of, it says nothing. */
const enough = 20;
/** Prefixes that there must be for their distribution to say anything: fewer are a proxy in front, or a test. */
const enoughPrefixes = 16;
/** Longer ago than this nobody remembers, s. */
const longAgo = 3600;

/** What else an episode is looked at beside. */
export interface Surroundings {
  readonly troubles: readonly Trouble[];
  /** What a rehearsal has proven; without it nothing is known of errors below it. */
  readonly capacity?: Capacity | undefined;
}

export function featuresOf(
  series: Series,
  all: readonly Load[],
  episode: Episode,
  { troubles, capacity }: Surroundings,
): Features {
  const { first, last } = episode;
  const during = series.slices.slice(first, last + 1);
  const load = all.slice(first, last + 1);
  const before = series.slices.slice(Math.max(0, first - historySlices), first);
  const count = (name: keyof Slice["counts"]): number => total(during, ({ counts }) => counts[name]);
  const price = (name: TallyName): number => total(during, ({ prices }) => prices?.[name] ?? 0);
  const share = (part: number, of: number): number | undefined => (of < enough ? undefined : part / of);
  const begins = onset(series, episode);
  const known = during.some(({ sources }) => sources.playedPrefixes >= enoughPrefixes);
  const spread = during.filter(({ sources }) => sources.prefixes >= enoughPrefixes);
  const perAddress = ratio(
    total(during, ({ sources }) => sources.asked),
    total(during, ({ sources }) => sources.addresses),
  );
  const listening = total(load, ({ playing }) => playing);
  const refused = total(during, refusalsIn);
  const open = total(during, (slice) => slice.open);
  const parts = Object.values(sumOf(load.map((one) => one.parts)));
  return {
    excessShare: episode.excess / Math.max(1e-9, episode.all),
    requestsPerAddress: perAddress,
    requestsAgainstAddresses: growthRatio(before, during),
    played: known ? byAsked(during, ({ played }) => played) : undefined,
    evenness:
      spread.length === 0 ? undefined : byAsked(spread, ({ entropy, prefixes }) => entropy / Math.log2(prefixes)),
    topShare: spread.length === 0 ? undefined : byAsked(spread, ({ topShare }) => topShare),
    clusters:
      spread.length === 0
        ? undefined
        : byAsked(spread, ({ entropy, clusterEntropy }) => clusterEntropy / Math.max(1e-9, entropy)),
    notFound: share(count("notFound"), count("requests")),
    notUnderstood: share(count("bad"), count("connections")),
    leftEarly: share(count("leftEarly"), count("joins")),
    silent: open < enough * 10 ? undefined : total(load, ({ silent }) => silent) / open,
    unread: listening < enough * 10 ? undefined : (60 * count("unread")) / listening,
    refusedAgain:
      refused === 0
        ? undefined
        : ratio(
            refused,
            total(during, ({ sources }) => sources.addresses),
          ),
    sinceAnnounced: since(
      begins,
      series.marks.filter(({ kind }) => announces.has(kind)).map(({ at }) => at),
    ),
    sinceTrouble: sinceTrouble(begins, series, troubles),
    steadiness: steadiness(during),
    ending: last === series.slices.length - 1 ? undefined : sharpness(series.slices.slice(last - 1, last + 2)),
    withPlayers:
      load.length < 5
        ? undefined
        : correlation(
            load.map(({ excess }) => excess),
            during.map(({ players }) => players),
          ),
    prefixesAlike: alike(during),
    handshakesFailed: share(count("handshakesFailed"), count("handshakes") + count("handshakesFailed")),
    kernelDrops: during.some(({ drops }) => drops === undefined)
      ? undefined
      : share(
          total(during, ({ drops }) => drops ?? 0),
          count("connections"),
        ),
    oneKind: parts.length === 0 ? undefined : Math.max(...parts) / parts.reduce((a, b) => a + b, 0),
    completed: ratio(
      total(load, ({ newcomers }) => newcomers),
      total(during, ({ sources }) => sources.addresses),
    ),
    cadence: cadence(during),
    errorsBelowCapacity: capacity && errorsBelow(during, load, provenLoad(capacity)),
    puzzlesIgnored: share(price("pricesToldPersisting"), price("pricesTold")),
  };
}

const announces: ReadonlySet<string> = new Set(["announced", "live", "ended", "said"]);
const total = <T>(all: readonly T[], value: (one: T) => number): number => all.reduce((so, one) => so + value(one), 0);
const ratio = (part: number, of: number): number | undefined => (of < 1 ? undefined : part / of);

/** Whoever was told that there is too much, or no room, or to come later: each was told when to come again. */
const refusalsIn = ({ counts }: Slice): number => counts.refused + counts.later + counts.dropped + counts.noSeat;

/** Segments that were asked for, against one each 960 ms by those who listen segment by segment: nobody can hear faster. */
function cadence(during: readonly Slice[]): number | undefined {
  const asked = total(during, ({ counts }) => counts.segments);
  if (asked < enough) return undefined;
  return (
    asked /
    Math.max(
      1,
      total(during, ({ numbered }) => numbered / 0.96),
    )
  );
}

/** Of what was refused or went wrong, the share that did so while there was less load than was proven: then it was not for the load. */
function errorsBelow(during: readonly Slice[], load: readonly Load[], proven: number): number | undefined {
  let [errors, below] = [0, 0];
  for (const [i, slice] of during.entries()) {
    const here = refusalsIn(slice) + slice.counts.trouble;
    errors += here;
    if ((load[i]?.all ?? 0) / 10 <= proven) below += here;
  }
  return errors < enough ? undefined : below / errors;
}

function sumOf(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const one of all) for (const [name, value] of Object.entries(one)) sums[name] = (sums[name] ?? 0) + value;
  return sums;
}

function byAsked(slices: readonly Slice[], value: (sources: Slice["sources"]) => number): number | undefined {
  const asked = total(slices, ({ sources }) => sources.asked);
  return asked < enough ? undefined : total(slices, ({ sources }) => value(sources) * sources.asked) / asked;
}

/** When the episode began, to the second: the first of its first slice in which twice as much was asked as before. */
function onset({ slices }: Series, { first }: Episode): number {
  const slice = slices[first];
  if (!slice) return 0;
  const before = slices[first - 1];
  const usual = before ? total(before.requests, Number) / Math.max(1, before.requests.length) : 0;
  const at = slice.requests.findIndex((count) => count > 2 * usual + 2);
  return slice.at + 1000 * Math.max(0, at);
}

/** Flash crowds bring more clients, attacks more requests of each (Jung, Krishnamurthy and Rabinovich, 2002). */
function growthRatio(before: readonly Slice[], during: readonly Slice[]): number | undefined {
  const mean = (slices: readonly Slice[], value: (slice: Slice) => number): number =>
    total(slices, value) / slices.length;
  if (before.length < 3) return undefined;
  const requests =
    (mean(during, ({ counts }) => counts.requests) + 1) / (mean(before, ({ counts }) => counts.requests) + 1);
  const addresses =
    (mean(during, ({ sources }) => sources.addresses) + 1) / (mean(before, ({ sources }) => sources.addresses) + 1);
  return requests / addresses;
}

/** Seconds since the latest of some moments; people come a little early as well. Undefined when there are none at all. */
function since(at: number, moments: readonly number[]): number | undefined {
  if (moments.length === 0) return undefined;
  const passed = moments.map((one) => (at - one) / 1000).filter((one) => one > -60);
  return passed.length === 0 ? longAgo : Math.min(longAgo, ...passed.map(Math.abs));
}

function sinceTrouble(at: number, { marks, slices }: Series, troubles: readonly Trouble[]): number {
  // What began with the account itself is no news.
  const starts = (slices[0]?.at ?? 0) + 15_000;
  const ours = [
    ...troubles.flatMap(({ at: from, to }) => [from, to]),
    ...marks.filter((one) => (one.kind === "begin" || one.kind === "end") && one.at > starts).map((one) => one.at),
  ].map((one) => (at - one) / 1000);
  return Math.min(longAgo, ...ours.filter((passed) => passed > -15).map((passed) => Math.max(0, passed)));
}

/** How evenly it is asked once it goes on: the coefficient of variation over seconds, without what chance alone brings. */
function steadiness(during: readonly Slice[]): number | undefined {
  const values = during.flatMap(({ requests }) => requests).slice(5, -5);
  if (values.length < 10) return undefined;
  const mean = total(values, Number) / values.length;
  if (mean < 5) return undefined;
  const variance = total(values, (value) => (value - mean) ** 2) / values.length;
  return Math.sqrt(Math.max(0, variance - mean)) / mean;
}

/** The steepest fall within three seconds around its end, as a share of what was asked before. */
function sharpness(around: readonly Slice[]): number | undefined {
  const values = around.flatMap(({ requests }) => requests);
  if (values.length < 10) return undefined;
  const high = Math.max(...values);
  if (high < enough) return undefined;
  let fall = 0;
  for (let i = 3; i < values.length; i++) fall = Math.max(fall, (values[i - 3] ?? 0) - (values[i] ?? 0));
  return fall / high;
}

/** Flows of an attack are more alike than those of a crowd (Yu et al., 2012): the mean correlation of the prefixes that ask most. */
function alike(during: readonly Slice[]): number | undefined {
  const found: number[] = [];
  for (const { sources } of during) {
    const flows = [...sources.top.values()].filter((flow) => flow.length >= 8 && total(flow, Number) >= enough);
    for (const [i, one] of flows.entries())
      for (const other of flows.slice(i + 1)) {
        const both = correlation(one, other);
        if (both !== undefined) found.push(both);
      }
  }
  return found.length < 6 ? undefined : total(found, Number) / found.length;
}

/** Pearson's. Undefined when one of them does not move. */
export function correlation(one: readonly number[], other: readonly number[]): number | undefined {
  const n = Math.min(one.length, other.length);
  const [a, b] = [one.slice(0, n), other.slice(0, n)];
  const [ma, mb] = [total(a, Number) / n, total(b, Number) / n];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [(a[i] ?? 0) - ma, (b[i] ?? 0) - mb];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa < 1e-9 || bb < 1e-9 ? undefined : ab / Math.sqrt(aa * bb);
}
