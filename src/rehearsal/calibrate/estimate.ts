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

/** A point of a line, and how much it counts. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly weight: number;
}

/** `y = at0 + slope·x` with the least weighted squares (Gauss, 1809); flat when all points have one `x`, and never falling. */
export function line(points: readonly Point[]): (x: number) => number {
  let [sum, sumX, sumY] = [0, 0, 0];
  for (const { x, y, weight } of points) {
    sum += weight;
    sumX += weight * x;
    sumY += weight * y;
  }
  const [meanX, meanY] = [sumX / sum, sumY / sum];
  let [square, product] = [0, 0];
  for (const { x, y, weight } of points) {
    square += weight * (x - meanX) ** 2;
    product += weight * (x - meanX) * (y - meanY);
  }
  const slope = square > 0 ? Math.max(0, product / square) : 0;
  return (x) => meanY + slope * (x - meanX);
}
