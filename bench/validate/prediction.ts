import { ms, seconds } from "../../src/foundation/duration.ts";
import { complete } from "../../src/rehearsal/model/assumptions.ts";
import { arrivals, slotSeconds } from "../../src/rehearsal/model/arrivals.ts";
import { type Behaviour, behaviour } from "../../src/rehearsal/model/behaviour.ts";
import type { CalibrationRecord } from "../../src/rehearsal/model/calibration.ts";
import { costsOf, fresh, seat } from "../../src/rehearsal/model/costs.ts";
import { Latencies } from "../../src/rehearsal/model/latency.ts";
import { before, busyCores, type Question } from "../../src/rehearsal/model/question.ts";
import { seeded } from "../../src/rehearsal/model/random.ts";
import { simulate, type SimulationOptions } from "../../src/rehearsal/model/simulate.ts";
import { bitsPerSecond, bytes, people } from "../../src/rehearsal/model/units.ts";
import { eachOf, type Histogram } from "../../src/sketch/histogram.ts";
import type { Cell } from "./cells.ts";

/** What a run came to, measured or foretold. */
export interface Came {
  /** Core-seconds of all edges from the first arrival until the rush has settled, and cores after that. */
  readonly rushCpu: number;
  readonly steadyCpu: number;
  /** Bits a second on the line in the steady state, with what goes around each packet. */
  readonly egress: number;
  /** Seconds from coming to sound that 99 of 100 stay within of those who come one by one beside the crowd. */
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

/**
 * Before it counts, some come who are not counted, so many for each worker and so many a second: the compilers of both sides are
 * done then with what a listener asks.
 */
export const warming = { plain: { each: 300, rate: 600 }, tls: { each: 150, rate: 250 } } as const;

/**
 * Beside the crowd so many come one by one a second: few enough to be alone with their process, and not in step with the chunks (every 320 ms), so that
 * they meet each moment of them alike. To the idle server came so many a second, still one after the other, and so many in all.
 */
export const probing = { rate: 23, aloneRate: 46, alone: 138 } as const;

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
    served: warming[cell.tls ? "tls" : "plain"].each + probing.alone / cell.workers,
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

/** What the people who come one by one beside a crowd tell, and what the model has to know of them. */
export interface Beside {
  /** How many come a second. */
  readonly rate: number;
  /** From coming to sound, ms, of those who came one by one to an idle server; and how many came a second. */
  readonly alone: Histogram;
  readonly aloneRate: number;
}

/**
 * What the model says of a run, and of those who come beside its crowd. It tells waits at the server; what the way to it and who asks take besides is
 * what who comes alone waits for more than the server's work. Both waits are independent: the distribution of their sum is their convolution.
 */
export function predict(
  question: Question,
  people_: Behaviour,
  calibration: CalibrationRecord,
  { rate, alone, aloneRate }: Beside,
): Came {
  const costs = costsOf(complete(calibration), "value", question.edge.tls, people_);
  const { curves } = simulate({ question, edges: 1, costs, behaviour: people_ });
  const cores = Math.min(question.edge.cores, question.edge.workers ?? question.edge.cores);
  const over = question.over / 1000;
  const [rushEnd, end] = [over + settleSeconds, question.lasts / 1000];
  const sum = (name: "cpuMean" | "egress", from: number, to: number): number => {
    let total = 0;
    for (let second = from; second < to; second++) total += curves.at(name, second);
    return total;
  };
  const newcomer = fresh * 3 + seat;
  const workAt = (pace: number): number => (costs.work[newcomer] ?? 0) * costs.times(pace / busyCores(question.edge));
  const [from, to] = [Math.ceil(rushEnd), Math.floor(end)];
  // They add to the crowd what they add to its busiest second.
  const listeners = people(question.listeners * (1 + rate / curves.peak("arriving").value));
  const waits = evenWaits({ question: { ...question, listeners }, edges: 1, costs, behaviour: people_ }, over);
  const between = waysBetween(alone, workAt(aloneRate) + (costs.lone[newcomer] ?? 0));
  return {
    rushCpu: cores * sum("cpuMean", 0, rushEnd) + rate * over * workAt(question.listeners / over),
    steadyCpu: (cores * sum("cpuMean", from, to)) / (to - from),
    egress: sum("egress", from, to) / (to - from),
    joinP99: waits.followedBy(between).quantile(0.99) ?? Number.NaN,
  };
}

/** How long those wait who come at an even pace while the crowd does: each second counts alike, however many of the crowd it has. */
function evenWaits(options: SimulationOptions, over: number): Latencies {
  const all = new Latencies();
  const eachSecond = (second: number, waits: Latencies): void => {
    if (second >= 0 && second < over) waits.each((wait, people_) => all.add(wait, people_ / waits.total));
  };
  simulate({ ...options, eachSecond });
  return all;
}

/** What who comes alone waits for besides the server's work, which the model counts itself; seconds. */
function waysBetween(alone: Histogram, served: number): Latencies {
  const between = new Latencies();
  eachOf(alone, (ms_, people_) => between.add(Math.max(0, ms_ / 1000 - served), people_));
  return between;
}
