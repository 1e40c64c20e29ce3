import { type Resource, resources } from "./edge.ts";

/** What is told of every second. Shares are of 1, waits in seconds (`NaN` when nobody came in), the rest people or bit/s. */
export const columns = [
  "arriving",
  "joining",
  "seated",
  "standing",
  "leafed",
  "joined",
  "joinP50",
  "joinP99",
  "egress",
  "cpuMean",
  "cpuMost",
  "cpuLeast",
  "level",
  "binding",
  "bindingShare",
  "short",
] as const;
export type Column = (typeof columns)[number];
export type Second = Readonly<Record<Column, number>>;

/** One run, second by second. */
export class Curves {
  /** The first second, from T. */
  readonly from: number;
  readonly #values: Readonly<Record<Column, Float64Array>>;
  #length = 0;

  constructor(from: number, seconds: number) {
    this.from = from;
    this.#values = Object.fromEntries(columns.map((name) => [name, new Float64Array(seconds)])) as Record<
      Column,
      Float64Array
    >;
  }

  push(second: Second): void {
    for (const name of columns) this.#values[name][this.#length] = second[name];
    this.#length++;
  }

  get length(): number {
    return this.#length;
  }

  column(name: Column): Float64Array {
    return this.#values[name].subarray(0, this.#length);
  }

  at(name: Column, second: number): number {
    return this.#values[name][second - this.from] ?? Number.NaN;
  }

  /** The first second (from T) in which a column is highest, and its value there. */
  peak(name: Column): { readonly at: number; readonly value: number } {
    let [best, most] = [0, Number.NEGATIVE_INFINITY];
    this.column(name).forEach((value, i) => {
      if (value > most) [best, most] = [i, value];
    });
    return { at: this.from + best, value: Number.isFinite(most) ? most : 0 };
  }
}

/** A resource at its fullest: on which edge and when (seconds from T), and since when above nine tenths, if ever. */
export interface Fullest {
  readonly resource: Resource;
  readonly share: number;
  readonly at: number;
  readonly edge: number;
  readonly over90: number | undefined;
}

/** Follows how full every resource gets on the fullest edge. */
export class FullestOf {
  readonly #share = new Float64Array(resources.length);
  readonly #at = new Float64Array(resources.length);
  readonly #edge = new Int32Array(resources.length);
  readonly #over90 = new Float64Array(resources.length).fill(Number.NaN);

  note(resource: number, share: number, at: number, edge: number): void {
    if (share > (this.#share[resource] ?? 0)) {
      this.#share[resource] = share;
      this.#at[resource] = at;
      this.#edge[resource] = edge;
    }
    if (share >= 0.9 && Number.isNaN(this.#over90[resource])) this.#over90[resource] = at;
  }

  /** All of them: first those that got above nine tenths, in that order, then the others, the fullest first. */
  all(): Fullest[] {
    return resources
      .map((resource, i) => ({
        resource,
        share: this.#share[i] ?? 0,
        at: this.#at[i] ?? 0,
        edge: this.#edge[i] ?? 0,
        over90: Number.isNaN(this.#over90[i]) ? undefined : this.#over90[i],
      }))
      .toSorted((a, b) =>
        a.over90 === b.over90
          ? b.share - a.share
          : (a.over90 ?? Number.POSITIVE_INFINITY) - (b.over90 ?? Number.POSITIVE_INFINITY),
      );
  }
}
