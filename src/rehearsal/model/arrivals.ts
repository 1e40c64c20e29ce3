import type { Behaviour } from "./behaviour.ts";
import { after, type Arrivals, before, type Question } from "./question.ts";
import { normal, seeded } from "./random.ts";

/** The finest step of the simulation. */
export const slotSeconds = 0.1;
export const slotsPerSecond = 10;

/** How many slots a question's simulation has, from a minute before T to a minute after the end. */
export const slotsOf = ({ lasts }: Pick<Question, "lasts">): number =>
  Math.ceil(((before + lasts + after) / 1000) * slotsPerSecond - 1e-9);

/** What of a question says when people come. */
export type Crowding = Pick<Question, "listeners" | "arrivals" | "over" | "lasts" | "seed">;

/**
 * People that come in each slot of 100 ms; they sum to `listeners`. Chance is added as a Poisson process has it (standard
 * deviation √n), from the seed alone: the same crowd meets every number of edges.
 */
export function arrivals(question: Crowding, { earlyShare }: Pick<Behaviour, "earlyShare">): Float64Array {
  const slots = new Float64Array(slotsOf(question));
  const density = densityOf(question.arrivals, question.over / 1000, earlyShare);
  const first = before / 1000;
  for (let i = 0; i < slots.length; i++) slots[i] = density((i + 0.5) * slotSeconds - first);
  scale(slots, question.listeners);
  const random = seeded(question.seed, 1);
  for (let i = 0; i < slots.length; i++) {
    const expected = slots[i] ?? 0;
    if (expected > 0) slots[i] = Math.max(0, expected + Math.sqrt(expected) * normal(random));
  }
  // Few people may all be chanced away; then they come as expected.
  if (!slots.some((people) => people > 0))
    for (let i = 0; i < slots.length; i++) slots[i] = density((i + 0.5) * slotSeconds - first);
  scale(slots, question.listeners);
  return slots;
}

/** How the crowd is spread over time; any scale. `t` in seconds from T. */
function densityOf(arrivals: Arrivals, over: number, earlyShare: number): (t: number) => number {
  switch (arrivals.shape) {
    case "ramp":
      return (t) => (t >= 0 && t < over ? 1 : 0);
    case "flash": {
      // Before T they come doubling every ten seconds; at T at once; then fewer, by e in each quarter of the time.
      const doubling = Math.LN2 / 10;
      const fall = over / 4;
      const [earlyArea, lateArea] = [(1 - Math.exp(-doubling * 60)) / doubling, fall * (1 - Math.exp(-over / fall))];
      return (t) => {
        if (t < 0) return (earlyShare / earlyArea) * Math.exp(doubling * t);
        return t < over ? ((1 - earlyShare) / lateArea) * Math.exp(-t / fall) : 0;
      };
    }
    case "push": {
      // People answer a notification after a log-normal time; its median is a quarter of the time, σ = 0.8.
      const [median, sigma] = [over / 4, 0.8];
      return (t) => (t > 0 && t < over ? Math.exp(-(Math.log(t / median) ** 2) / (2 * sigma ** 2)) / t : 0);
    }
    case "trace": {
      const rows = new Map(arrivals.rows.map(({ at, people }) => [Math.floor(at / 1000), people]));
      return (t) => rows.get(Math.floor(t)) ?? 0;
    }
  }
}

function scale(slots: Float64Array, total: number): void {
  const sum = slots.reduce((so, people) => so + people, 0);
  if (sum > 0) for (let i = 0; i < slots.length; i++) slots[i] = ((slots[i] ?? 0) * total) / sum;
}
