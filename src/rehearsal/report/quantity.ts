import type { Language } from "./language.ts";
import type { Quantity } from "./record.ts";

const narrow = "\u202f";

/** A number as people of that language write it, with its unit; three digits say enough. */
export function quantity(what: Quantity, language: Language): string {
  const { value } = what;
  const number = (n: number, options: Intl.NumberFormatOptions = { maximumSignificantDigits: 3 }): string =>
    new Intl.NumberFormat(language, options).format(n);
  const scaled = (n: number, unit: string, steps: readonly string[]): string => {
    let [rest, i] = [n, 0];
    while (rest >= 999.5 && i < steps.length - 1) {
      rest /= 1000;
      i++;
    }
    return `${number(rest)}${narrow}${steps[i] ?? ""}${unit}`;
  };
  switch (what.unit) {
    case "count":
      return number(
        Math.round(value),
        value >= 100_000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 },
      );
    case "level":
      return number(value, { maximumFractionDigits: 0 });
    case "cores":
      return number(value);
    case "share":
      return percent(value, language);
    case "s":
      return duration(value, number);
    case "at": {
      const sign = value < 0 ? "−" : "+";
      return value === 0 ? "T" : `T${sign}${duration(Math.abs(value), number)}`;
    }
    case "bit/s":
      return scaled(value, "bit/s", ["", "k", "M", "G", "T"]);
    case "bytes":
      return scaled(value, "B", ["", "k", "M", "G", "T", "P"]);
    case "money":
      return new Intl.NumberFormat(language, {
        style: "currency",
        currency: what.currency,
        maximumFractionDigits: value < 100 ? 2 : 0,
        minimumFractionDigits: value < 100 ? 2 : 0,
      }).format(value);
  }
}

/** Near all and near nothing the digits count: 99.95 % is not 100 %. */
function percent(value: number, language: Language): string {
  const digits = (value > 0.99 && value < 1) || (value > 0 && value < 0.01) ? 2 : value < 0.1 && value > 0 ? 1 : 0;
  // Never rounded to all or nothing.
  const factor = 10 ** (digits + 2);
  const shown = value > 0.99 && value < 1 ? Math.floor(value * factor) / factor : value;
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: digits }).format(shown);
}

function duration(seconds: number, number: (n: number, options?: Intl.NumberFormatOptions) => string): string {
  if (seconds === 0) return `0${narrow}s`;
  if (seconds < 1) return `${number(seconds * 1000, { maximumSignificantDigits: 2 })}${narrow}ms`;
  if (seconds < 120) return `${number(seconds)}${narrow}s`;
  const minutes = Math.floor(seconds / 60);
  const rest = Math.round(seconds - minutes * 60);
  if (seconds < 7200) return `${number(minutes)}${narrow}min${rest > 0 ? `${narrow}${rest}${narrow}s` : ""}`;
  const hours = Math.floor(seconds / 3600);
  const left = Math.round((seconds - hours * 3600) / 60);
  return `${number(hours)}${narrow}h${left > 0 ? `${narrow}${left}${narrow}min` : ""}`;
}
