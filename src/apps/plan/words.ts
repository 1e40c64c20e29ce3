import { Problem } from "../../foundation/errors.ts";
import { type Milliseconds, ms } from "../../foundation/duration.ts";

/** A `usage` Problem for a flag that was given something it does not take. */
export function off(flag: string, text: string, wanted: string): Problem {
  return new Problem({
    status: 400,
    code: "usage",
    title: "The command's words are off",
    detail: `${flag} was given "${text}".`,
    action: `It takes ${wanted}.`,
  });
}

const decimal: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const binary: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

/** A number above 0 with k, M, G or T, and of bytes also Ki, Mi, Gi or Ti. */
export function amount(flag: string, text: string): number {
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)([kMGT]i?)?$/.exec(text) ?? [];
  const value = Number(digits) * (decimal[unit] ?? binary[unit] ?? Number.NaN);
  if (digits === "" || !(value > 0)) throw off(flag, text, "a number above 0, such as 25G");
  return value;
}

/** A whole number from `least` on; `8M` and `8_000_000` are ones. */
export function whole(flag: string, text: string, least = 1): number {
  const plain = text.replaceAll("_", "");
  const value = /^0+$/.test(plain) ? 0 : amountOrNaN(flag, plain);
  if (!(Number.isSafeInteger(value) && value >= least)) throw off(flag, text, `a whole number from ${least} on`);
  return value;
}

function amountOrNaN(flag: string, text: string): number {
  return /^\d+(?:\.\d+)?[kMG]?$/.test(text) ? amount(flag, text) : Number.NaN;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };

/** A length such as 250ms, 60s, 5m or 2h. */
export function duration(flag: string, text: string): Milliseconds {
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|min|h)$/.exec(text) ?? [];
  const value = Number(digits) * (units[unit] ?? Number.NaN);
  if (digits === "" || !(value > 0)) throw off(flag, text, "a length such as 250ms, 60s, 5m or 2h");
  return ms(value);
}

/** A moment such as T, T+30s or T-10s. */
export function moment(flag: string, text: string): Milliseconds {
  if (text === "T") return ms(0);
  const [, sign = "", length = ""] = /^T([+-])(.+)$/.exec(text) ?? [];
  if (sign === "") throw off(flag, text, "a moment such as T+30s");
  return ms((sign === "-" ? -1 : 1) * duration(flag, length));
}
