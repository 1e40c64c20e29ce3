import * as v from "valibot";
import { actionNames } from "./actions.ts";
import { actNames, countNames, gaugeNames, tallyNames } from "./evidence.ts";

/** What is taken from a chain of evidence: a record that does not fit is left out. */
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const time = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const text = v.pipe(v.string(), v.maxLength(300));
const column = v.optional(v.pipe(v.array(v.pipe(v.number(), v.finite())), v.maxLength(60)));
const columns = <Name extends string>(names: readonly Name[]) =>
  v.object(Object.fromEntries(names.map((name) => [name, column])) as Record<Name, typeof column>);

const placed = { n: time, at: time };
const sources = v.object({
  asked: amount,
  addresses: v.pipe(v.string(), v.maxLength(5000)),
  prefixes: amount,
  overflow: amount,
  entropy: amount,
  clusterEntropy: amount,
  topShare: amount,
  played: amount,
  playedPrefixes: amount,
  top: v.pipe(v.array(v.object({ prefix: text, asked: v.pipe(v.array(amount), v.maxLength(60)) })), v.maxLength(64)),
  sample: v.pipe(v.array(v.object({ prefix: text, at: v.number() })), v.maxLength(256)),
});
const resources = v.object({
  cpu: amount,
  loopP99: amount,
  loopMax: amount,
  rss: amount,
  descriptors: v.optional(amount),
  kernel: v.optional(v.object({ drops: v.number(), attemptsFailed: v.number(), resets: v.number() })),
});

export const evidenceRecordSchema = v.variant("t", [
  v.object({
    ...placed,
    t: v.literal("window"),
    from: time,
    counts: columns(countNames),
    gauges: columns(gaugeNames),
    sources,
    resources,
    spaces: v.record(text, amount),
    level: amount,
    origin: v.boolean(),
  }),
  v.object({
    ...placed,
    t: v.literal("begin"),
    version: text,
    process: text,
    succeeds: v.boolean(),
    configuration: v.record(text, v.union([v.pipe(v.string(), v.maxLength(2000)), v.number(), v.boolean()])),
  }),
  v.object({ ...placed, t: v.literal("end"), why: text }),
  v.object({
    ...placed,
    t: v.literal("space"),
    id: text,
    slug: text,
    title: text,
    status: text,
    hold: v.boolean(),
    startAt: time,
  }),
  v.object({ ...placed, t: v.literal("level"), level: amount, cause: text }),
  v.object({
    ...placed,
    t: v.literal("act"),
    act: v.picklist(actNames),
    space: v.optional(text),
    says: text,
    when: v.optional(time),
  }),
  v.object({
    ...placed,
    t: v.literal("tally"),
    from: time,
    counts: v.object(
      Object.fromEntries(tallyNames.map((name) => [name, v.optional(amount)])) as Record<
        (typeof tallyNames)[number],
        v.OptionalSchema<typeof amount, undefined>
      >,
    ),
  }),
  v.object({
    ...placed,
    t: v.literal("action"),
    what: v.picklist(actionNames),
    prefix: text,
    width: amount,
    reason: text,
    seconds: amount,
    hits: amount,
    of: amount,
  }),
  v.object({ ...placed, t: v.literal("file"), previous: text, keptFrom: amount, key: text, process: text }),
]);
