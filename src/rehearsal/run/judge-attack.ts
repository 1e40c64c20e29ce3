import { HistogramCounter } from "../../sketch/histogram.ts";
import type { OwedPromise } from "../attackers/contract.ts";
import { type Excuse, excuseOf, strongest } from "./excuses.ts";
import { answeredShare } from "./judge.ts";
import { grew, type Row } from "./ledger.ts";
import type { PlannedAttack } from "./question.ts";
import type { Run } from "./run.ts";

/** What became of one of the promises that an attacker owes. */
export interface JudgedOwed {
  readonly owes: OwedPromise;
  readonly verdict: "held" | "broken" | "unknown";
  readonly excuse?: Excuse | undefined;
}

/** What an attack did to the target and its listeners. Cores and joins are means and quantiles of its time, and of the time before it. */
export interface JudgedAttack {
  readonly attack: PlannedAttack;
  readonly owed: readonly JudgedOwed[];
  /** Cores of the server in its time, and in the seconds before; left out without metrics. */
  readonly cores: { readonly before: number; readonly during: number } | undefined;
  /** Seconds from coming to sound for 99 of 100; left out when nobody came. */
  readonly joins: { readonly before: number | undefined; readonly during: number | undefined };
  /** Other attacks that went on at the same time: what it cost cannot be told from theirs. */
  readonly beside: number;
}

/** How long before an attack is looked at to know what it was like without. */
const calmSeconds = 10;
/** A stall that an attack causes shows in what is measured a little later. */
const aftermath = 2;
/** People that came in an attack's time from which on they alone tell about joins; of fewer the conductor's own joins count too. */
const enoughJoins = 100;
/** Fetches upstream in an attack's time may be so many times those before, and so many more a second. */
const [fetchesTimes, fetchesMore] = [1.5, 10] as const;
/** What the caps of all processes together may take, and what a listener takes. */
const memoryMore = 256 * 1024 ** 2;
const listenerBytes = 16 * 1024;
/** Chunks and frames lost in the stage, a second, that nobody would hear. */
const framesLost = 1;

export function judgeAttack(run: Run, attack: PlannedAttack): JudgedAttack {
  const { question, hour } = run;
  const during = indices(run, attack.from + hour, attack.to + hour + aftermath);
  const others = question.attacks.filter((one) => one !== attack && one.from < attack.to && one.to > attack.from);
  const firstOf = Math.min(attack.from, ...others.map(({ from }) => from));
  const before = indices(run, Math.max(0, firstOf + hour - calmSeconds), firstOf + hour).filter((i) =>
    question.attacks.every(({ from, to }) => i - hour < from || i - hour >= to),
  );
  return {
    attack,
    owed: attack.owes.map((owes) => judged(run, owes, before, during)),
    cores: coresOf(run, before, during),
    joins: { before: joinsIn(run, before), during: joinsIn(run, during) },
    beside: others.length,
  };
}

function indices({ rows }: Run, from: number, to: number): number[] {
  return rows.map((_row, i) => i).filter((i) => i >= from && i < to);
}

function judged(run: Run, owes: OwedPromise, before: readonly number[], during: readonly number[]): JudgedOwed {
  const verdict = during.length === 0 ? "unknown" : verdicts[owes](run, before, during);
  if (verdict !== "broken" || !timed.includes(owes)) return { owes, verdict };
  // Judged again without the seconds that may be the rehearsal's own fault.
  const clean = during.filter((i) => excuseOf(run, i) === undefined);
  if (clean.length > 0 && verdicts[owes](run, before, clean) === "broken") return { owes, verdict };
  const excuse = strongest(during.map((i) => excuseOf(run, i)));
  return excuse ? { owes, verdict: "unknown", excuse } : { owes, verdict };
}

/** Promises that a rehearsal which is late itself may seem to break. */
const timed: readonly OwedPromise[] = ["no-gap", "joins", "answers", "stage"];

type Judge = (run: Run, before: readonly number[], during: readonly number[]) => JudgedOwed["verdict"];
const verdicts: Readonly<Record<OwedPromise, Judge>> = {
  "no-gap": ({ rows }, _before, during) => {
    if (during.every((i) => (rows[i]?.playing ?? 0) === 0)) return "unknown";
    return during.some((i) => grew(rows, i, "gaps") + grew(rows, i, "wrong") > 0) ? "broken" : "held";
  },
  joins: (run, _before, during) => {
    const p99 = joinsIn(run, during);
    if (p99 === undefined) return "unknown";
    return p99 <= run.question.promises.joinP99 / 1000 ? "held" : "broken";
  },
  answers: ({ rows }, _before, during) => {
    const looked = during.flatMap((i) => rows[i]?.probe ?? []);
    if (looked.length === 0) return "unknown";
    return looked.filter(({ answered }) => answered).length >= looked.length * answeredShare ? "held" : "broken";
  },
  stage: ({ rows }, before, during) => {
    const [calm, now] = [before, during].map((of) => silenceIn(rows, of));
    if (now === undefined || (calm ?? now) >= 1) return "unknown";
    const lost = during.map((i) => rows[i]?.server?.stageLost ?? 0).reduce((sum, n) => sum + n, 0);
    return now > (calm ?? 0) || lost > framesLost * during.length ? "broken" : "held";
  },
  "origin-unmoved": ({ rows }, before, during) => {
    const [calm, now] = [before, during].map((of) => meanOf(of.map((i) => rows[i]?.server?.fetches)));
    if (calm === undefined || now === undefined) return "unknown";
    return now <= calm * fetchesTimes + fetchesMore ? "held" : "broken";
  },
  memory: ({ rows }, before, during) => {
    const known = (of: readonly number[]): NonNullable<Row["server"]>[] => of.flatMap((i) => rows[i]?.server ?? []);
    const first = known(before).at(-1);
    const now = known(during);
    if (!first || now.length === 0) return "unknown";
    const most = now.reduce(
      (worst, { rss, listeners }) => Math.max(worst, rss - Math.max(0, listeners - first.listeners) * listenerBytes),
      0,
    );
    return most <= first.rss + memoryMore ? "held" : "broken";
  },
};

/** The share of segments that were silence in place of the programme. */
function silenceIn(rows: readonly Row[], of: readonly number[]): number | undefined {
  const sum = (counter: "segments" | "hold"): number => of.reduce((so, i) => so + grew(rows, i, counter), 0);
  const segments = sum("segments");
  return segments === 0 ? undefined : sum("hold") / segments;
}

function joinsIn({ rows }: Run, of: readonly number[]): number | undefined {
  const counter = new HistogramCounter();
  for (const i of of) if (rows[i]) counter.merge(rows[i].joins);
  if (counter.count < enoughJoins)
    for (const i of of) {
      const joined = rows[i]?.probe?.joined;
      if (joined !== undefined) counter.add(joined);
    }
  return counter.count === 0 ? undefined : counter.quantile(0.99) / 1000;
}

function coresOf({ rows }: Run, before: readonly number[], during: readonly number[]): JudgedAttack["cores"] {
  const [calm, now] = [before, during].map((of) => meanOf(of.map((i) => rows[i]?.server?.cores)));
  return calm === undefined || now === undefined ? undefined : { before: calm, during: now };
}

function meanOf(values: readonly (number | undefined)[]): number | undefined {
  const some = values.filter((value) => value !== undefined);
  return some.length === 0 ? undefined : some.reduce((sum, value) => sum + value, 0) / some.length;
}

/** Broken when one promise is, and else not known when one is not. */
export function attackVerdict({ owed }: JudgedAttack): JudgedOwed["verdict"] {
  if (owed.some(({ verdict }) => verdict === "broken")) return "broken";
  return owed.length === 0 || owed.some(({ verdict }) => verdict === "unknown") ? "unknown" : "held";
}
