import * as v from "valibot";
import { curveNames, type RehearsalRecord, type Said, type Value } from "../../../rehearsal/report/record.ts";
import en, { type Key } from "../../../rehearsal/report/words/en.ts";

/** The most texts, promises, attacks and curves of a record, and the most values of a curve: a day, second by second. */
const maxParts = 200;
const maxValues = 100_000;
/** How deep texts may stand in texts. */
const maxDepth = 12;

const text = v.pipe(v.string(), v.maxLength(2000));
const finite = v.pipe(v.number(), v.finite());
const list = <S extends v.GenericSchema>(of: S): v.GenericSchema<unknown, v.InferOutput<S>[]> =>
  v.pipe(v.array(of), v.maxLength(maxParts));

const quantity = v.union([
  v.object({
    value: finite,
    unit: v.picklist(["count", "s", "at", "bit/s", "bytes", "share", "cores", "level"]),
  }),
  v.object({ value: finite, unit: v.literal("money"), currency: v.pipe(v.string(), v.regex(/^[A-Z]{3}$/)) }),
]);

/** A text: one of the catalogue's, whose places hold texts again, or one that is the same in every language. */
const saidWithin = (depth: number): v.GenericSchema<unknown, Said> =>
  v.union([
    v.object({
      key: v.pipe(
        v.string(),
        v.check((key) => Object.hasOwn(en, key), "a text of the report's catalogue"),
        v.transform((key) => key as Key),
      ),
      values: v.optional(
        v.record(
          v.pipe(v.string(), v.maxLength(40)),
          v.lazy(() => valueWithin(depth + 1)),
        ),
      ),
    }),
    v.object({ text }),
  ]) as v.GenericSchema<unknown, Said>;

const valueWithin = (depth: number): v.GenericSchema<unknown, Value> =>
  depth > maxDepth
    ? (text as v.GenericSchema<unknown, Value>)
    : (v.union([text, quantity, saidWithin(depth)]) as v.GenericSchema<unknown, Value>);

const said = saidWithin(0);
const value = valueWithin(0);
const verdict = v.picklist(["held", "broken", "unknown"]);
const fact = v.object({ name: said, value });

/** A record as `rostra rehearse` and `rostra plan` write it; what it has besides is left out. */
export const recordSchema = v.object({
  v: v.literal(1),
  kind: v.picklist(["plan", "run"]),
  title: text,
  command: text,
  question: list(fact),
  setup: list(fact),
  findings: list(said),
  promises: list(v.object({ promise: said, owed: value, came: v.optional(value), verdict, why: v.optional(said) })),
  rush: v.object({ from: finite, to: finite }),
  curves: list(
    v.object({
      name: v.picklist(curveNames),
      from: finite,
      step: v.pipe(finite, v.gtValue(0)),
      values: v.pipe(v.array(v.nullable(finite)), v.maxLength(maxValues)),
    }),
  ),
  marks: list(v.object({ at: finite, to: v.optional(finite), says: said })),
  attacks: list(v.object({ name: said, from: finite, to: finite, strength: value, cost: value, owed: said, verdict })),
  changes: list(said),
  confidence: list(said),
  interrupted: v.optional(said),
}) satisfies v.GenericSchema<unknown, unknown>;

/** The record, or what is wrong with it and where. */
export function readRecord(json: unknown): RehearsalRecord | { readonly wrong: string } {
  const parsed = v.safeParse(recordSchema, json, { abortEarly: true });
  if (parsed.success) return parsed.output as RehearsalRecord;
  const [issue] = parsed.issues;
  const path = (issue.path ?? []).map(({ key }) => `/${String(key)}`).join("");
  return { wrong: `${path || "the record"}: ${issue.message}` };
}

/** How many edges a plan came to, and how many bear the loss of one, as its findings say. */
export function edgesOf({ findings }: RehearsalRecord): { edges: number | null; edgesWithSpare: number | null } {
  const numberOf = (...keys: readonly Key[]): number | null => {
    const found = findings.find((one) => "key" in one && keys.includes(one.key));
    const n = found && "key" in found ? found.values?.["n"] : undefined;
    return typeof n === "object" && "unit" in n ? n.value : null;
  };
  const edges = numberOf("finding.needed", "finding.neededRange", "finding.asked");
  const holds = findings.some((one) => "key" in one && one.key === "finding.lossHolds");
  return { edges, edgesWithSpare: holds ? edges : numberOf("finding.lossNeeds") };
}

/** The Space that the command of a run names, and how many listeners; undefined where it does not say. */
export function askedOf({ command }: RehearsalRecord): { space: string | undefined; listeners: number | null } {
  const word = (flag: string): string | undefined => new RegExp(`--${flag}[ =]'?([\\w.-]+)'?`).exec(command)?.[1];
  const [, digits = "", unit = ""] = /^([\d_]+(?:\.\d+)?)([kMG]?)$/.exec(word("listeners") ?? "") ?? [];
  const scale = { "": 1, k: 1e3, M: 1e6, G: 1e9 }[unit] ?? 1;
  return {
    space: word("space"),
    listeners: digits === "" ? null : Math.round(Number(digits.replaceAll("_", "")) * scale),
  };
}
