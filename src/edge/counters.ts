import type { Meter } from "../foundation/meter.ts";

/** A plain number that only grows, and the metric by which it is told: its key, the metric's name, and what it counts. */
export type CounterOf<Counts> = readonly [key: keyof Counts, name: string, help: string];

/** Registers the counters; the function returned brings them up to what `counts` says now. */
export function registerCounters<Counts extends Record<keyof Counts, number>>(
  meter: Meter,
  counts: Counts,
  counters: readonly CounterOf<Counts>[],
): () => void {
  const told = counters.map(([key, name, help]) => ({ key, counter: meter.counter(name, help), before: 0 }));
  return () => {
    for (const one of told) {
      one.counter.add(counts[one.key] - one.before);
      one.before = counts[one.key];
    }
  };
}
