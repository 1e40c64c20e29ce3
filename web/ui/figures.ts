import { language } from "../i18n/catalogue.ts";

const number = (value: number, digits: number): string =>
  new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(value);

/** Bytes in MB (10⁶), or GB from a thousand MB on. */
export const bytesText = (bytes: number): string =>
  bytes >= 1e9 ? `${number(bytes / 1e9, 2)} GB` : `${number(bytes / 1e6, 1)} MB`;

/** Bytes a second. */
export const rateText = (perSecond: number): string =>
  perSecond < 1e6 ? `${number(perSecond / 1e3, perSecond < 1e4 ? 1 : 0)} kB/s` : `${bytesText(perSecond)}/s`;

/** Events a second. */
export const perSecondText = (perSecond: number): string => `${number(perSecond, perSecond < 10 ? 1 : 0)}/s`;

export const microsecondsText = (microseconds: number): string => `${number(microseconds, 0)} µs`;

export const percentText = (percent: number): string => `${number(percent, 1)} %`;

/** A part of one core, in percent. */
export const coreText = (cores: number): string => `${number(cores * 100, cores < 0.1 ? 1 : 0)} %`;

export const coresText = (cores: number): string => number(cores, 2);

/** Milliseconds, with decimals only where they count. */
export const msText = (milliseconds: number): string => `${number(milliseconds, milliseconds < 10 ? 1 : 0)} ms`;

/** A length of time in its two largest units: `3 d 4 h`, `2 min 5 s`. */
export function spanText(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds));
  const units: readonly (readonly [number, string])[] = [
    [86_400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const first = units.findIndex(([size]) => total >= size);
  if (first < 0) return "0 s";
  const [large, small] = [units[first], units[first + 1]];
  if (!large) return "0 s";
  const rest = total % large[0];
  const more = small && Math.floor(rest / small[0]) > 0 ? ` ${Math.floor(rest / small[0])} ${small[1]}` : "";
  return `${Math.floor(total / large[0])} ${large[1]}${more}`;
}
