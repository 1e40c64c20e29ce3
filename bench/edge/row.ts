import { type Figures, figures } from "../figures.ts";
import type { Bench } from "./bench.ts";
import type { Rival } from "./rivals.ts";

/** What one server did in one run of a row. */
export interface Sample {
  readonly subject: string;
  readonly values: Readonly<Record<string, number>>;
  /** What went wrong for listeners, as words. */
  readonly faults: readonly string[];
  /** The 0th to the 100th percentile of what the row draws, milliseconds. */
  readonly curve?: readonly number[];
}

/** One run of a row: a sample of each server, by its name. */
export type Run = ReadonlyMap<string, Sample>;

export interface Column {
  readonly key: string;
  readonly title: string;
  /** @default 0 */
  readonly digits?: number;
}

/** What is to be reached; judged by the median of what each run gives. */
export interface Target {
  readonly what: string;
  readonly limit: number;
  /** @default 2 */
  readonly digits?: number;
  /** `undefined` when a server that it compares with is missing. */
  readonly value: (run: Run) => number | undefined;
}

export interface Row {
  /** As `--row` takes it. */
  readonly name: string;
  readonly title: string;
  /** What is measured and how, in a sentence or two. */
  readonly about: (bench: Bench) => string;
  /** The title of the first column. @default "server" */
  readonly subjects?: string;
  readonly columns: readonly Column[];
  readonly targets: readonly Target[];
  /** What its rivals need; those that are missing are left out, and it is said. */
  readonly rivals: readonly Rival[];
  /** Measures every server once, one after the other. */
  readonly measure: (bench: Bench) => AsyncIterable<Sample>;
}

export interface Verdict {
  readonly what: string;
  readonly limit: number;
  readonly digits: number;
  /** Missing when nothing could be compared. */
  readonly measured?: Figures;
  readonly met?: boolean;
}

/** What all runs of a row came to. */
export interface RowResult {
  readonly row: Row;
  readonly about: string;
  readonly subjects: readonly {
    readonly subject: string;
    readonly figures: Readonly<Record<string, Figures>>;
    readonly faults: readonly string[];
    /** The medians of the curve's points over the runs. */
    readonly curve?: readonly number[];
  }[];
  readonly verdicts: readonly Verdict[];
  /** Rivals that are not installed. */
  readonly missing: readonly string[];
}

/** Puts the runs of a row together. */
export function summarise(row: Row, about: string, runs: readonly Run[], missing: readonly string[]): RowResult {
  const names = [...new Set(runs.flatMap((run) => [...run.keys()]))];
  const subjects = names.map((subject) => {
    const samples = runs.flatMap((run) => run.get(subject) ?? []);
    const of = (key: string): number[] => samples.flatMap(({ values }) => values[key] ?? []);
    const measured = row.columns.filter(({ key }) => of(key).length > 0);
    const curves = samples.flatMap(({ curve }) => (curve ? [curve] : []));
    const points = curves[0]?.map((_, i) => figures(curves.flatMap((one) => one[i] ?? [])).median);
    return {
      subject,
      figures: Object.fromEntries(measured.map(({ key }) => [key, figures(of(key))])),
      faults: runs.flatMap((run, i) => (run.get(subject)?.faults ?? []).map((fault) => `run ${i + 1}: ${fault}`)),
      ...(points ? { curve: points } : {}),
    };
  });
  const verdicts = row.targets.map(({ what, limit, value, digits = 2 }) => {
    const values = runs.flatMap((run) => value(run) ?? []);
    if (values.length === 0) return { what, limit, digits };
    const measured = figures(values);
    return { what, limit, digits, measured, met: measured.median <= limit };
  });
  return { row, about, subjects, verdicts, missing };
}

/** How many times as much the one has as the other, in the same run. */
export const ratio =
  (key: string, one: string, other: string) =>
  (run: Run): number | undefined => {
    const [above, below] = [run.get(one)?.values[key], run.get(other)?.values[key]];
    return above === undefined || !below ? undefined : above / below;
  };

/** A value as it is. */
export const valueOf =
  (key: string, subject: string) =>
  (run: Run): number | undefined =>
    run.get(subject)?.values[key];
