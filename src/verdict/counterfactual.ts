import { type Capacity, provenLoad } from "./capacity.ts";
import type { Cause } from "./likelihood.ts";

/** The same minutes again without something: the highest load of ten seconds, ms of processor a second, and whether it was proven. */
export interface Without {
  readonly peak: number;
  /** Of the proven capacity; `undefined` when none was proven. */
  readonly ofCapacity: number | undefined;
  readonly holds: "yes" | "no" | "unknown";
}

export interface Counterfactual {
  readonly capacity: (Capacity & { readonly load: number }) | undefined;
  /** As it was; the honest load alone; the attack alone; without our own fault. What is unknown is in none but the first and the last. */
  readonly all: Without;
  readonly honest: Without;
  readonly attack: Without;
  readonly withoutFault: Without;
}

export function counterfactual(
  assigned: readonly Readonly<Record<Cause | "unknown", number>>[],
  capacity?: Capacity,
): Counterfactual {
  const load = capacity && provenLoad(capacity);
  const peakOf = (value: (one: Readonly<Record<Cause | "unknown", number>>) => number): Without => {
    const peak = assigned.reduce((most, one) => Math.max(most, value(one)), 0) / 10;
    if (load === undefined) return { peak, ofCapacity: undefined, holds: "unknown" };
    return { peak, ofCapacity: peak / load, holds: peak <= load ? "yes" : "no" };
  };
  return {
    capacity: capacity && load !== undefined ? { ...capacity, load } : undefined,
    all: peakOf(({ crowd, attack, fault, unknown }) => crowd + attack + fault + unknown),
    honest: peakOf(({ crowd }) => crowd),
    attack: peakOf(({ attack }) => attack),
    withoutFault: peakOf(({ crowd, attack, unknown }) => crowd + attack + unknown),
  };
}
