import { seeded } from "../model/random.ts";

/** A figure and the range it lies in. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** How many times the rounds are drawn anew for a range. */
const draws = 400;
/** The share of such draws that a range holds. */
const confidence = 0.95;
/** No cost is nothing: what chance brought below this is told as this, µs. */
const leastCost = 0.1;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}

/**
 * What `of` makes of some rounds, and the range of what it makes of rounds drawn from them with replacement: the percentile
 * bootstrap (Efron, 1979). Each round is a value; seeded, so that the same rounds give the same range. A round that gave no
 * number is left out.
 * @returns undefined when there is no round
 */
export function estimate(
  rounds: readonly number[],
  of: (rounds: readonly number[]) => number = median,
  least = leastCost,
): Estimate | undefined {
  const known = rounds.filter((one) => Number.isFinite(one));
  return estimateOf(known, of, least);
}

/** The same of rounds of any kind. */
export function estimateOf<T>(
  rounds: readonly T[],
  of: (rounds: readonly T[]) => number,
  least = leastCost,
): Estimate | undefined {
  if (rounds.length === 0) return undefined;
  const random = seeded(1, rounds.length);
  const drawn = Array.from({ length: draws }, () =>
    of(Array.from(rounds, () => rounds[Math.floor(random() * rounds.length)] as T)),
  )
    .filter((one) => Number.isFinite(one))
    .toSorted((a, b) => a - b);
  const value = Math.max(least, of(rounds));
  if (!Number.isFinite(value)) return undefined;
  const at = (share: number): number => drawn[Math.round(share * (drawn.length - 1))] ?? value;
  return {
    value,
    low: Math.max(least, Math.min(value, at((1 - confidence) / 2))),
    high: Math.max(value, at((1 + confidence) / 2)),
  };
}
