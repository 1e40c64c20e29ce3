import { parseArgs, type ParseArgsConfig } from "node:util";
import { Problem, reason } from "../../foundation/errors.ts";

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

type Flags = NonNullable<ParseArgsConfig["options"]>;
type WordsOf<T extends Flags> = ReturnType<
  typeof parseArgs<{ options: T; strict: true; allowPositionals: false }>
>["values"];

/** The words of a command by option; what is none of its options is a `usage` Problem that names the help. */
export function readWords<const T extends Flags>(
  args: readonly string[],
  options: T,
  help = "rostra help",
): WordsOf<T> {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values as WordsOf<T>;
  } catch (thrown) {
    throw new Problem({
      status: 400,
      code: "usage",
      title: "The command's words are off",
      detail: `${reason(thrown)}.`,
      action: `\`${help}\` lists the options.`,
    });
  }
}
