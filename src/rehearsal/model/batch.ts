import { kinds } from "./costs.ts";
import type { Attempt } from "./waiting-room.ts";

/** Everybody who tries in one step. Each edge gets its share of every cohort, so that they are described once for all edges. */
export class Batch {
  /** When the step began, and its length, seconds. */
  readonly start: number;
  readonly length: number;
  readonly attempts: readonly Attempt[];
  /** People by kind. */
  readonly sums = new Float64Array(kinds.length);

  constructor(start: number, length: number, attempts: readonly Attempt[]) {
    this.start = start;
    this.length = length;
    this.attempts = attempts.filter(({ people }) => people > 0);
    for (const { kind, people } of this.attempts) this.sums[kind] = (this.sums[kind] ?? 0) + people;
  }

  get people(): number {
    return this.sums.reduce((sum, people) => sum + people, 0);
  }

  /** Calls for each cohort of `kind` with its share of the kind and how long ago they came, seen from the step's middle. */
  eachOf(kind: number, visit: (share: number, age: number, attempt: Attempt) => void): void {
    const sum = this.sums[kind] ?? 0;
    for (const attempt of this.attempts) {
      if (attempt.kind !== kind) continue;
      const age = Math.max(0, this.start + this.length / 2 - attempt.came / attempt.people);
      visit(attempt.people / sum, age, attempt);
    }
  }
}
