import { ms, seconds } from "../../src/foundation/duration.ts";
import { complete } from "../../src/rehearsal/model/assumptions.ts";
import { arrivals, slotSeconds } from "../../src/rehearsal/model/arrivals.ts";
import { type Behaviour, behaviour } from "../../src/rehearsal/model/behaviour.ts";
import type { CalibrationRecord } from "../../src/rehearsal/model/calibration.ts";
import { costsOf, fresh, seat } from "../../src/rehearsal/model/costs.ts";
import { before, type Question } from "../../src/rehearsal/model/question.ts";
import { seeded } from "../../src/rehearsal/model/random.ts";
import { simulate } from "../../src/rehearsal/model/simulate.ts";
import { bitsPerSecond, bytes, people } from "../../src/rehearsal/model/units.ts";
import type { Cell } from "./cells.ts";

/** What a run came to, measured or foretold. */
export interface Came {
  /** Core-seconds of all edges from the first arrival until the rush has settled, and cores after that. */
  readonly rushCpu: number;
  readonly steadyCpu: number;
  /** Bits a second on the line in the steady state, with what goes around each packet. */
  readonly egress: number;
  /** Seconds from coming to sound that 99 of 100 stay within. */
  readonly joinP99: number;
}

/** How long after the last arrival the rush counts, seconds. */
export const settleSeconds = 2;

/** What the page takes: how many requests, and their bytes. */
export interface Page {
  readonly requests: number;
  readonly bytes: number;
}

/** The people of a run: they come, open the page, listen and stay. Nobody was here before, and nobody comes early. */
export const peopleOf = ({ pageShare }: Cell, page: Page): Behaviour => ({
  ...behaviour,
  earlyShare: 0,
  pageRequests: pageShare * page.requests,
  pageBytes: bytes(pageShare * page.bytes),
  resumedNew: 0,
  leaveAfter: ms(1e15),
  apiRate: 0,
  imbalance: 0,
});

export const mix = { stream: 0.8, numbered: 0.1, hls: 0.1 } as const;

/** The same question for the model: as many cores as the edges really have. */
export const questionOf = (cell: Cell, cores: number, steady: number): Question => ({
  listeners: people(cell.listeners),
  arrivals: { shape: cell.shape },
  over: seconds(cell.over),
  lasts: seconds(cell.over + settleSeconds + steady),
  edge: {
    cores,
    workers: cell.workers,
    nic: bitsPerSecond(100e9),
    memory: bytes(64e9),
    tls: cell.tls,
    descriptors: 100_000,
    backlog: 511,
    // The edges of today have none.
    levels: false,
  },
  mix,
  regions: 1,
  loss: undefined,
  seed: 1,
});

/** When each listener comes, seconds from T: the model's own curve, each slot's people at random within it. */
export function comingOf(question: Question, people_: Behaviour): number[] {
  const random = seeded(question.seed, 3);
  const times: number[] = [];
  let sum = 0;
  for (const [slot, share] of arrivals(question, people_).entries()) {
    sum += share;
    while (times.length + 0.5 < sum && times.length < question.listeners)
      times.push((slot + random()) * slotSeconds - before / 1000);
  }
  while (times.length < question.listeners) times.push(question.over / 1000);
  return times.map((at) => Math.max(0, at)).toSorted((a, b) => a - b);
}

/**
 * What the model says of a run. It tells waits at the server; what the swarm and the way between take besides is what who comes
 * alone waits for more than the server's work.
 * @param lone seconds from coming to sound of who comes alone, measured
 */
export function predict(question: Question, people_: Behaviour, calibration: CalibrationRecord, lone: number): Came {
  const costs = costsOf(complete(calibration), "value", question.edge.tls, people_);
  const { curves, joins } = simulate({ question, edges: 1, costs, behaviour: people_ });
  const cores = Math.min(question.edge.cores, question.edge.workers ?? question.edge.cores);
  const [rushEnd, end] = [question.over / 1000 + settleSeconds, question.lasts / 1000];
  const sum = (name: "cpuMean" | "egress", from: number, to: number): number => {
    let total = 0;
    for (let second = from; second < to; second++) total += curves.at(name, second);
    return total;
  };
  const newcomer = fresh * 3 + seat;
  const served = (costs.work[newcomer] ?? 0) + (costs.lone[newcomer] ?? 0);
  const [from, to] = [Math.ceil(rushEnd), Math.floor(end)];
  return {
    rushCpu: cores * sum("cpuMean", 0, rushEnd),
    steadyCpu: (cores * sum("cpuMean", from, to)) / (to - from),
    egress: sum("egress", from, to) / (to - from),
    joinP99: (joins.quantile(0.99) ?? Number.NaN) + Math.max(0, lone - served),
  };
}
