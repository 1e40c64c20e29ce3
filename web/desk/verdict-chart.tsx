import type { JSX } from "preact";
import { verdictCauses, type VerdictTold } from "../../src/wire/verdict.ts";
import { t } from "../i18n/catalogue.ts";
import { timeText } from "./verdict-texts.ts";

const [width, height] = [600, 120];

/** One area on top of what is below it, from left to right and back. */
function areaPath(below: readonly number[], above: readonly number[], most: number): string {
  const x = (i: number): number => (above.length === 1 ? 0 : (i / (above.length - 1)) * width);
  const y = (value: number): number => height - (value / most) * height;
  const point = (value: number, i: number): string => `${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
  const there = above.map(point);
  const back = below.map(point).toReversed();
  return `M${[...there, ...back].join("L")}Z`;
}

/** The load by whose it was, one on the other, and how many played. */
export function VerdictChart({ told }: { readonly told: VerdictTold }): JSX.Element | null {
  const { load, players } = told.curves;
  const sums = players.map((_, i) => verdictCauses.reduce((so, cause) => so + (load[cause][i] ?? 0), 0));
  const most = Math.max(...sums);
  if (players.length < 2 || most <= 0) return null;
  const mostPlayers = Math.max(1, ...players);
  let below = players.map(() => 0);
  const areas = verdictCauses.map((cause) => {
    const above = below.map((value, i) => value + (load[cause][i] ?? 0));
    const path = areaPath(below, above, most);
    below = above;
    return <path key={cause} class={`verdict-${cause}`} d={path} />;
  });
  const line = players
    .map(
      (value, i) =>
        `${((i / (players.length - 1)) * width).toFixed(1)},${(height * (1 - value / mostPlayers)).toFixed(1)}`,
    )
    .join(" ");
  return (
    <figure class="verdict-chart">
      <svg
        viewBox={`0 -2 ${width} ${height + 4}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t("verdict.chart", { n: mostPlayers })}
      >
        {areas}
        <polyline points={line} vector-effect="non-scaling-stroke" />
      </svg>
      <figcaption>
        <span>{timeText(told.from)}</span>
        <span>{t("verdict.chartKey", { n: mostPlayers })}</span>
        <span>{timeText(told.to)}</span>
      </figcaption>
    </figure>
  );
}
