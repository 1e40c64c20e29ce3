import { escape } from "../../foundation/escape.ts";
import { moment } from "./quantities.ts";
import type { Curve, Mark, Quantity } from "./record.ts";
import { linear, logarithmic, moments, type Scale } from "./scale.ts";
import type { Key } from "./words/en.ts";
import type { Speaker } from "./words.ts";

/** What one chart shows. */
export interface ChartOptions {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly unit: Exclude<Quantity["unit"], "money">;
  readonly window: { readonly from: number; readonly to: number };
  readonly marks: readonly Mark[];
  /** Steps instead of lines; powers of ten; a top that is always the same. */
  readonly steps?: boolean;
  readonly logarithmic?: boolean;
  readonly top?: number;
}

/** Drawn for a phone's width, and enlarged elsewhere. */
const [width, height] = [360, 196];
const [left, right, top, bottom] = [56, 350, 16, 168];
/** Points of a line; of more each takes the highest of its time. */
const maxPoints = 280;
/** About the width of a letter in a mark's label. */
const letter = 5.5;

interface Point {
  readonly at: number;
  readonly value: number | null;
}

/** A chart as a figure of inline SVG: colours come from the page's style sheet, and what it shows stands beside it as text. */
export function chart(options: ChartOptions, speaker: Speaker): string {
  const { title, window, marks, unit } = options;
  const shown = options.curves.map((curve) => ({ points: pointsOf(curve, window) }));
  const values = shown.flatMap(({ points }) => points.flatMap(({ value }) => (value === null ? [] : [value])));
  if (values.length === 0) return "";
  const scale = scaleOf(values, options);
  const x = (at: number): number => left + ((at - window.from) / (window.to - window.from)) * (right - left);
  const y = (value: number): number => bottom - scale.at(value) * (bottom - top);
  const say = (value: number): string => escape(speaker.say({ value, unit }));
  const grid = scale.ticks.map(
    (tick) =>
      `<path class="grid" d="M${left} ${n(y(tick))}H${right}"/><text class="tick" x="${left - 5}" y="${n(y(tick) + 3.5)}" text-anchor="end">${say(tick)}</text>`,
  );
  const times = moments(window.from, window.to, 5).map(
    (at) =>
      `<path class="grid" d="M${n(x(at))} ${bottom}v4"/><text class="tick" x="${n(x(at))}" y="${bottom + 16}" text-anchor="${anchor(x(at))}">${escape(speaker.say(moment(at)))}</text>`,
  );
  const lines = shown.map(
    ({ points }, i) => `<path class="line l${i + 1}" d="${path(points, x, y, options.steps === true)}"/>`,
  );
  const seen = marks
    .filter(({ at, to = at }) => to >= window.from && at <= window.to)
    .toSorted((one, other) => one.at - other.at);
  // A label needs its room; what stands too close behind another keeps its line.
  let free = 0;
  const told = seen.map((one) => {
    const half = (speaker.say(one.says).length * letter) / 2;
    const label = x(one.at) - half >= free;
    if (label) free = x(one.at) + half + letter;
    return mark(one, x, label ? speaker : undefined);
  });
  const peaks = options.curves.map((curve) => peakOf(curve, window, unit, speaker)).join("; ");
  return [
    `<figure class="chart"><figcaption>${escape(title)}</figcaption>`,
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(`${title}. ${peaks}`)}">`,
    ...grid,
    ...times,
    ...told,
    ...lines,
    "</svg>",
    legend(options.curves, window, unit, speaker),
    "</figure>",
  ].join("");
}

const n = (value: number): string => String(Math.round(value * 10) / 10);
const anchor = (at: number): string => (at > right - 24 ? "end" : at < left + 16 ? "start" : "middle");
const nameOf = ({ name }: Curve, { word }: Speaker): string => word(`curve.${name}` satisfies Key);

/** Of things that are counted there are whole ticks. */
const fewest = 4;

function scaleOf(values: readonly number[], { logarithmic: byPowers, top: fixed, unit }: ChartOptions): Scale {
  const most = values.reduce((a, b) => Math.max(a, b), unit === "count" ? fewest : 0);
  if (!byPowers) return linear(most, fixed);
  const least = values.reduce((a, b) => (b > 0 ? Math.min(a, b) : a), Number.POSITIVE_INFINITY);
  return logarithmic(Number.isFinite(least) ? least : 1e-3, most);
}

/** The curve in the window, in at most `maxPoints` steps of time, each with its highest value. */
function pointsOf({ from, step, values }: Curve, window: ChartOptions["window"]): Point[] {
  const first = Math.max(0, Math.ceil((window.from - from) / step));
  const last = Math.min(values.length - 1, Math.floor((window.to - from) / step));
  const every = Math.max(1, Math.ceil((last - first + 1) / maxPoints));
  const points: Point[] = [];
  for (let i = first; i <= last; i += every) {
    const some = values.slice(i, Math.min(i + every, last + 1)).filter((one) => one !== null);
    points.push({ at: from + i * step, value: some.length === 0 ? null : some.reduce((a, b) => Math.max(a, b)) });
  }
  return points;
}

function path(
  points: readonly Point[],
  x: (at: number) => number,
  y: (value: number) => number,
  steps: boolean,
): string {
  let [d, open] = ["", false];
  for (const { at, value } of points) {
    if (value === null) {
      open = false;
      continue;
    }
    if (!open) d += `M${n(x(at))} ${n(y(value))}h.1`;
    else d += steps ? `H${n(x(at))}V${n(y(value))}` : `L${n(x(at))} ${n(y(value))}`;
    open = true;
  }
  return d;
}

/** @param speaker says its label; without one there is none */
function mark({ at, to, says }: Mark, x: (at: number) => number, speaker: Speaker | undefined): string {
  const from = Math.max(left, x(at));
  const end = to === undefined ? from : Math.min(right, x(to));
  const band =
    end > from
      ? `<rect class="band" x="${n(from)}" y="${top}" width="${n(end - from)}" height="${bottom - top}"/>`
      : "";
  const label = speaker
    ? `<text class="marked" x="${n(from)}" y="${top - 6}" text-anchor="${anchor(from)}">${escape(speaker.say(says))}</text>`
    : "";
  return `${band}<path class="mark" d="M${n(from)} ${top - 4}V${bottom}"/>${label}`;
}

interface Peak {
  readonly at: number;
  readonly value: number;
}

function highest({ from, step, values }: Curve, window: ChartOptions["window"]): Peak | undefined {
  let best: Peak | undefined;
  for (const [i, value] of values.entries()) {
    const at = from + i * step;
    if (value !== null && at >= window.from && at <= window.to && (best === undefined || value > best.value))
      best = { at, value };
  }
  return best;
}

function peakOf(curve: Curve, window: ChartOptions["window"], unit: ChartOptions["unit"], speaker: Speaker): string {
  const name = nameOf(curve, speaker);
  const best = highest(curve, window);
  if (!best) return name;
  return speaker.say({ key: "chart.peak", values: { name, value: { value: best.value, unit }, at: moment(best.at) } });
}

function legend(
  curves: readonly Curve[],
  window: ChartOptions["window"],
  unit: ChartOptions["unit"],
  speaker: Speaker,
): string {
  const items = curves.map((curve, i) => {
    const text = peakOf(curve, window, unit, speaker);
    return `<li><svg class="sample" viewBox="0 0 22 8" aria-hidden="true"><path class="line l${i + 1}" d="M1 4H21"/></svg>${escape(text)}</li>`;
  });
  return `<ul class="legend">${items.join("")}</ul>`;
}
