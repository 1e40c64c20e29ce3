import { meanWait, steadyLoad, waitQuantile } from "./queueing.ts";

/** The longest that one push keeps a loop from anything else, seconds; and how long it does while few come (`src/edge/slices.ts`). */
const [longestPush, slice] = [0.01, 0.005];

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
 * the probability that there is one; what is left of it then, and a slice for each of their turns, are what they wait at most.
 */
function behindSlices({ push, turns = 1 }: Worker, playing: number, quantile: number): number {
  if (playing <= 0 || quantile <= 1 - playing) return 0;
  const left = (push * (quantile - (1 - playing))) / playing;
  return Math.min(left, slice * (turns - 0.5));
}
