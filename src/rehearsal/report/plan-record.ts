import type { Column, Curves } from "../model/curves.ts";
import type { ModelError } from "../model/model-error.ts";
import type { Plan, Run } from "../model/plan.ts";
import type { Judged } from "../model/promises.ts";
import type { Question } from "../model/question.ts";
import { settle } from "../model/steps.ts";
import { planFindings } from "./plan-findings.ts";
import { bits, bytes, count, moment, share, span } from "./quantities.ts";
import type { Curve, CurveName, Fact, Kept, Mark, Quantity, RehearsalRecord, Said, Value } from "./record.ts";

export interface PlanRecordOptions {
  readonly title: string;
  readonly command: string;
  /** The file of the trace, if the arrivals are one. */
  readonly trace?: string | undefined;
  /** What real runs say about the model; nothing when there were none. */
  readonly modelError?: ModelError | undefined;
  /** How people behave, as the plan took it. */
  readonly people: Said;
}

/** A plan as a record, for the report, for the printed lines and for `compare`. */
export function planRecord(plan: Plan, options: PlanRecordOptions): RehearsalRecord {
  const { question, run } = plan;
  const last = question.lasts / 1000;
  const rushEnd = Math.max(question.over, question.loss?.at ?? 0) / 1000 + settle;
  return {
    v: 1,
    kind: "plan",
    title: options.title,
    command: options.command,
    question: questionFacts(question, options.trace),
    setup: setupFacts(plan, options.people),
    findings: planFindings(plan),
    promises: run.judged.map(kept),
    rush: { from: run.outcome.curves.from, to: Math.min(last, rushEnd) },
    curves: curvesOf(run.outcome.curves),
    marks: marksOf(question),
    attacks: [],
    changes: changesOf(plan),
    confidence: confidenceOf(plan, options.modelError),
  };
}

function questionFacts(question: Question, trace: string | undefined): Fact[] {
  const { listeners, arrivals, over, lasts, mix, loss, edge, regions, seed } = question;
  const come: Said =
    arrivals.shape === "trace"
      ? { key: "arrivals.trace", values: { file: trace ?? "?" } }
      : { key: `arrivals.${arrivals.shape}`, values: { over: span(over / 1000) } };
  const lost: Said =
    loss === undefined
      ? { key: "loss.none" }
      : loss.edges === "region"
        ? { key: "loss.region", values: { at: moment(loss.at / 1000) } }
        : { key: "loss.edges", values: { n: count(loss.edges), at: moment(loss.at / 1000) } };
  return [
    fact("fact.listeners", count(listeners)),
    fact("fact.arrivals", come),
    fact("fact.lasts", span(lasts / 1000)),
    fact("fact.mix", {
      key: "mix",
      values: { stream: share(mix.stream), numbered: share(mix.numbered), hls: share(mix.hls) },
    }),
    fact("fact.edge", {
      key: edge.tls ? "edge.tls" : "edge",
      values: {
        cores: count(edge.cores),
        nic: bits(edge.nic),
        memory: bytes(edge.memory),
        descriptors: count(edge.descriptors),
      },
    }),
    ...(regions > 1 ? [fact("fact.regions", count(regions))] : []),
    fact("fact.loss", lost),
    fact("fact.seed", String(seed)),
  ];
}

function setupFacts(plan: Plan, people: Said): Fact[] {
  const { calibration, assumed, tree, cost } = plan;
  const { cpu, cores, kernel, node, notes } = calibration.machine;
  const requests = count(tree.requestsPerSecond);
  return [
    fact("fact.edges", count(plan.edges)),
    fact("fact.tree", {
      key: tree.tiers.length === 0 ? "tree.direct" : "tree.tiers",
      values: { requests, share: share(tree.coreShare), tiers: tree.tiers.join(" → ") },
    }),
    fact("fact.calibration", {
      key: "calibration",
      values: { name: calibration.name, measured: calibration.measured },
    }),
    fact("fact.machine", { key: "machine", values: { cpu, cores: count(cores), kernel, node, notes } }),
    fact("fact.assumed", assumed.length === 0 ? { key: "assumed.none" } : assumed.join(", ")),
    fact("fact.people", people),
    fact("fact.prices", cost === undefined ? { key: "prices.none" } : `${cost.source} (${cost.currency})`),
  ];
}

const fact = (key: Extract<Said, { key: unknown }>["key"], value: Value): Fact => ({ name: { key }, value });

/** A promise of the model as the record tells it. */
export function kept({ name, target, measured, held }: Judged): Kept {
  const quantity = name === "seated" ? share : span;
  const owed: Said =
    name === "seated"
      ? { key: "owed.atLeast", values: { value: share(target) } }
      : target === 0
        ? { key: "owed.none" }
        : { key: "owed.atMost", values: { value: span(target) } };
  return {
    promise: { key: `promise.${name}` },
    owed,
    ...(measured === undefined ? {} : { came: cameOf(name, quantity(measured)) }),
    verdict: measured === undefined ? "unknown" : held ? "held" : "broken",
  };
}

function cameOf(name: Judged["name"], came: Quantity): Value {
  if (name !== "sound") return came;
  return came.value < 1e-9 ? { key: "owed.none" } : { key: "came.short", values: { value: came } };
}

const shown: readonly (CurveName & Column)[] = [
  "arriving",
  "joining",
  "seated",
  "standing",
  "leafed",
  "joinP50",
  "joinP99",
  "egress",
  "cpuMean",
  "cpuMost",
  "level",
];

/** Four digits are more than a model knows, and a third of the file. */
const short = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(4)));

function curvesOf(curves: Curves): Curve[] {
  return shown.map((name) => ({
    name,
    from: curves.from,
    step: 1,
    values: Array.from(curves.column(name), (value) => (Number.isNaN(value) ? null : short(value))),
  }));
}

function marksOf({ loss, lasts }: Question): Mark[] {
  return [
    { at: 0, says: { key: "mark.hour" } },
    ...(loss ? [{ at: loss.at / 1000, says: { key: "mark.loss" } } as const] : []),
    { at: lasts / 1000, says: { key: "mark.end" } },
  ];
}

const broken = ({ judged }: Run): readonly Judged[] => judged.filter(({ held }) => !held);

function changesOf(plan: Plan): Said[] {
  const { run, wouldTake, edges, lossOfOne, question } = plan;
  const changes: Said[] = [];
  if (wouldTake !== undefined) changes.push({ key: "change.moreEdges", values: { n: count(wouldTake) } });
  const lossNeeds = lossOfOne?.needed;
  if (lossOfOne && broken(lossOfOne.run).length > 0 && lossNeeds !== undefined && lossNeeds > edges)
    changes.push({ key: "change.bearLoss", values: { n: count(lossNeeds) } });
  const [first] = run.outcome.fullest;
  const stood = broken(run).some(({ name }) => name === "seated");
  const binding = stood ? run.outcome.turnedBy : first?.resource;
  const late = [run, lossOfOne?.run].some((one) => one && broken(one).some(({ name }) => name === "join"));
  if (broken(run).length > 0 || first?.over90 !== undefined) {
    if (binding === "cpu" && question.edge.tls) changes.push({ key: "change.tls" });
    else if (binding) changes.push({ key: `change.${binding}` });
  }
  if (late) changes.push({ key: "change.spread" });
  return changes.length > 0 ? changes : [{ key: "change.none" }];
}

function confidenceOf({ assumed }: Plan, error: ModelError | undefined): Said[] {
  return [
    error === undefined
      ? { key: "confidence.notHeld" }
      : {
          key: "confidence.error",
          values: {
            runs: count(error.runs.length),
            measured: error.measured,
            cpu: share(error.cpu),
            egress: share(error.egress),
            join: share(error.joinP99),
          },
        },
    ...(error?.middle ? [middleSaid(error.middle)] : []),
    ...(assumed.length > 0 ? [{ key: "confidence.assumed", values: { names: assumed.join(", ") } } as const] : []),
    { key: "confidence.fluid" },
    { key: "confidence.cores" },
    { key: "confidence.unknown" },
  ];
}

const middleSaid = ({ cpu, egress, joinP99 }: NonNullable<ModelError["middle"]>): Said => ({
  key: "confidence.middle",
  values: { cpu: share(cpu), egress: share(egress), join: share(joinP99) },
});
