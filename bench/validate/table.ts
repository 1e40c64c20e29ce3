import { type ModelError, readModelError } from "../../src/rehearsal/model/model-error.ts";
import { median } from "../../src/rehearsal/calibrate/estimate.ts";
import { type Cell, cellName } from "./cells.ts";
import type { Came } from "./prediction.ts";
import type { Measured } from "./run.ts";

/** A run, what was measured and what was foretold; or why there is nothing. */
export interface Held {
  readonly cell: Cell;
  readonly measured: Measured | undefined;
  readonly model: Came | undefined;
  readonly failed: string | undefined;
}

const columns = [
  { name: "rushCpu", title: "CPU of the rush, core-s", digits: 2, factor: 1 },
  { name: "steadyCpu", title: "CPU after it, cores", digits: 3, factor: 1 },
  { name: "egress", title: "egress, Mbit/s", digits: 1, factor: 1e-6 },
  { name: "joinP99", title: "join p99, ms", digits: 1, factor: 1000 },
] as const;
type Column = (typeof columns)[number]["name"];

/** By how much the model was off, as a share of what was measured; below 0 it foretold less. Undefined where it cannot be told. */
function offBy({ measured, model }: Held, column: Column): number | undefined {
  if (!measured?.whole || !model) return undefined;
  if (column === "joinP99" && measured.amiss.length > 0) return undefined;
  const off = model[column] / measured[column] - 1;
  return Number.isFinite(off) ? off : undefined;
}

const percent = (share: number | undefined): string =>
  share === undefined ? "–" : `${share < 0 ? "−" : "+"}${Math.abs(share * 100).toFixed(0)} %`;

/** Measured, foretold and off, run by run; then the middle and the largest of what it was off. */
export function table(held: readonly Held[]): string {
  const titles = [
    "run",
    ...columns.map(({ title }) => `${title}: measured, model, off`),
    "join alone, ms: median, p99",
    "join p99 of the swarm itself, ms",
    "amiss",
  ];
  const inMs = (seconds: number): string => (seconds * 1000).toFixed(1);
  const rows = held.map((one) => {
    const { cell, measured, model, failed } = one;
    const cellsOf = columns.map(({ name, digits, factor }) =>
      measured && model
        ? `${(measured[name] * factor).toFixed(digits)}, ${(model[name] * factor).toFixed(digits)}, ${percent(offBy(one, name))}`
        : "–",
    );
    const waits = measured
      ? [`${inMs(measured.alone.median)}, ${inMs(measured.alone.p99)}`, inMs(measured.crowdP99)]
      : ["–", "–"];
    return [cellName(cell), ...cellsOf, ...waits, failed ?? (measured?.amiss.join("; ") || "–")];
  });
  const sum = (title: string, of: (all: readonly number[]) => number): string[] => [
    title,
    ...columns.map(({ name }) => {
      const all = sizes(held, name);
      return all.length > 0 ? `${(of(all) * 100).toFixed(0)} %` : "–";
    }),
    "",
    "",
    "",
  ];
  const ends =
    held.length > 1 ? [sum("off, in the middle", median), sum("off, at most", (all) => Math.max(...all))] : [];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(titles), line(titles.map(() => "---")), ...rows.map(line), ...ends.map(line)].join("\n");
}

const sizes = (held: readonly Held[], column: Column): number[] =>
  held.map((one) => offBy(one, column)).flatMap((off) => (off === undefined ? [] : [Math.abs(off)]));

/** The record that `rostra plan` tells of: the largest and the middle of all runs. */
export function errorOf(held: readonly Held[], measured: string): ModelError | undefined {
  const runs = held.filter((one) => one.measured?.whole === true).map(({ cell }) => cellName(cell));
  const all = (...names: Column[]): number[] => names.flatMap((name) => sizes(held, name));
  const [cpu, egress, joinP99] = [all("rushCpu", "steadyCpu"), all("egress"), all("joinP99")];
  if (runs.length === 0 || joinP99.length === 0) return undefined;
  const share = (value: number): number => Number(value.toFixed(3));
  const of = (pick: (values: readonly number[]) => number): Pick<ModelError, "cpu" | "egress" | "joinP99"> => ({
    cpu: share(pick(cpu)),
    egress: share(pick(egress)),
    joinP99: share(pick(joinP99)),
  });
  const most = (values: readonly number[]): number => Math.max(...values);
  return readModelError({ v: 1, measured, runs, ...of(most), middle: of(median) }, "what was just measured");
}
