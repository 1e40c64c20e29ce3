import { meanWait, steadyLoad, waitQuantile } from "./queueing.ts";

/** The longest that one push keeps a loop from anything else, seconds; and how long it does while nobody else has work (`src/edge/slices.ts`). */
const [longestPush, slice] = [0.01, 0.005];
/** While others have work for it, a push takes this share of what they took last; a turn of the loop that took less had none, seconds. */
const [shareOfOthers, emptyTurn] = [0.5, 0.00003];
/** What is left of the time for a push at least, however much work the others have. */
const leastShare = shareOfOthers / (1 + shareOfOthers);
/** Slices until one of full length comes again, at most: beyond, those who come fill the loop. */
const mostSlices = 32;

export interface Worker {
  /** Those who come, a second, and what one of them takes of a free core, seconds. */
  readonly rate: number;
  readonly service: number;
  /** Share of the core that those who are seated take, and how long one push to all of them would. */
  readonly playing: number;
  readonly push: number;
  /** How often who comes has to wait for the loop, one after the other: a connection, a request, the next request. @default 1 */
  readonly turns?: number;
}

/** Seconds: the mean wait, the service itself, and the wait that a share of people does not exceed. */
export interface ChanceWait {
  readonly mean: number;
  readonly service: number;
  readonly at: (quantile: number) => number;
}

/**
 * What the chance meetings at one worker come to: those who come are an M/G/1 queue on what its pushes leave of it, and who
 * comes during a push waits (M/G/1 with vacations: Fuhrmann and Cooper, 1985): at each turn for a slice of it, until it is over. Above its capacity a worker meets
 * as many as it serves; who waits longer than that is in the fluid queue.
 */
export function chanceWait(worker: Worker): ChanceWait {
  const playing = Math.min(steadyLoad, worker.playing);
  const service = worker.service / (1 - playing);
  const load = Math.min(steadyLoad, worker.rate * service);
  const behindOthers = meanWait(load * service, load);
  const behindPush = (playing * Math.min(longestPush, worker.push)) / 2;
  return {
    mean: behindOthers + behindPush,
    service,
    at: (quantile) => waitQuantile(behindOthers, load, quantile) + behindSlices(worker, playing, quantile),
  };
}

/**
 * What a share of people does not exceed in waiting for pushes. Somebody comes at an even chance at any moment of one, with
 * the probability that there is one, which lasts the longer the less the others leave of the loop; what is left of it then, and a slice for each of
 * their turns, are what they wait at most.
 */
function behindSlices(worker: Worker, playing: number, quantile: number): number {
  const { push, turns = 1 } = worker;
  const others = Math.min(steadyLoad, worker.rate * worker.service);
  const pushed = Math.min(1, playing / Math.max(leastShare, 1 - others));
  if (pushed <= 0 || quantile <= 1 - pushed) return 0;
  const left = (push * (quantile - (1 - pushed))) / pushed;
  return Math.min(left, meanSlice(others) * (turns - 0.5));
}

/**
 * How long a slice of a push is on average while those who come take so much of the loop, seconds. A full one makes them wait; what has come by then takes
 * its time, and half of that is the next slice, and so on until nothing came meanwhile.
 */
function meanSlice(others: number): number {
  let [sum, count, one, work] = [0, 0, slice, 0];
  do {
    sum += one;
    count++;
    work = (one * others) / (1 - others);
    one = Math.min(longestPush, shareOfOthers * work);
  } while (work >= emptyTurn && count < mostSlices);
  return sum / count;
}
