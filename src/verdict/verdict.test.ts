import { beforeAll, describe, expect, test } from "vitest";
import { calibrate, type Example } from "./calibrate.ts";
import { calibrated } from "./calibrated.ts";
import { type FeatureName, featureNames, type Features } from "./features.ts";
import { cap, judge, leastFeatures, voicesOf } from "./likelihood.ts";
import { seriesOf } from "./series.ts";
import { tablesFrom } from "./tables.ts";
import { attackKinds, crowdNames, faultNames, type Scenario, stage } from "./synthetic/scenarios.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

const play = (scenario: Scenario): { verdict: Verdict; attack: number } => {
  const { evidence, truth } = stage(scenario);
  const sums = truth.reduce(
    (so, one) => ({ all: so.all + one.crowd + one.attack + one.fault, attack: so.attack + one.attack }),
    {
      all: 0,
      attack: 0,
    },
  );
  return { verdict: verdictOf(seriesOf([evidence]), calibrated), attack: sums.attack / sums.all };
};
const nothing = Object.fromEntries(featureNames.map((name) => [name, undefined])) as Features;
const some = (values: Partial<Record<FeatureName, number>>): Features => ({ ...nothing, ...values });

describe("features and judgement", () => {
  test("VE-10 what the evidence cannot say has no voice: one prefix, no history, no episode before", () => {
    const { evidence } = stage({ seed: 4, attack: "request-flood", share: 0.8 });
    const records = evidence.records.map((record) =>
      record.t === "window"
        ? { ...record, sources: { ...record.sources, prefixes: 1, entropy: 0, playedPrefixes: 0, top: [] } }
        : record,
    );
    const { episodes } = verdictOf(seriesOf([{ name: "e", records }]), calibrated);
    expect(episodes.length).toBeGreaterThan(0);
    for (const { features, judgement } of episodes) {
      for (const name of ["evenness", "topShare", "clusters", "played", "prefixesAlike", "handshakesFailed"] as const) {
        expect({ name, value: features[name] }).toEqual({ name, value: undefined });
        expect(judgement.voices.map(({ feature }) => feature)).not.toContain(name);
      }
    }
  });

  test("VE-11 no feature says more than the cap, however wild its value, and few decide nothing", () => {
    const wild = some(Object.fromEntries(featureNames.map((name) => [name, 1e12])));
    for (const { says } of voicesOf(wild, calibrated))
      for (const value of Object.values(says)) expect(Math.abs(value)).toBeLessThanOrEqual(cap);
    expect(voicesOf(some({ excessShare: Number.NaN, notFound: Infinity }), calibrated)).toEqual([]);
    const few = some({ notFound: 0.9, requestsPerAddress: 500, played: 0, steadiness: 0 });
    expect(Object.values(few).filter((value) => value !== undefined).length).toBeLessThan(leastFeatures);
    expect(judge(few, { ...calibrated, bounds: { crowd: 0, attack: 0, fault: 0 } }).cause).toBe("unknown");
  });

  test("VE-12 between the bounds it abstains, and the same gives the same", () => {
    const { evidence } = stage({ seed: 9, crowd: "announced", attack: "request-flood", share: 0.7 });
    const series = seriesOf([evidence]);
    const open = verdictOf(series, { ...calibrated, bounds: { crowd: 1.1, attack: 1.1, fault: 1.1 } });
    expect(open).toMatchObject({ kind: "cannot-tell", shares: { attack: { share: 0 }, fault: { share: 0 } } });
    expect(open.shares.unknown.share).toBeGreaterThan(0.05);
    const likely = { ...calibrated, bounds: { crowd: 0, attack: 1.1, fault: 1.1 } };
    const values = (excessShare: number) =>
      some({ excessShare, notFound: 0, silent: 0, unread: 0, played: 0.9, leftEarly: 0.1, steadiness: 0.5 });
    expect([judge(values(0.3), likely).cause, judge(values(0.5), likely).cause]).toEqual(["crowd", "unknown"]);
    expect(JSON.stringify(verdictOf(series, calibrated))).toBe(JSON.stringify(verdictOf(series, calibrated)));
  });

  test("VE-13 calibrating separates what is separate, makes no bound lower than its floor, and tables come back from text", () => {
    const examples = (shift: number): Example[] =>
      Array.from({ length: 60 }, (_, i): Example => {
        const cause = (["crowd", "attack", "fault"] as const)[i % 3] ?? "crowd";
        const value = { crowd: 0.02, attack: 0.5, fault: 0.2 }[cause] + ((i * 7 + shift) % 10) / 1000;
        return { cause, features: some(Object.fromEntries(featureNames.slice(0, 8).map((name) => [name, value]))) };
      });
    const made = calibrate(examples(0), examples(3), "test");
    expect(judge(some(Object.fromEntries(featureNames.slice(0, 8).map((name) => [name, 0.5]))), made).cause).toBe(
      "attack",
    );
    expect(Math.min(...Object.values(made.bounds))).toBeGreaterThanOrEqual(0.7);
    const texts = Object.fromEntries(
      featureNames.map((name) => [name, made.tables[name].map((row) => row.join(" ")).join(" | ")]),
    ) as Record<FeatureName, string>;
    expect(tablesFrom(texts)).toEqual(made.tables);
    expect(Object.keys(calibrated.tables).toSorted()).toEqual([...featureNames].toSorted());
  });
});

describe("verdicts", () => {
  const crowds = new Map<string, Verdict[]>();
  beforeAll(() => {
    for (const [i, crowd] of crowdNames.entries())
      crowds.set(
        crowd,
        [0, 1].map((j) => play({ seed: 5_000_000 + 10 * i + j, crowd }).verdict),
      );
  });

  test("VE-20 shares sum to one, lie within their intervals, and what is unknown widens them", () => {
    const all = [...crowds.values()].flat();
    for (const [i, attack] of attackKinds.entries()) all.push(play({ seed: 5_100_000 + i, attack }).verdict);
    for (const { shares } of all) {
      const { crowd, attack, fault, unknown } = shares;
      expect(crowd.share + attack.share + fault.share + unknown.share).toBeCloseTo(1, 6);
      for (const { share, low, high } of [crowd, attack, fault]) {
        expect(low).toBeLessThanOrEqual(share);
        expect(high).toBeGreaterThanOrEqual(Math.min(1, share + unknown.share));
      }
    }
  });

  test("VE-21 pure crowds of every kind are never an attack", () => {
    const kinds = [...crowds].map(([name, all]) => ({ name, kinds: all.map(({ kind }) => kind) }));
    const wrong = kinds.filter((one) => one.kinds.some((kind) => kind !== "crowd" && kind !== "cannot-tell"));
    expect(kinds).toHaveLength(8);
    expect(wrong).toEqual([]);
  });

  test("VE-21 a million honest visitors, most of them within a minute, are the crowd", { timeout: 120_000 }, () => {
    const { verdict } = play({ seed: 5_400_000, crowd: "push", people: 1_000_000 });
    expect(verdict.kind).toBe("crowd");
    expect(verdict.shares.crowd.share).toBeGreaterThan(0.9);
  });

  test("VE-22 an exact mimic is the crowd or cannot tell; a flood that is half of the load is found, with its share", () => {
    for (let i = 0; i < 4; i++) {
      const { verdict } = play({ seed: 5_200_000 + i, crowd: "announced", attack: "mimic", share: 0.3 + i / 10 });
      expect(["crowd", "cannot-tell"]).toContain(verdict.kind);
    }
    const floods = Array.from({ length: 6 }, (_, i) =>
      play({ seed: 5_300_000 + i, crowd: "announced", attack: "request-flood", share: 0.6 + i / 20 }),
    );
    const found = floods.filter(({ verdict }) => verdict.kind === "attack-in-crowd" || verdict.kind === "attack");
    expect(found.length).toBeGreaterThanOrEqual(3);
    expect(floods.every(({ verdict }) => verdict.kind !== "own-fault" && verdict.kind !== "crowd")).toBe(true);
    for (const { verdict, attack } of found) expect(Math.abs(verdict.shares.attack.share - attack)).toBeLessThan(0.25);
  });

  test("VE-23 faults of our own are never an attack", () => {
    const all = faultNames.flatMap((fault, i) =>
      [0, 1].map((j) => play({ seed: 5_400_000 + 10 * i + j, fault }).verdict.kind),
    );
    expect(all.filter((kind) => kind !== "own-fault" && kind !== "cannot-tell")).toEqual([]);
    expect(all).toContain("own-fault");
  });

  test("VE-24 against a proven capacity it says what would have held, without one that it does not know", () => {
    const { evidence } = stage({ seed: 5_500_000, crowd: "announced", attack: "request-flood", share: 0.8 });
    const series = seriesOf([evidence]);
    const unproven = verdictOf(series, calibrated).counterfactual;
    expect(unproven).toMatchObject({ capacity: undefined, all: { holds: "unknown", ofCapacity: undefined } });
    const sure = { ...calibrated, bounds: { crowd: 1, attack: 0, fault: 1 } };
    const { all, honest } = verdictOf(series, sure).counterfactual;
    expect(all.peak).toBeGreaterThan(1.5 * honest.peak);
    const between = {
      players: Math.round((all.peak + honest.peak) / 2 / 0.013),
      joinsPerSecond: 0,
      provedBy: "a rehearsal",
    };
    const proven = verdictOf(series, sure, between).counterfactual;
    expect([proven.all.holds, proven.honest.holds]).toEqual(["no", "yes"]);
    expect(proven.honest.ofCapacity).toBeLessThan(1);
  });
});
