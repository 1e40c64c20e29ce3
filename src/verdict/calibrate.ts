import { featureNames, type Features } from "./features.ts";
import { binOf, type Calibrated, type Cause, causes, cuts, probabilities, voicesOf } from "./likelihood.ts";

/** An episode whose cause is known. */
export interface Example {
  readonly features: Features;
  readonly cause: Cause;
  /** Which kind of attack, crowd or fault it is of. */
  readonly kind?: string | undefined;
}

/**
 * Examples of no cause in particular that are added to those of the cause with the fewest, and in the same proportion to the others' (Jelinek
 * and Mercer, 1980): what was never seen with few examples says no more than with many, and what was seen with none says nothing.
 */
const borrowed = 40;
/** Added to each bin of what is borrowed: no bin is taken to be impossible. */
const smoothing = 0.5;
const temperatures = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6.5, 8] as const;
const bounds = [0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998] as const;
/** How often a cause may be named of episodes that are another's, to choose its bound by: hardly ever an attack of a crowd. */
const mostWrong: Readonly<Record<Cause, Readonly<Record<Cause, number>>>> = {
  crowd: { crowd: 1, attack: 0.05, fault: 0.05 },
  attack: { crowd: 0.005, attack: 1, fault: 0.05 },
  fault: { crowd: 0.05, attack: 0.02, fault: 1 },
};
/** How many episodes of crowds and faults of a kind that the tables have not seen may be called an attack. */
const mostStrangers = 0.05;
/** No bound is lower than this, however well a cause can be told in what it was calibrated with: other kinds may come. */
const least: Readonly<Record<Cause, number>> = { crowd: 0.7, attack: 0.98, fault: 0.8 };

/**
 * Makes the tables from one set of examples, and temperature and bounds from another, which the tables have not seen. The bound for an attack
 * holds for crowds and faults that are judged by tables which have not seen their kind either, because other kinds than those made up will
 * come. `errors` are filled in by whoever has whole series.
 */
export function calibrate(examples: readonly Example[], others: readonly Example[], made: string): Calibrated {
  const tables = tablesOf(examples);
  const kinds = [...new Set(others.map(({ kind }) => kind))];
  const without = new Map(kinds.map((kind) => [kind, tablesOf(examples.filter((one) => one.kind !== kind))]));
  const voiced = others.map(({ features, cause, kind }) => ({
    cause,
    voices: voicesOf(features, { tables }),
    unseen: voicesOf(features, { tables: kind === undefined ? tables : (without.get(kind) ?? tables) }),
  }));
  const counts = countsOf(others);
  const loss = (temperature: number): number =>
    voiced.reduce((so, { cause, voices }) => {
      const p = probabilities(voices, temperature)[cause];
      return so - Math.log(Math.max(p, 1e-6)) / Math.max(1, counts[cause]);
    }, 0);
  const temperature = temperatures.reduce((best, one) => (loss(one) < loss(best) ? one : best));
  const judged = voiced.map(({ cause, voices }) => ({ cause, probability: probabilities(voices, temperature) }));
  const strangers = voiced
    .filter(({ cause }) => cause !== "attack")
    .map(({ unseen }) => probabilities(unseen, temperature).attack);
  const boundOf = (cause: Cause): number => {
    const isGood = (bound: number): boolean =>
      causes.every((other) => {
        const of = judged.filter((one) => one.cause === other);
        return (
          of.filter(({ probability }) => probability[cause] >= bound).length <= mostWrong[cause][other] * of.length
        );
      });
    const isGoodForStrangers = (bound: number): boolean =>
      cause !== "attack" || strangers.filter((attack) => attack >= bound).length <= mostStrangers * strangers.length;
    const found = bounds.find((bound) => bound >= least[cause] && isGood(bound) && isGoodForStrangers(bound));
    return found ?? 0.999;
  };
  return {
    tables,
    temperature,
    bounds: { crowd: boundOf("crowd"), attack: boundOf("attack"), fault: boundOf("fault") },
    errors: { calm: 1, decided: 1, open: 1 },
    made,
  };
}

function countsOf(examples: readonly Example[]): Record<Cause, number> {
  const counts = { crowd: 0, attack: 0, fault: 0 };
  for (const { cause } of examples) counts[cause]++;
  return counts;
}

function tablesOf(examples: readonly Example[]): Calibrated["tables"] {
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  const tables = featureNames.map((feature) => {
    const bins = cuts[feature].length + 1;
    const counted = causes.map((cause) => {
      const counts = Array<number>(bins).fill(0);
      for (const { features, cause: is } of examples) {
        const value = features[feature];
        if (is !== cause || value === undefined || !Number.isFinite(value)) continue;
        const bin = binOf(feature, value);
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
      return counts;
    });
    const pooled = pool(counted, bins);
    const sums = counted.map((counts) => counts.reduce((a, b) => a + b, 0));
    const fewest = Math.min(...sums.filter((sum) => sum > 0), Infinity);
    const lent = Number.isFinite(fewest) ? borrowed / (borrowed + fewest) : 1;
    const rows = counted.map((counts, i) => {
      const all = sums[i] ?? 0;
      const share = all === 0 ? 1 : lent;
      return counts.map((count, bin) =>
        round(Math.log(((1 - share) * count) / Math.max(1, all) + share * (pooled[bin] ?? 0))),
      );
    });
    return [feature, rows] as const;
  });
  return Object.fromEntries(tables) as unknown as Calibrated["tables"];
}

/** The mean of the causes' own distributions, each of the same weight; a cause without examples has none. */
function pool(counted: readonly (readonly number[])[], bins: number): number[] {
  const shares = counted.flatMap((counts) => {
    const all = counts.reduce((a, b) => a + b, 0);
    return all === 0 ? [] : [counts.map((count) => (count + smoothing) / (all + smoothing * bins))];
  });
  return Array.from({ length: bins }, (_, bin) =>
    shares.length === 0 ? 1 / bins : shares.reduce((so, one) => so + (one[bin] ?? 0), 0) / shares.length,
  );
}

/** The value below which a share `q` of the values lies; 0 of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * (sorted.length + 1)) - 1)] ?? 0;
}
