import { type Milliseconds, ms, seconds } from "../../foundation/duration.ts";
import { complete, type CompleteCosts } from "./assumptions.ts";
import { type Behaviour, behaviour as usual } from "./behaviour.ts";
import type { CalibrationRecord } from "./calibration.ts";
import { type Confidence, type Costs, costsOf } from "./costs.ts";
import { seatShare } from "../../wire/levels.ts";
import type { Outcome } from "./outcome.ts";
import { type Cost, costOf, type Prices } from "./price.ts";
import { allHeld, type Judged, judge, promised, type Promised } from "./promises.ts";
import { after, before, busyCores, type Loss, maxEdges, type Question, workersOf } from "./question.ts";
import { least } from "./search.ts";
import { simulate } from "./simulate.ts";
import { type Tree, treeOf } from "./tree.ts";

export interface PlanOptions {
  readonly question: Question;
  /** How many edges there are; found when it is not said. */
  readonly edges?: number | undefined;
  readonly calibration: CalibrationRecord;
  readonly prices?: Prices | undefined;
  /** @default promised */
  readonly promises?: Promised;
  /** @default behaviour */
  readonly behaviour?: Behaviour;
}

/** A run and what it makes of the promises. */
export interface Run {
  readonly outcome: Outcome;
  readonly judged: readonly Judged[];
}

/** How many edges are needed when things cost what they likely do, and at both ends of the calibration; `undefined` is more than can be planned. */
export interface Needed {
  readonly likely: number | undefined;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** All that a plan answers. */
export interface Plan {
  readonly question: Question;
  readonly promises: Promised;
  readonly calibration: CalibrationRecord;
  readonly assumed: CompleteCosts["assumed"];
  /** The number of edges that the runs below have: asked, found, or the most when none is enough. */
  readonly edges: number;
  /** How many are needed for the question as it was asked; `undefined` when the number was asked. */
  readonly needed: Needed | undefined;
  /** How many it would take, when the number was asked and is not enough. */
  readonly wouldTake: number | undefined;
  /** The run that was asked. */
  readonly run: Run;
  /** The same with one edge fewer, when the number was found. */
  readonly oneFewer: Run | undefined;
  /** What losing an edge does, when none was asked to be lost: the run, and how many edges it takes to bear it. */
  readonly lossOfOne: { readonly loss: Loss; readonly run: Run; readonly needed: number | undefined } | undefined;
  readonly tree: Tree;
  readonly cost: Cost | undefined;
}

/** When the edge of the "what if" is lost. */
const usualLoss: Milliseconds = seconds(30);
/** How much of what follows the rush the search for a number of edges looks at. */
const searched: Milliseconds = ms(300_000);

/** @throws Problem `plan-impossible` */
export function makePlan(options: PlanOptions): Plan {
  const { question, calibration, prices } = options;
  const promises = options.promises ?? promised;
  const people = options.behaviour ?? usual;
  const costs = complete(calibration);
  const priced = (at: Confidence): Costs => costsOf(costs, at, question.edge.tls, people);
  const run = (asked: Question, edges: number, at: Costs): Run => {
    const outcome = simulate({ question: asked, edges, costs: at, behaviour: people });
    return { outcome, judged: judge(outcome, question.listeners, promises) };
  };
  const need = (asked: Question, at: Costs, guess: number): number | undefined => {
    if (guessed(asked, at, "lean") > maxEdges) return undefined;
    const short = shortened(asked);
    // Fewer than the lost ones and one, or than the regions, are no answer.
    const fewest = Math.max(asked.regions, lossSize(asked) + 1);
    const more = least(guess - fewest + 1, maxEdges - fewest + 1, (n) =>
      allHeld(run(short, n + fewest - 1, at).judged),
    );
    return more === undefined ? undefined : more + fewest - 1;
  };

  const likely = priced("value");
  const guess = guessed(question, likely);
  const needed: Needed | undefined =
    options.edges === undefined
      ? searchAll((at, near) => need(question, at === "value" ? likely : priced(at), near), guess)
      : undefined;
  const edges = options.edges ?? needed?.likely ?? maxEdges;
  const main = run(question, edges, likely);
  const loss: Loss = { edges: 1, at: ms(Math.min(usualLoss, question.lasts / 2)) };
  const losing: Question = { ...question, loss };
  return {
    question,
    promises,
    calibration,
    assumed: costs.assumed,
    edges,
    needed,
    wouldTake:
      needed === undefined && !allHeld(main.judged) ? need(question, likely, Math.max(guess, edges)) : undefined,
    run: main,
    oneFewer:
      needed?.likely !== undefined && mayTry(question, edges - 1) ? run(question, edges - 1, likely) : undefined,
    lossOfOne:
      question.loss !== undefined || edges < 2
        ? undefined
        : { loss, run: run(losing, edges, likely), needed: need(losing, likely, edges + 1) },
    tree: treeOf(edges, workersOf(question.edge), costs.costs.numberedRequest.value / 1e6),
    cost: prices && costOf(prices, edges, main.outcome.bytes, (before + question.lasts + after) / 3_600_000),
  };
}

function searchAll(need: (at: Confidence, near: number) => number | undefined, guess: number): Needed {
  const likely = need("value", guess);
  const near = likely ?? guess;
  return { likely, low: need("low", near), high: need("high", near) };
}

const lossSize = ({ loss, regions }: Question): number =>
  loss === undefined || (loss.edges === "region" && regions === 1) ? 0 : loss.edges === "region" ? 1 : loss.edges;

const mayTry = (question: Question, edges: number): boolean =>
  edges >= Math.max(1, question.regions, lossSize(question) + 1);

/** As many edges as hold everybody on their seats, in full or lean; how they get there is not asked yet. */
function guessed(
  { listeners, edge, mix }: Question,
  { seatWork, seatBytes, seatMemory }: Costs,
  how: "full" | "lean" = "full",
): number {
  const [stream, numbered] = how === "full" ? [0, 2] : [1, 3];
  const each = (cost: Float64Array): number =>
    mix.stream * (cost[stream] ?? 0) + mix.numbered * (cost[numbered] ?? 0) + mix.hls * (cost[4] ?? 0);
  const share = Math.max(
    each(seatWork) / busyCores(edge),
    (each(seatBytes) * 8) / edge.nic,
    each(seatMemory) / edge.memory,
    1 / (workersOf(edge) * edge.descriptors),
  );
  return Math.max(1, Math.ceil((listeners * share) / seatShare));
}

/** The same question without the long calm: what decides is the rush, the loss and the end. */
function shortened(question: Question): Question {
  const last = Math.max(question.over, question.loss?.at ?? 0) + searched;
  return last < question.lasts ? { ...question, lasts: ms(last) } : question;
}
