/** A line of a chart. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A dot at each point, for few of them. */
  readonly dots?: boolean;
}

export interface Axis {
  readonly title: string;
  readonly scale: "linear" | "log";
  /** Where lines and numbers stand; the first and the last are the axis's ends. */
  readonly ticks: readonly number[];
}

export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

const width = 760;
const height = 420;
const plot = { left: 64, top: 76, right: width - 24, bottom: height - 52 } as const;

/** Colours that are told apart with any eyes (Okabe and Ito 2008), darker on light and lighter on dark; and dashes besides. */
const styles = [
  { light: "#0072b2", dark: "#56b4e9", dash: "" },
  { light: "#c04a00", dark: "#ff9a5c", dash: "7 4" },
  { light: "#007a58", dark: "#34d6a4", dash: "2 4" },
  { light: "#a8457f", dark: "#f0a8d0", dash: "10 4 2 4" },
  { light: "#7a5c00", dark: "#f5c84d", dash: "4 2" },
] as const;

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const short = (value: number): string => String(Number(value.toFixed(1)));

/** Axis ticks that hold all of the values: 0 and round steps, or 1, 2 and 5 in each power of ten. */
export function ticksFor(values: readonly number[], scale: Axis["scale"]): number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (scale === "linear") {
    const rough = Math.max(most, 1e-9) / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough;
    return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
  }
  const steps = Array.from({ length: 24 }, (_, i) => i - 8).flatMap((power) =>
    [1, 2, 5].map((one) => one * 10 ** power),
  );
  const from = steps.findLastIndex((step) => step <= least);
  const to = steps.findIndex((step) => step >= most);
  const all = steps.slice(Math.max(0, from), to + 1);
  // Too many numbers do not fit beside each other: those with 1 stay, and the ends.
  return all.length <= 12
    ? all
    : all.filter((step, i) => i === 0 || i === all.length - 1 || Math.abs(Math.log10(step) % 1) < 1e-9);
}

function place({ scale, ticks }: Axis, from: number, to: number): (value: number) => number {
  const of = (value: number): number => (scale === "log" ? Math.log10(Math.max(value, ticks[0] ?? 1)) : value);
  const [first, last] = [of(ticks[0] ?? 0), of(ticks.at(-1) ?? 1)];
  return (value) => from + ((of(value) - first) / (last - first || 1)) * (to - from);
}

/** The chart as an SVG document whose words are text, legible on light and on dark. */
export function drawChart({ title, x, y, series }: Chart): string {
  const atX = place(x, plot.left, plot.right);
  const atY = place(y, plot.bottom, plot.top);
  const rules = styles.map(
    ({ light, dash }, i) => `.s${i}{stroke:${light};color:${light}${dash ? `;stroke-dasharray:${dash}` : ""}}`,
  );
  const darkRules = styles.map(({ dark }, i) => `.s${i}{stroke:${dark};color:${dark}}`);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">`,
    `<title>${escape(title)}</title>`,
    `<style>svg{color-scheme:light dark}text{font:13px system-ui,sans-serif;fill:#1c2024}.title{font-size:16px;font-weight:600}.ground{fill:#fff}` +
      `.grid{stroke:#d5d9de}.line{fill:none;stroke-width:2.2;stroke-linejoin:round}.dot{fill:currentColor;stroke:none}${rules.join("")}` +
      `@media (prefers-color-scheme:dark){text{fill:#e8eaed}.ground{fill:#16191d}.grid{stroke:#3a4048}${darkRules.join("")}}</style>`,
    `<rect class="ground" width="${width}" height="${height}" rx="8"/>`,
    `<text class="title" x="${plot.left}" y="28">${escape(title)}</text>`,
    ...x.ticks.flatMap((tick) => [
      `<line class="grid" x1="${short(atX(tick))}" x2="${short(atX(tick))}" y1="${plot.top}" y2="${plot.bottom}"/>`,
      `<text x="${short(atX(tick))}" y="${plot.bottom + 18}" text-anchor="middle">${number(tick)}</text>`,
    ]),
    ...y.ticks.flatMap((tick) => [
      `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${short(atY(tick))}" y2="${short(atY(tick))}"/>`,
      `<text x="${plot.left - 8}" y="${short(atY(tick) + 4)}" text-anchor="end">${number(tick)}</text>`,
    ]),
    `<text x="${(plot.left + plot.right) / 2}" y="${height - 12}" text-anchor="middle">${escape(x.title)}</text>`,
    `<text transform="translate(16 ${(plot.top + plot.bottom) / 2}) rotate(-90)" text-anchor="middle">${escape(y.title)}</text>`,
  ];
  const step = (plot.right - plot.left) / Math.max(1, series.length);
  for (const [i, { name, points, dots }] of series.entries()) {
    const style = `s${i % styles.length}`;
    const path = points.map(([px, py]) => `${short(atX(px))},${short(atY(py))}`).join(" ");
    const keyAt = plot.left + i * step;
    parts.push(
      `<polyline class="line ${style}" points="${path}"/>`,
      `<line class="line ${style}" x1="${short(keyAt)}" x2="${short(keyAt + 26)}" y1="52" y2="52"/>`,
      `<text x="${short(keyAt + 32)}" y="56">${escape(name)}</text>`,
    );
    if (dots)
      for (const [px, py] of points)
        parts.push(`<circle class="dot ${style}" cx="${short(atX(px))}" cy="${short(atY(py))}" r="3.5"/>`);
  }
  return `${[...parts, "</svg>"].join("\n")}\n`;
}

const number = (value: number): string =>
  value >= 10_000 ? `${Number((value / 1000).toFixed(1))}k` : String(Number(value.toPrecision(3)));
