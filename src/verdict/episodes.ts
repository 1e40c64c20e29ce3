import { type Load, loads, ratesOf } from "./explained.ts";
import type { Series, Slice } from "./series.ts";

/** From this share of a slice's load on, what nobody who plays explains is looked at; and from so much, ms of processor a slice. */
export const excessShare = 0.1;
export const excessFloor = 8;
/** Slices without excess between two of one episode. */
const gap = 3;
/** So many episodes of one series are judged; of more the ones with the least excess are left to "unknown". */
export const maxEpisodes = 50;

/** Slices in which there is more than those who play explain: one thing happening, as far as that can be told. */
export interface Episode {
  /** Indices of its first and last slice. */
  readonly first: number;
  readonly last: number;
  readonly excess: number;
  readonly all: number;
}

/** What is over the usual of the same people by so much is looked at. */
const generosity = 1.35;

/** An account of a series: its load by slice, and what of it is to be judged. */
export interface Account {
  readonly loads: readonly Load[];
  /** The same by what these people ask for on average: for measuring, not for finding. */
  readonly measured: readonly Load[];
  readonly episodes: readonly Episode[];
}

/**
 * Looks twice: first with allowances that hold for the most demanding crowd; then with what these people asked for while nothing was in
 * excess, and some more.
 */
export function accountOf(slices: readonly Slice[]): Account {
  const wide = loads(slices);
  const first = episodesOf(wide);
  const closer = loads(slices, ratesOf(slices, wide, calmIn(first), generosity));
  const episodes = episodesOf(closer);
  const measured = loads(slices, ratesOf(slices, closer, calmIn(episodes)));
  return { loads: closer, measured, episodes };
}

const calmIn =
  (episodes: readonly Episode[]) =>
  (slice: number): boolean =>
    !episodes.some(({ first, last }) => slice >= first - 1 && slice <= last + 1);

export function episodesOf(all: readonly Load[]): Episode[] {
  const found: { first: number; last: number; excess: number; all: number }[] = [];
  for (const [i, { all: load, excess }] of all.entries()) {
    if (excess < excessFloor || excess < load * excessShare) continue;
    const before = found.at(-1);
    if (before && i - before.last <= gap) before.last = i;
    else found.push({ first: i, last: i, excess: 0, all: 0 });
  }
  for (const one of found) {
    for (const { excess, all: load } of all.slice(one.first, one.last + 1)) {
      one.excess += excess;
      one.all += load;
    }
  }
  return found
    .toSorted((one, other) => other.excess - one.excess)
    .slice(0, maxEpisodes)
    .toSorted((one, other) => one.first - other.first);
}

/** Something that went wrong on our side, whatever the load was. */
export interface Trouble {
  readonly at: number;
  readonly to: number;
  readonly kinds: readonly TroubleKind[];
}
export type TroubleKind = "killed" | "origin-away" | "stalled" | "segments" | "fewer-edges" | "silence";

/** A loop that stands still for so long is trouble, ms. */
const stalledMs = 1000;

/** Where our own processes failed: killed, cut off from the origin, standing still, or with segments left out. Neighbouring slices are one. */
export function troublesOf({ slices, marks }: Series): Trouble[] {
  const found: { at: number; to: number; kinds: TroubleKind[] }[] = [];
  const add = (at: number, to: number, kind: TroubleKind): void => {
    const near = found.find((one) => at <= one.to + 20_000 && to >= one.at - 20_000);
    if (!near) found.push({ at, to, kinds: [kind] });
    else {
      near.at = Math.min(near.at, at);
      near.to = Math.max(near.to, to);
      if (!near.kinds.includes(kind)) near.kinds.push(kind);
    }
  };
  for (const [i, slice] of slices.entries()) {
    const end = slice.at + 10_000;
    const before = slices[i - 1];
    if (before && slice.at - before.at > 20_000) add(before.at + 10_000, slice.at, "silence");
    if (!slice.origin) add(slice.at, end, "origin-away");
    if (slice.counts.trouble > 0) add(slice.at, end, "segments");
    if (slice.loopMax >= stalledMs && !isBusy(slice)) add(slice.at, end, "stalled");
  }
  for (const { at, kind } of marks) if (kind === "killed") add(at, at, "killed");
  return found.toSorted((one, other) => one.at - other.at);
}

/** Whether there was so much to do that standing still may be for that. */
const isBusy = ({ requests, players }: Slice): boolean => players > 2000 || requests.some((count) => count > 500);
