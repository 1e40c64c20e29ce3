/** A judged case of two kinds: how much speaks for the one, and whether it is that. */
export interface Scored {
  readonly score: number;
  readonly positive: boolean;
}

/** The area under the ROC curve: how often a positive case has a higher score than a negative one; ties are half. */
export function area(cases: readonly Scored[]): number {
  const sorted = cases.toSorted((one, other) => one.score - other.score);
  let [wins, below, positives] = [0, 0, 0];
  for (let i = 0; i < sorted.length;) {
    let [negative, positive, j] = [0, 0, i];
    for (; j < sorted.length && sorted[j]?.score === sorted[i]?.score; j++) {
      if (sorted[j]?.positive === true) positive++;
      else negative++;
    }
    wins += positive * (below + negative / 2);
    below += negative;
    positives += positive;
    i = j;
  }
  return positives === 0 || below === 0 ? Number.NaN : wins / (positives * below);
}

/** The share of positive cases that are found when at most `falseShare` of the others are. */
export function foundAt(cases: readonly Scored[], falseShare: number): number {
  const negatives = cases.filter(({ positive }) => !positive).map(({ score }) => score);
  const allowed = Math.floor(falseShare * negatives.length);
  const bound = negatives.toSorted((a, b) => b - a)[allowed] ?? -Infinity;
  const positives = cases.filter(({ positive }) => positive);
  return positives.length === 0 ? Number.NaN : positives.filter(({ score }) => score > bound).length / positives.length;
}

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * A percentile bootstrap (B. Efron, 1979): what the value would be of as many cases drawn again, with replacement; 95 % of them.
 * @param next numbers in [0, 1)
 */
export function bootstrap<T>(
  cases: readonly T[],
  value: (cases: readonly T[]) => number,
  next: () => number,
  rounds = 400,
): Interval {
  const values: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const drawn = cases.map(() => cases[Math.floor(next() * cases.length)] as T);
    const one = value(drawn);
    if (!Number.isNaN(one)) values.push(one);
  }
  values.sort((a, b) => a - b);
  const at = (q: number): number => values[Math.min(values.length - 1, Math.floor(q * values.length))] ?? Number.NaN;
  return { value: value(cases), low: at(0.025), high: at(0.975) };
}
