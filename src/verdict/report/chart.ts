import type { Mark } from "../series.ts";
import { escape } from "../../foundation/escape.ts";
import { figure } from "./words.ts";

/** One layer of a stack, or a line. */
export interface Layer {
  /** Its style's class and its name in the legend; a line has no class. */
  readonly style: string;
  readonly name: string;
  readonly values: readonly number[];
}

export interface ChartOptions {
  readonly title: string;
  readonly unit: string;
  /** ms since 1970, ascending. */
  readonly at: readonly number[];
  readonly layers: readonly Layer[];
  /** Layers stand on each other and are filled. */
  readonly stacked?: boolean;
  readonly marks?: readonly Mark[];
  /** A line across, and what it says. */
  readonly proven?: { readonly value: number; readonly name: string } | undefined;
  readonly wide?: boolean;
}

/** Points of a line; of more each takes the highest of its time. */
const maxPoints = 300;

/** A chart as a figure of inline SVG; what it shows is said beside it. */
export function chart({ title, unit, at, layers, stacked, marks = [], proven, wide }: ChartOptions): string {
  const [width, height] = wide === true ? [720, 240] : [360, 190];
  const [left, right, top, bottom] = [52, width - 10, 26, height - 26];
  const shown = layers.filter(({ values }) => values.some((value) => value > 0));
  if (shown.length === 0) return "";
  const every = Math.max(1, Math.ceil(at.length / maxPoints));
  const times = at.filter((_, i) => i % every === 0);
  const thin = (values: readonly number[]): number[] =>
    times.map((_, i) => values.slice(i * every, (i + 1) * every).reduce((a, b) => Math.max(a, b), 0));
  const tops: number[][] = [];
  for (const { values } of shown) {
    const below = stacked === true ? tops.at(-1) : undefined;
    tops.push(thin(values).map((value, i) => value + (below?.[i] ?? 0)));
  }
  const highest = Math.max(1e-9, proven?.value ?? 0, ...tops.flat());
  const step = roundUp(highest / 4);
  const most = step * Math.ceil(highest / step - 1e-9);
  const [first = 0, last = 1] = [times[0], times.at(-1)];
  const x = (time: number): number => left + ((time - first) / Math.max(1, last - first)) * (right - left);
  const y = (value: number): number => bottom - (value / most) * (bottom - top);
  const path = (values: readonly number[]): string =>
    values.map((value, i) => `${i === 0 ? "M" : "L"}${n(x(times[i] ?? first))} ${n(y(value))}`).join("");
  const area = (above: readonly number[], below: readonly number[] | undefined): string => {
    const back = (below ?? above.map(() => 0))
      .map((value, i) => `L${n(x(times[i] ?? first))} ${n(y(value))}`)
      .toReversed();
    return `${path(above)}${back.join("")}Z`;
  };
  const grid = Array.from({ length: Math.round(most / step) + 1 }, (_, i) => i * step).map(
    (value) =>
      `<path class="grid" d="M${left} ${n(y(value))}H${right}"/><text class="tick" x="${left - 5}" y="${n(y(value) + 3.5)}" text-anchor="end">${figure(value)}</text>`,
  );
  const clocks = Array.from(
    { length: wide === true ? 7 : 4 },
    (_, i, all = wide === true ? 6 : 3) => first + ((last - first) * i) / all,
  ).map(
    (time, i, all) =>
      `<text class="tick" x="${n(x(time))}" y="${height - 8}" text-anchor="${i === 0 ? "start" : i === all.length - 1 ? "end" : "middle"}">${clock(time)}</text>`,
  );
  let free = 0;
  const told = marks
    .filter((one) => one.at >= first && one.at <= last)
    .map((one) => {
      const label = markWords(one);
      const [from, half] = [x(one.at), label.length * 2.6];
      const fits = from - half >= free && from + half <= width;
      if (fits) free = from + half + 6;
      const text = fits
        ? `<text class="tick" x="${n(from)}" y="${top - 10}" text-anchor="middle">${escape(label)}</text>`
        : "";
      return `<path class="mark" d="M${n(from)} ${top - 6}V${bottom}"/>${text}`;
    });
  const drawn = shown.map(({ style }, i) =>
    stacked === true
      ? `<path class="area ${style}" d="${area(tops[i] ?? [], tops[i - 1])}"/>`
      : `<path class="line" d="${path(tops[i] ?? [])}"/>`,
  );
  const line = proven
    ? `<path class="proven" d="M${left} ${n(y(proven.value))}H${right}"/><text class="tick" x="${right}" y="${n(y(proven.value) - 4)}" text-anchor="end">${escape(proven.name)}</text>`
    : "";
  const peaks = shown.map(
    ({ name, values }) => `${name}: at most ${figure(values.reduce((a, b) => Math.max(a, b), 0))}`,
  );
  const keys = shown.map(
    ({ style }, i) => `<li>${stacked === true ? `<i class="key ${style}"></i>` : ""}${escape(peaks[i] ?? "")}</li>`,
  );
  return [
    `<figure${wide === true ? ` class="wide"` : ""}><figcaption>${escape(title)} <span class="soft">(${escape(unit)})</span></figcaption>`,
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(`${title}. ${peaks.join("; ")}`)}">`,
    ...grid,
    ...clocks,
    ...drawn,
    ...(wide === true ? told : []),
    line,
    `</svg><ul class="legend">${keys.join("")}</ul></figure>`,
  ].join("");
}

export const clock = (at: number): string => new Date(at).toISOString().slice(11, 19);
const n = (value: number): string => String(Math.round(value * 10) / 10);

/** The round number (1, 2, 2.5 or 5 with zeros) at or above a value. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5, 10].find((one) => one * power >= value * (1 - 1e-9)) ?? 10) * power;
}

const kinds: Readonly<Record<Mark["kind"], string>> = {
  announced: "announced",
  live: "live",
  ended: "ended",
  begin: "edge began",
  killed: "edge killed",
  end: "edge ended",
  level: "level",
  said: "told",
  act: "",
};
export const markWords = ({ kind, what }: Mark): string =>
  kind === "level" || kind === "act" ? what : `${kinds[kind]}${kind === "said" ? ` ${what}` : ""}`;
