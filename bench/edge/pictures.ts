import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Chart, drawChart, type Series, ticksFor } from "./chart.ts";
import type { RowResult } from "./row.ts";
import { readScaleName } from "./rows/scale.ts";

const folder = resolve(import.meta.dirname, "../../docs/pictures");

/** Draws what the rows have to show into docs/pictures; gives each picture's title and file name, by the row's name. */
export function drawPictures(
  results: readonly RowResult[],
): Map<string, { readonly title: string; readonly file: string }> {
  mkdirSync(folder, { recursive: true });
  const drawn = new Map<string, { title: string; file: string }>();
  for (const result of results) {
    const chart = chartOf(result);
    if (!chart) continue;
    const file = `bench-${result.row.name}.svg`;
    writeFileSync(join(folder, file), drawChart(chart));
    drawn.set(result.row.name, { title: chart.title, file });
  }
  return drawn;
}

/** The chart of a row; `undefined` when it has none. */
export function chartOf(result: RowResult): Chart | undefined {
  switch (result.row.name) {
    case "scale":
      return costs(result);
    case "joins":
      return waits(result, "A burst of joins: who has the first byte when", "milliseconds after connecting");
    case "early":
      return waits(result, "Early requests: who is answered when", "milliseconds after publication");
    default:
      return undefined;
  }
}

function costs({ subjects }: RowResult): Chart | undefined {
  const byServer = new Map<string, [number, number][]>();
  for (const { subject, figures } of subjects) {
    const { server, listeners } = readScaleName(subject);
    const cost = figures["cpu"]?.median;
    if (cost !== undefined) byServer.set(server, [...(byServer.get(server) ?? []), [listeners, cost]]);
  }
  const series = [...byServer].map(([name, points]) => ({ name, points, dots: true }));
  const all = series.flatMap(({ points }) => points);
  const counts = [...new Set(all.map(([listeners]) => listeners))].toSorted((a, b) => a - b);
  if (counts.length < 2) return undefined;
  return {
    title: "CPU for each listener of an endless stream",
    x: { title: "listeners", scale: "log", ticks: counts },
    y: {
      title: "microseconds a second",
      scale: "linear",
      ticks: ticksFor(
        all.map(([, cost]) => cost),
        "linear",
      ),
    },
    series,
  };
}

/** The least time on a logarithmic axis, ms. */
const least = 0.1;

function waits({ subjects }: RowResult, title: string, unit: string): Chart | undefined {
  const series: Series[] = subjects.flatMap(({ subject, curve, figures }) => {
    // The curve is that of who was served; who was not keeps it from reaching the top.
    const served = (figures["served"]?.median ?? 100) / 100;
    return curve ? [{ name: subject, points: curve.map((ms, i) => [Math.max(least, ms), i * served] as const) }] : [];
  });
  if (series.length === 0) return undefined;
  const times = series.flatMap(({ points }) => points.map(([ms]) => ms));
  return {
    title,
    x: { title: unit, scale: "log", ticks: ticksFor(times, "log") },
    y: { title: "percent", scale: "linear", ticks: [0, 20, 40, 60, 80, 100] },
    series,
  };
}
