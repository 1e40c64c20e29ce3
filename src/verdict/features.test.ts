import { expect, test } from "vitest";
import { calibrate, type Example } from "./calibrate.ts";
import { accountOf, type Episode } from "./episodes.ts";
import { loads } from "./explained.ts";
import { type FeatureName, featureNames, type Features, featuresOf } from "./features.ts";
import { cuts, voicesOf } from "./likelihood.ts";
import { type EdgeEvidence, type Series, seriesOf } from "./series.ts";
import { stage } from "./synthetic/scenarios.ts";

const nothing = Object.fromEntries(featureNames.map((name) => [name, undefined])) as Features;
const some = (values: Partial<Record<FeatureName, number>>): Features => ({ ...nothing, ...values });

test("VE-14 what was never seen with few examples says no more than with many, and what was seen with none says nothing", () => {
  const of = (cause: Example["cause"], often: number, notFound: number): Example[] =>
    Array.from({ length: often }, () => ({ cause, features: some({ notFound }) }));
  const examples = [...of("crowd", 20, 0), ...of("attack", 400, 0), ...of("attack", 40, 0.9), ...of("fault", 40, 0)];
  const { tables } = calibrate(examples, examples, "test");
  const says = (notFound: number) => voicesOf(some({ notFound }), { tables })[0]?.says;
  const never = says(0.2);
  for (const value of Object.values(never ?? {})) expect(Math.abs(value)).toBeLessThan(0.01);
  expect(Math.abs((never?.crowd ?? 1) - (never?.fault ?? 0))).toBeLessThan(0.01);
  expect(says(0.9)?.attack).toBeGreaterThan(0.2);
  expect(says(0.9)?.crowd).toBeLessThan(0);
  expect(cuts.notFound.length).toBeGreaterThan(3);
});

/** An evening with a flood in it, of which the windows from the flood on are changed. */
function evening(change: (record: EdgeEvidence["records"][number]) => EdgeEvidence["records"][number]): Series {
  const { evidence } = stage({ seed: 21, crowd: "announced", attack: "request-flood", share: 0.6 });
  return seriesOf([{ name: "edge-1", records: evidence.records.map(change) }]);
}
const later = (record: EdgeEvidence["records"][number]): EdgeEvidence["records"][number] =>
  record.t === "window"
    ? { ...record, counts: { ...record.counts, later: [40], noSeat: [20], refused: [0], dropped: [0] } }
    : record;
const looked = (series: Series, proven?: number): { features: Features; episode: Episode } => {
  const { loads: all, episodes } = accountOf(series.slices);
  const [episode] = episodes;
  if (!episode) throw new Error("there is no episode");
  const capacity = proven === undefined ? undefined : { players: proven, joinsPerSecond: 0, provedBy: "a rehearsal" };
  return { episode, features: featuresOf(series, all, episode, { troubles: [], capacity }) };
};

test("VE-15 whoever is told to come later or that no seat is free is counted as told so", () => {
  const { features } = looked(evening(later));
  expect(features.refusedAgain).toBeGreaterThan(0);
  expect(looked(evening((record) => record)).features.refusedAgain).toBeUndefined();
});

test("VE-15 errors below a proven capacity have a voice where one was proven, and none otherwise", () => {
  const series = evening(later);
  expect(looked(series).features.errorsBelowCapacity).toBeUndefined();
  expect(looked(series, 1_000_000).features.errorsBelowCapacity).toBe(1);
  expect(looked(series, 1).features.errorsBelowCapacity).toBe(0);
});

test("VE-15 prices that are ignored have a voice once control has told of enough of them", () => {
  const series = evening((record) => record);
  const { slices } = series;
  const records = slices.map(
    ({ at }) =>
      ({ t: "tally", at: at + 10_000, from: at, counts: { pricesTold: 50, pricesToldPersisting: 45 } }) as const,
  );
  const { evidence } = stage({ seed: 21, crowd: "announced", attack: "request-flood", share: 0.6 });
  const windows = evidence.records.filter(({ t }) => t !== "tally");
  const told = seriesOf([
    { name: "edge-1", records: windows },
    { name: "control", records },
  ]);
  expect(looked(told).features.puzzlesIgnored).toBeCloseTo(0.9, 2);
});

test("VE-15 who stands and reads is no excess from level 3 on, and is below", () => {
  const standing = (level: number): number => {
    const series = evening((record) =>
      record.t === "window"
        ? {
            ...record,
            level,
            counts: {
              ...record.counts,
              standing: [2000],
              requests: [2000 + (record.counts.requests ?? []).reduce((a, b) => a + b, 0)],
            },
          }
        : record,
    );
    // While people come: some four hundred addresses.
    return loads(series.slices)[12]?.parts.standing ?? 0;
  };
  expect(standing(3)).toBe(0);
  expect(standing(0)).toBeGreaterThan(0);
});
