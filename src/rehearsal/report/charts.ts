import { chart, type ChartOptions } from "./chart.ts";
import type { Curve, CurveName, RehearsalRecord } from "./record.ts";
import type { Key } from "./words/en.ts";
import type { Speaker } from "./words.ts";

interface Shown extends Pick<ChartOptions, "unit" | "steps" | "logarithmic" | "top"> {
  readonly title: Key;
  readonly curves: readonly CurveName[];
  /** Where it is shown. */
  readonly in: readonly ("rush" | "whole")[];
}

/** Which curves stand in one chart, in their order. */
const charts: readonly Shown[] = [
  { title: "chart.people", curves: ["arriving", "joining"], unit: "count", in: ["rush"] },
  { title: "chart.joins", curves: ["joinP50", "joinP99"], unit: "s", logarithmic: true, in: ["rush"] },
  { title: "chart.seated", curves: ["seated", "standing", "leafed"], unit: "count", in: ["rush", "whole"] },
  { title: "chart.cpu", curves: ["cpuMost", "cpuMean"], unit: "share", top: 1, in: ["rush", "whole"] },
  { title: "chart.egress", curves: ["egress"], unit: "bit/s", in: ["rush", "whole"] },
  { title: "chart.level", curves: ["level"], unit: "level", steps: true, top: 4, in: ["rush", "whole"] },
  { title: "chart.behind", curves: ["behindP50", "behindP99"], unit: "s", in: ["whole"] },
  { title: "chart.gaps", curves: ["gaps"], unit: "count", in: ["whole"] },
];

/** A rush that is this much of all needs its charts but once. */
const mostOfIt = 0.8;

/** The charts of the rush or of all of it, for those curves that the record has. */
export function chartsOf(record: RehearsalRecord, part: "rush" | "whole", speaker: Speaker): string {
  const [first] = record.curves;
  if (!first) return "";
  const whole = { from: first.from, to: first.from + Math.max(1, first.values.length - 1) * first.step };
  const window = part === "rush" ? record.rush : whole;
  const covered = (record.rush.to - record.rush.from) / (whole.to - whole.from) >= mostOfIt;
  return charts
    .filter((one) => one.in.includes(part) && !(part === "whole" && covered && one.in.includes("rush")))
    .map(({ title, curves, in: _in, ...rest }) => {
      const found = curves
        .map((name) => record.curves.find((one) => one.name === name))
        .filter((one): one is Curve => one !== undefined)
        .filter(({ name, values }) => name === curves[0] || values.some((value) => value !== null && value > 0));
      return chart({ title: speaker.word(title), curves: found, window, marks: record.marks, ...rest }, speaker);
    })
    .join("");
}
