/** Where a value goes, and the ticks beside it. */
export interface Scale {
  /** From 0 (the foot) to 1. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** The round number (1, 2, 2.5 or 5 with zeros) that is next to `value`, at or above it. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 5, 10].find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return step * power;
}

/** From 0 to a round number above `most`, with about four ticks. */
export function linear(most: number, fixed?: number): Scale {
  const step = roundUp((fixed ?? Math.max(most, 1e-9)) / 4);
  const top = fixed ?? step * Math.ceil(most / step - 1e-9);
  const count = Math.max(1, Math.round(top / step));
  return {
    at: (value) => Math.max(0, Math.min(1, value / top)),
    ticks: Array.from({ length: count + 1 }, (_, i) => i * step).filter((tick) => tick <= top * (1 + 1e-9)),
  };
}

/** By powers of ten, from at or below `least` to at or above `most`. */
export function logarithmic(least: number, most: number): Scale {
  const low = Math.floor(Math.log10(Math.max(least, 1e-9)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(most, 1e-9)) - 1e-9));
  const every = Math.ceil((high - low) / 5);
  return {
    at: (value) => Math.max(0, Math.min(1, (Math.log10(Math.max(value, 1e-12)) - low) / (high - low))),
    ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)).filter((_, i) => i % every === 0),
  };
}

const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200] as const;

/** Moments between `from` and `to` (seconds from T) worth a tick: at most `most` of them, at round distances from T. */
export function moments(from: number, to: number, most: number): number[] {
  const step = timeSteps.find((one) => Math.floor(to / one) - Math.ceil(from / one) + 1 <= most) ?? 86_400;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.max(0, Math.floor(to / step) - first + 1) }, (_, i) => (first + i) * step);
}
