import { count, moment, share, span } from "../report/quantities.ts";
import type { Curve, Fact, Kept, Mark, RehearsalRecord, Said, Value } from "../report/record.ts";
import { attackOf } from "./attack-record.ts";
import { changesOf } from "./changes.ts";
import { confidenceOf } from "./confidence.ts";
import { whyOf } from "./excuses.ts";
import { judgeAttack } from "./judge-attack.ts";
import { type JudgedRun, judgeRun } from "./judge.ts";
import { grew, type Row } from "./ledger.ts";
import type { RunQuestion } from "./question.ts";
import type { Run } from "./run.ts";
import { runFindings } from "./run-findings.ts";

/** What a record says besides what was measured. */
export interface RunRecordOptions {
  readonly title: string;
  readonly command: string;
  /** The target as it was said, and the Space's title. */
  readonly target: string;
  readonly space: string;
  /** The file of the trace, if the arrivals are one. */
  readonly trace?: string | undefined;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly kernel: string;
    readonly node: string;
    readonly version: string;
  };
  readonly processes: number;
  readonly sources: readonly string[];
  /** The processes of the server whose metrics were read; none without metrics. */
  readonly server: readonly string[];
  /** How people behave, as the run took it. */
  readonly people: Said;
}

/** A run as a record, for the report, for the printed lines and for `compare`. */
export function runRecord(run: Run, options: RunRecordOptions): RehearsalRecord {
  const { question, hour, rows } = run;
  const promises = judgeRun(run);
  const attacks = question.attacks.map((attack) => judgeAttack(run, attack));
  const ended = rows.length - hour;
  return {
    v: 1,
    kind: "run",
    title: options.title,
    command: options.command,
    question: questionFacts(question, options),
    setup: setupFacts(run, options),
    findings: runFindings(run),
    promises: promises.map(kept),
    rush: { from: -hour, to: Math.min(ended, Math.max(5, question.over / 1000 + 10)) },
    curves: curvesOf(run),
    marks: marksOf(run),
    attacks: attacks.map((one, i) => attackOf(one, run.attacks[i])),
    changes: changesOf(run, promises, attacks, options),
    confidence: confidenceOf(run),
    ...interruptedOf(run),
  };
}

const fact = (key: Extract<Said, { key: unknown }>["key"], value: Value): Fact => ({ name: { key }, value });

function questionFacts(question: RunQuestion, { target, space, trace }: RunRecordOptions): Fact[] {
  const { arrivals, over, lasts, listeners, mix, seed, early } = question;
  const come: Said =
    arrivals.shape === "trace"
      ? { key: "arrivals.trace", values: { file: trace ?? "?" } }
      : arrivals.shape === "flash"
        ? { key: "arrivals.flashRun", values: { over: span(over / 1000), early: span(early) } }
        : { key: `arrivals.${arrivals.shape}`, values: { over: span(over / 1000) } };
  return [
    fact("fact.target", target),
    fact("fact.space", space),
    fact("fact.listeners", count(listeners)),
    fact("fact.arrivals", come),
    fact("fact.lasts", span(lasts / 1000)),
    fact("fact.mix", {
      key: "mix",
      values: { stream: share(mix.stream), numbered: share(mix.numbered), hls: share(mix.hls) },
    }),
    fact("fact.seed", String(seed)),
  ];
}

function setupFacts({ local }: Run, options: RunRecordOptions): Fact[] {
  const { machine, processes, sources, server, people } = options;
  const { cpu, cores, kernel, node, version } = machine;
  const [first, last] = [sources[0], sources.at(-1)];
  return [
    fact("fact.ranOn", { key: "ranOn", values: { cpu, cores: count(cores), kernel, node } }),
    fact("fact.version", version),
    fact("fact.where", { key: local ? "where.here" : "where.elsewhere" }),
    fact("fact.swarm", {
      key: "swarm",
      values: {
        n: count(processes),
        sources:
          first === undefined || last === undefined
            ? { key: "sources.system" }
            : { key: "sources", values: { n: count(sources.length), first, last } },
      },
    }),
    fact("fact.metrics", server.length === 0 ? { key: "metrics.none" } : server.join(", ")),
    fact("fact.people", people),
  ];
}

function kept({ name, target, measured, verdict, excuse }: JudgedRun): Kept {
  const isShare = name === "heard" || name === "answers";
  const isTime = name === "joinMeasured" || name === "behindEdge";
  const owed: Said = isShare
    ? { key: "owed.atLeast", values: { value: share(target) } }
    : isTime
      ? { key: "owed.atMost", values: { value: span(target) } }
      : { key: "owed.none" };
  const came = (value: number): Value =>
    isShare ? share(value) : isTime ? span(value) : value === 0 ? { key: "owed.none" } : count(value);
  return {
    promise: { key: `promise.${name}` },
    owed,
    ...(measured === undefined ? {} : { came: came(measured) }),
    verdict,
    ...(excuse ? { why: whyOf(excuse) } : {}),
  };
}

const seconds = (milliseconds: number | undefined): number | undefined =>
  milliseconds === undefined ? undefined : milliseconds / 1000;
const edges = (row: Row): readonly number[] | undefined => {
  const shares = row.server?.edges.map((one) => one.share);
  return shares === undefined || shares.length === 0 ? undefined : shares;
};

function curvesOf({ rows, hour }: Run): Curve[] {
  const curve = (name: Curve["name"], of: (row: Row, i: number) => number | undefined): Curve[] => {
    const values = rows.map((row, i) => shortened(of(row, i)));
    return values.every((value) => value === null) ? [] : [{ name, from: -hour, step: 1, values }];
  };
  return [
    ...curve("arriving", (_row, i) => grew(rows, i, "arrived")),
    ...curve("joining", ({ waiting }) => waiting),
    ...curve("seated", ({ playing }) => playing),
    ...curve("joinP50", ({ firstSound }) => seconds(firstSound?.p50)),
    ...curve("joinP99", ({ firstSound }) => seconds(firstSound?.p99)),
    ...curve("behindP50", ({ behind }) => seconds(behind?.p50)),
    ...curve("behindP99", ({ behind }) => seconds(behind?.p99)),
    ...curve("gaps", (_row, i) => grew(rows, i, "gaps")),
    ...curve("egress", (_row, i) => grew(rows, i, "bytes") * 8),
    ...curve("cpuMean", (row) => {
      const shares = edges(row);
      return shares && shares.reduce((sum, one) => sum + one, 0) / shares.length;
    }),
    ...curve("cpuMost", (row) => edges(row)?.reduce((most, one) => Math.max(most, one), 0)),
    ...curve("level", ({ probe }) => probe?.level),
  ];
}

/** Four digits say enough. */
const shortened = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : Number(value.toPrecision(4));

function marksOf({ question, ending, rows, hour }: Run): Mark[] {
  const end = question.lasts / 1000;
  return [
    { at: 0, says: { key: "mark.hour" } },
    ...question.attacks.map(({ name, from, to }): Mark => ({ at: from, to, says: { text: name } })),
    ...(ending.kind === "died" ? [{ at: ending.at, says: { key: "mark.died" } } as const] : []),
    ...(rows.length - hour > end ? [{ at: end, says: { key: "mark.end" } } as const] : []),
  ];
}

function interruptedOf({ ending }: Run): Pick<RehearsalRecord, "interrupted"> {
  switch (ending.kind) {
    case "over":
      return {};
    case "stopped":
      return { interrupted: { key: "ended.stopped", values: { at: moment(ending.at) } } };
    case "permit":
      return { interrupted: { key: "ended.permit", values: { at: moment(ending.at) } } };
    case "died": {
      const { played, plays, refused, why } = ending.seen;
      return {
        interrupted: {
          key: "ended.died",
          values: { at: moment(ending.at), played: count(played), plays: count(plays), refused: count(refused), why },
        },
      };
    }
  }
}
