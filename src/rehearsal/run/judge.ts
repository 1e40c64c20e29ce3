import { HistogramCounter } from "../../sketch/histogram.ts";
import { type Excuse, excuseOf, strongest } from "./excuses.ts";
import { grew, type Row } from "./ledger.ts";
import type { Run } from "./run.ts";

export const runPromiseNames = ["heard", "joinMeasured", "noGap", "rightBytes", "behindEdge", "answers"] as const;
export type RunPromiseName = (typeof runPromiseNames)[number];

/** A promise held against what was measured. Shares of 1 (`heard`, `answers`), seconds (`joinMeasured`, `behindEdge`), or counts. */
export interface JudgedRun {
  readonly name: RunPromiseName;
  readonly target: number;
  readonly measured: number | undefined;
  readonly verdict: "held" | "broken" | "unknown";
  /** Why it cannot be told, where it was not kept. */
  readonly excuse?: Excuse | undefined;
}

/** Who came in the last seconds may not have heard it yet. */
export const settleSeconds = 5;
/** Of the looks at state and page beside the swarm, so many must be answered. */
export const answeredShare = 0.99;

/** Every promise of the event, held against the run; what may be the rehearsal's own fault is not known rather than broken. */
export function judgeRun(run: Run): JudgedRun[] {
  return [heard(run), joins(run), noGap(run), rightBytes(run), behind(run), answers(run)];
}

/** Not kept: broken by what is left when the seconds that have an excuse are left out, and else not known. */
function failed(
  run: Run,
  bad: (row: Row, i: number) => boolean,
  stillBroken: (rows: readonly number[]) => boolean,
): Pick<JudgedRun, "verdict" | "excuse"> {
  const all = run.rows.map((_row, i) => i);
  const clean = all.filter((i) => excuseOf(run, i) === undefined);
  if (stillBroken(clean)) return { verdict: "broken" };
  const excuse = strongest(all.filter((i) => run.rows[i] && bad(run.rows[i], i)).map((i) => excuseOf(run, i)));
  return excuse ? { verdict: "unknown", excuse } : { verdict: "broken" };
}

function heard(run: Run): JudgedRun {
  const { rows, question, lostWaiting } = run;
  const target = question.promises.heard;
  const last = rows.at(-1)?.counts;
  const due = (rows.at(-1 - settleSeconds)?.counts.arrived ?? 0) - lostWaiting;
  if (!last || due <= 0) return { name: "heard", target, measured: undefined, verdict: "unknown" };
  const measured = Math.min(1, last.heard / due);
  if (measured >= target) return { name: "heard", target, measured, verdict: "held" };
  const bad = (_row: Row, i: number): boolean =>
    grew(rows, i, "refusedConnects") + grew(rows, i, "timeouts") + grew(rows, i, "gaveUp") + refusals(rows, i) > 0;
  const told = failed(run, bad, (clean) => clean.some((i) => bad(rows[i] as Row, i)));
  return { name: "heard", target, measured, ...told };
}

/** Answers other than 200 in row `i`. */
export function refusals(rows: readonly Row[], i: number): number {
  const of = (row: Row | undefined): number => Object.values(row?.counts.refused ?? {}).reduce((sum, n) => sum + n, 0);
  return of(rows[i]) - of(rows[i - 1]);
}

function joins(run: Run): JudgedRun {
  const target = run.question.promises.joinP99 / 1000;
  const base = { name: "joinMeasured", target } as const;
  if (run.joins.count === 0) return { ...base, measured: undefined, verdict: "unknown" };
  const measured = run.joins.quantile(0.99) / 1000;
  if (measured <= target) return { ...base, measured, verdict: "held" };
  const late = ({ firstSound }: Row): boolean => (firstSound?.p99 ?? 0) > target * 1000;
  return { ...base, measured, ...failed(run, late, (clean) => (joinP99(run.rows, clean) ?? 0) > target) };
}

/** Seconds from coming to sound for 99 of 100 of those who got there in these rows; `undefined` when nobody did. */
export function joinP99(rows: readonly Row[], of: readonly number[]): number | undefined {
  const counter = new HistogramCounter();
  for (const i of of) if (rows[i]) counter.merge(rows[i].joins);
  return counter.count === 0 ? undefined : counter.quantile(0.99) / 1000;
}

function noGap(run: Run): JudgedRun {
  const measured = run.rows.at(-1)?.counts.gaps;
  const base = { name: "noGap", target: 0, measured } as const;
  if (measured === undefined || (run.rows.at(-1)?.counts.segments ?? 0) === 0) return { ...base, verdict: "unknown" };
  if (measured === 0) return { ...base, verdict: "held" };
  const bad = (_row: Row, i: number): boolean => grew(run.rows, i, "gaps") > 0;
  return { ...base, ...failed(run, bad, (clean) => clean.some((i) => grew(run.rows, i, "gaps") > 0)) };
}

/** Bytes that differ are nobody's lateness. */
function rightBytes({ rows }: Run): JudgedRun {
  const last = rows.at(-1)?.counts;
  const base = { name: "rightBytes", target: 0 } as const;
  if (!last || last.segments === 0) return { ...base, measured: undefined, verdict: "unknown" };
  const measured = last.wrong + last.disorder;
  if (measured > 0) return { ...base, measured, verdict: "broken" };
  // Nothing that could be compared says nothing.
  if (last.unchecked >= last.segments) return { ...base, measured: undefined, verdict: "unknown" };
  return { ...base, measured, verdict: "held" };
}

function behind(run: Run): JudgedRun {
  const target = run.question.promises.behindP99 / 1000;
  const base = { name: "behindEdge", target } as const;
  if (run.behind.count === 0) return { ...base, measured: undefined, verdict: "unknown" };
  const measured = run.behind.quantile(0.99) / 1000;
  if (measured <= target) return { ...base, measured, verdict: "held" };
  const late = ({ behind: timed }: Row): boolean => (timed?.p99 ?? 0) > target * 1000;
  // A second in a hundred may be late in the rest.
  const still = (clean: readonly number[]): boolean =>
    clean.filter((i) => late(run.rows[i] as Row)).length > clean.length / 100;
  return { ...base, measured, ...failed(run, late, still) };
}

function answers(run: Run): JudgedRun {
  const looked = run.rows.flatMap(({ probe }, i) => (probe ? [{ i, probe }] : []));
  const base = { name: "answers", target: answeredShare } as const;
  if (looked.length === 0) return { ...base, measured: undefined, verdict: "unknown" };
  const share = (of: typeof looked): number =>
    of.length === 0 ? 1 : of.filter(({ probe }) => probe.answered).length / of.length;
  const measured = share(looked);
  if (run.ending.kind === "died") return { ...base, measured, verdict: "broken" };
  if (measured >= answeredShare) return { ...base, measured, verdict: "held" };
  const still = (clean: readonly number[]): boolean => {
    const of = new Set(clean);
    return share(looked.filter(({ i }) => of.has(i))) < answeredShare;
  };
  return { ...base, measured, ...failed(run, ({ probe }) => probe?.answered === false, still) };
}
