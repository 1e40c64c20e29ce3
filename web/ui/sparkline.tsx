import type { JSX } from "preact";

export interface SparklineProps {
  /** Oldest first. */
  readonly values: readonly number[];
  /** How many values the whole width shows. */
  readonly room: number;
  /** What the line is of, with its last value in words. */
  readonly label: string;
  /** The least that the full height means, so that noise near zero stays flat. @default 1 */
  readonly least?: number;
}

const width = 120;
const height = 28;

/** Where the line goes: the newest value at the right edge, zero at the foot. */
export function sparklinePoints(values: readonly number[], room: number, least = 1): string {
  const shown = values.slice(-room);
  const top = Math.max(least, ...shown);
  const step = width / Math.max(1, room - 1);
  return shown
    .map((value, i) => {
      const x = width - (shown.length - 1 - i) * step;
      const y = height - 2 - (Math.max(0, value) / top) * (height - 4);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
}

/** The last values as a small line. Needs `sparkline.css`. */
export const Sparkline = ({ values, room, label, least }: SparklineProps): JSX.Element => (
  <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
    <polyline points={sparklinePoints(values, room, least)} vector-effect="non-scaling-stroke" />
  </svg>
);
