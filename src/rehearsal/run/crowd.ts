import { arrivals, slotSeconds } from "../model/arrivals.ts";
import { behaviour } from "../model/behaviour.ts";
import { before } from "../model/question.ts";
import type { RunQuestion } from "./question.ts";

/** When everybody comes, in seconds from the run's beginning. */
export interface Crowd {
  /** Ascending, one for each listener. */
  readonly times: Float64Array;
  /** T, the announced minute. */
  readonly hour: number;
}

/**
 * The crowd of the model as people: the same seed and curve give the same crowd, each slot's people spread evenly over it. What
 * comes before T comes within `early` seconds instead of a minute (a trace comes as it was written), and the run begins with
 * the whole second in which the first one comes.
 */
export function crowdOf(question: RunQuestion): Crowd {
  const { listeners, early, arrivals: how } = question;
  const minute = before / 1000;
  const shorter = how.shape === "trace" ? 1 : early / minute;
  const times = new Float64Array(listeners);
  let [sum, k] = [0, 0];
  for (const [slot, people] of arrivals(question, behaviour).entries()) {
    for (; k < listeners && k + 0.5 <= sum + people; k++) {
      const at = (slot + (k + 0.5 - sum) / people) * slotSeconds - minute;
      times[k] = at < 0 ? at * shorter : at;
    }
    sum += people;
  }
  // What rounding leaves comes with the last.
  times.fill(times[Math.max(0, k - 1)] ?? 0, k);
  const hour = Math.max(0, -Math.floor(times[0] ?? 0));
  return { times: times.map((at) => at + hour), hour };
}

/** Deals the arrivals in turn, so that every process has the same curve. */
export const dealt = (times: Float64Array, processes: number): number[][] =>
  Array.from({ length: processes }, (_, process) => Array.from(times.filter((_at, k) => k % processes === process)));
