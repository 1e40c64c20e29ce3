import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Problem, reason } from "../../foundation/errors.ts";
import type { Capacity } from "../../verdict/capacity.ts";
import { type Sample, samples } from "../../verdict/synthetic/samples.ts";
import { off, whole } from "../serve/usage.ts";

export const verdictFlags = {
  from: { type: "string" },
  to: { type: "string" },
  data: { type: "string" },
  out: { type: "string" },
  json: { type: "boolean" },
  announced: { type: "string", multiple: true },
  capacity: { type: "string" },
  verify: { type: "boolean" },
  against: { type: "string" },
  key: { type: "string" },
  heads: { type: "boolean" },
  sample: { type: "string" },
  help: { type: "boolean" },
} as const;

/** What `rostra verdict` is to do. */
export type VerdictCommand =
  | { readonly kind: "help" }
  | {
      readonly kind: "verify";
      readonly data: string;
      readonly against: string | undefined;
      readonly key: string | undefined;
    }
  | { readonly kind: "heads"; readonly data: string; readonly key: string | undefined }
  | (Output & { readonly kind: "sample"; readonly sample: Sample })
  | (Output & {
      readonly kind: "judge";
      readonly space: string;
      readonly data: string;
      /** The data folder as it was typed; not when the environment named it. */
      readonly folder: string | undefined;
      readonly key: string | undefined;
      /** ms since 1970. */
      readonly from: number | undefined;
      readonly to: number | undefined;
      readonly announced: readonly number[];
      readonly capacity: Capacity | undefined;
    });

interface Output {
  /** The folder that record and report are written to. @default none is */
  readonly out: string | undefined;
  /** Whether the record goes to the standard output instead of words. */
  readonly json: boolean;
}

/** @throws Problem `usage` */
export function verdictCommand(args: readonly string[], env: NodeJS.ProcessEnv): VerdictCommand {
  const { values, positionals } = read(args);
  const data = resolve(values.data ?? env["ROSTRA_DATA"] ?? "data");
  const out = values.out === undefined ? undefined : resolve(values.out);
  const { key, json = false } = values;
  if (values.help === true) return { kind: "help" };
  if (values.verify === true) return { kind: "verify", data, against: values.against, key };
  if (values.heads === true) return { kind: "heads", data, key };
  if (values.sample !== undefined) {
    const sample = samples.find((one) => one === values.sample);
    if (!sample) throw off("--sample", values.sample, samples.join(", "));
    return { kind: "sample", sample, out, json };
  }
  const [space, ...more] = positionals;
  if (space === undefined || more.length > 0) {
    throw off("rostra verdict", positionals.join(" "), "one Space, by its id or the end of its address");
  }
  return {
    kind: "judge",
    space,
    data,
    folder: values.data,
    key,
    out,
    json,
    from: values.from === undefined ? undefined : moment("--from", values.from),
    to: values.to === undefined ? undefined : moment("--to", values.to),
    announced: (values.announced ?? []).map((text) => moment("--announced", text)),
    capacity: values.capacity === undefined ? undefined : capacityOf(values.capacity),
  };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: verdictFlags, strict: true, allowPositionals: true });
  } catch (thrown) {
    throw new Problem({
      status: 400,
      code: "usage",
      title: "The command's words are off",
      detail: `${reason(thrown)}.`,
      action: "`rostra verdict --help` lists the options.",
    });
  }
}

/** `2026-08-12T17:00:00Z`, or how long ago: `90s`, `20m`, `3h`. */
function moment(flag: string, text: string): number {
  const [, count, unit] = /^(\d{1,7})([smh])$/.exec(text) ?? [];
  if (count !== undefined)
    return Date.now() - Number(count) * { s: 1000, m: 60_000, h: 3600_000 }[unit as "s" | "m" | "h"];
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw off(flag, text, "a time such as 2026-08-12T17:00:00Z, or how long ago: 90s, 20m, 3h");
  return at;
}

/** `players=5000,joins=300[,by=WORDS]` */
function capacityOf(text: string): Capacity {
  const wanted = "players=N,joins=N and, if you like, by=WHICH REHEARSAL";
  const [, players = "", joins = "", provedBy = "--capacity"] =
    /^players=(\d+),joins=(\d+)(?:,by=(.{1,200}))?$/.exec(text) ?? [];
  if (players === "") throw off("--capacity", text, wanted);
  return {
    players: whole("--capacity", players, 1, 1e9),
    joinsPerSecond: whole("--capacity", joins, 0, 1e9),
    provedBy,
  };
}
