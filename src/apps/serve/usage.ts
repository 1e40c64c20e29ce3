import { Problem } from "../../foundation/errors.ts";

/** A whole number that an option was given, or its `usage` Problem. */
export function whole(flag: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw off(flag, text, `a whole number from ${least} to ${most}`);
  return value;
}

/** Says what an option was given and what it takes. */
export function off(flag: string, text: string, wanted: string): Problem {
  return new Problem({
    status: 400,
    code: "usage",
    title: "The command's words are off",
    detail: `${flag} was given "${text}".`,
    action: `It takes ${wanted}.`,
  });
}
