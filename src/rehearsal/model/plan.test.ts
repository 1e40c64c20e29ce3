import { describe, expect, test } from "vitest";
import { seconds } from "../../foundation/duration.ts";
import { assumedCosts, complete } from "./assumptions.ts";
import { type CalibrationRecord, costNames, readCalibration } from "./calibration.ts";
import { readModelError } from "./model-error.ts";
import { makePlan } from "./plan.ts";
import { costOf, readPrices } from "./price.ts";
import { allHeld } from "./promises.ts";
import type { Question } from "./question.ts";
import { edge, question, run } from "./questions.fixture.ts";
import { calibration } from "./calibration.fixture.ts";
import { reference } from "./reference.ts";
import { least } from "./search.ts";
import { treeOf } from "./tree.ts";
import { bitsPerSecond, people } from "./units.ts";

const small: Question = { ...question, listeners: people(100_000), edge: { ...edge, nic: bitsPerSecond(2e9) } };

describe("a plan", () => {
  test("RH-15 finds the least number that holds, from any guess", () => {
    for (const [guess, most, answer] of [
      [1, 100, 37],
      [37, 100, 37],
      [38, 100, 37],
      [90, 100, 37],
      [36, 100, 37],
      [500, 100, 100],
      [5, 10, 1],
      [1, 1, 1],
    ] as const) {
      expect(least(guess, most, (n) => n >= answer)).toBe(answer);
    }
    expect(least(3, 50, () => false)).toBeUndefined();
    const asked: number[] = [];
    expect(least(20, 10_000, (n) => (asked.push(n), n >= 23))).toBe(23);
    expect(asked.length).toBeLessThan(8);
  });

  test("RH-15 says how many edges it takes, between what it takes when all costs less and more", () => {
    const plan = makePlan({ question: small, calibration });
    const { likely, low, high } = plan.needed!;
    expect(plan.edges).toBe(likely);
    expect(allHeld(plan.run.judged)).toBe(true);
    expect(allHeld(plan.oneFewer!.judged)).toBe(false);
    expect(low).toBeLessThanOrEqual(likely!);
    expect(high).toBeGreaterThanOrEqual(likely!);
  });

  test("RH-15 with a number that is not enough it says what breaks and how many it would take", () => {
    const plan = makePlan({ question: small, calibration, edges: 2 });
    expect(plan.needed).toBeUndefined();
    expect(plan.run.judged.find(({ held }) => !held)?.name).toBe("seated");
    expect(plan.wouldTake).toBe(makePlan({ question: small, calibration }).needed?.likely);
  });

  test("RH-15 tells what one lost edge does, and how many it takes to bear it", () => {
    const { lossOfOne, edges } = makePlan({ question: small, calibration });
    expect(lossOfOne?.run.outcome.orphaned).toBeGreaterThan(0);
    expect(allHeld(lossOfOne!.run.judged)).toBe(false);
    expect(lossOfOne?.needed).toBeGreaterThan(edges);
    const borne = run({ ...small, loss: lossOfOne!.loss }, lossOfOne!.needed!);
    expect(borne.turnedAway / small.listeners).toBeLessThan(0.001);
    // When the loss was asked for, it is in the answer itself.
    const asked = makePlan({ question: { ...small, loss: { edges: 1, at: seconds(15) } }, calibration });
    expect(asked.lossOfOne).toBeUndefined();
    expect(asked.run.judged.map(({ name }) => name)).toContain("rejoin");
  });

  test("RH-15 when no number is enough it says so", () => {
    const tiny = { ...small, edge: { ...edge, descriptors: 16, cores: 1 }, listeners: people(10_000_000) };
    const plan = makePlan({ question: tiny, calibration });
    expect(plan.needed).toEqual({ likely: undefined, low: undefined, high: undefined });
    expect(plan.edges).toBe(10_000);
    expect(allHeld(plan.run.judged)).toBe(false);
    expect(plan.run.outcome.miscounted).toBeLessThan(1e-9);
  });

  test("RH-16 a parent has no more children than the fan, in as few tiers as do", () => {
    expect(treeOf(40, 16, 0.00004).tiers).toEqual([]);
    expect(treeOf(40, 16, 0.00004).requestsPerSecond).toBeCloseTo((40 * 16 * 3) / 0.96, 6);
    expect(treeOf(64, 1, 0).tiers).toEqual([]);
    expect(treeOf(65, 1, 0).tiers).toEqual([2]);
    expect(treeOf(5000, 1, 0).tiers).toEqual([2, 79]);
    expect(treeOf(40, 16, 0.00004).coreShare).toBeCloseTo(0.08, 6);
  });

  test("RH-14 prices are asked for, and a plan without them names no price", () => {
    const options = { question: small, calibration, edges: 8 };
    expect(makePlan(options).cost).toBeUndefined();
    const prices = readPrices({ currency: "EUR", source: "a test", edgeHour: 2, egressGb: 0.01 }, "prices.json");
    expect(makePlan({ ...options, prices }).cost?.edgesPerHour).toBe(16);
    // 3 edges for 2 hours, 500 GB: 6 an hour, and 5 in all for traffic.
    expect(costOf(prices, 3, 500e9, 2)).toMatchObject({ edgesPerHour: 6, egressPerHour: 2.5, perHour: 8.5, total: 17 });
  });

  test.each([
    [null, "object"],
    [[], "object"],
    [{ source: "x", edgeHour: 1, egressGb: 1 }, "currency"],
    [{ currency: "euro", source: "x", edgeHour: 1, egressGb: 1 }, "currency"],
    [{ currency: "EUR", edgeHour: 1, egressGb: 1 }, "source"],
    [{ currency: "EUR", source: "x", egressGb: 1 }, "edgeHour"],
    [{ currency: "EUR", source: "x", edgeHour: "1", egressGb: 1 }, "edgeHour"],
    [{ currency: "EUR", source: "x", edgeHour: 1 }, "egressGb"],
    [{ currency: "EUR", source: "x", edgeHour: 1, egressGb: -1 }, "egressGb"],
  ])("RH-14 a price that is missing is named: %j", (json, says) => {
    expect(() => readPrices(json, "prices.json")).toThrowError(
      expect.objectContaining({ code: "prices-invalid", message: expect.stringContaining(says) as string }),
    );
  });
});

describe("calibration", () => {
  const record: CalibrationRecord = calibration;

  test("RH-12 the reference says where each of its figures is from, and leaves out what was not measured", () => {
    expect(Object.keys(reference.costs).length).toBeGreaterThan(10);
    for (const cost of Object.values(reference.costs)) {
      expect(cost.source).toMatch(/first measurements|bench\/join-costs\.ts|docs\/benchmarks\.md|rostra calibrate/);
    }
    // Nobody has measured what the kernel keeps for a socket.
    expect(reference.costs.memorySocket).toBeUndefined();
  });

  test("RH-12 what a record leaves out is assumed, and named", () => {
    const { costs, assumed } = complete(record);
    expect(Object.keys(costs).toSorted()).toEqual(costNames.toSorted());
    expect(assumed).toContain("apiCall");
    expect(costs.apiCall).toBe(assumedCosts.apiCall);
    expect(assumed).not.toContain("write");
    expect(costs.write).toBe(record.costs.write);
    expect(makePlan({ question: small, calibration: record, edges: 8 }).assumed).toEqual(assumed);
    for (const cost of Object.values(assumedCosts)) expect(cost.source).toMatch(/^assumed/);
  });

  const plain = { ...record, costs: {} };
  const one = { value: 2, low: 1, high: 3, source: "a test" };
  test.each<[unknown, string]>([
    [undefined, "object"],
    [{ ...plain, v: 2 }, '"v"'],
    [{ ...plain, name: "" }, '"name"'],
    [{ ...plain, machine: undefined }, '"machine"'],
    [{ ...plain, machine: { ...record.machine, cores: "two" } }, '"machine.cores"'],
    [{ ...plain, costs: undefined }, '"costs"'],
    [{ ...plain, costs: { wrote: one } }, '"costs.wrote"'],
    [{ ...plain, costs: { write: 14 } }, '"costs.write"'],
    [{ ...plain, costs: { write: { ...one, value: "2" } } }, '"costs.write"'],
    [{ ...plain, costs: { write: { ...one, low: 0 } } }, "low ≤ value"],
    [{ ...plain, costs: { write: { ...one, high: 1 } } }, "low ≤ value"],
    [{ ...plain, costs: { write: { ...one, source: undefined } } }, "source"],
    [{ ...plain, newcomers: [] }, '"newcomers"'],
    [{ ...plain, warming: one }, '"people"'],
    [{ ...plain, warming: { ...one, low: 3, people: 9 } }, '"warming"'],
    [{ ...plain, newcomers: { udp: {} } }, '"newcomers.udp"'],
    [{ ...plain, newcomers: { plain: 7 } }, '"newcomers.plain"'],
    [{ ...plain, newcomers: { plain: { paces: [{ pace: 9, ...one }] } } }, '"pageRequests"'],
    [{ ...plain, newcomers: { tls: { pageRequests: 7, paces: [] } } }, '"paces"'],
    [{ ...plain, newcomers: { tls: { pageRequests: 7, paces: [one] } } }, "pace 1"],
    [{ ...plain, newcomers: { tls: { pageRequests: 7, paces: [9, 9].map((pace) => ({ pace, ...one })) } } }, "pace 2"],
    [{ ...plain, newcomers: { plain: { pageRequests: 7, paces: [{ ...one, pace: 9, low: 4 }] } } }, "low ≤ value"],
  ])("RH-12 a record that is off is refused, by member: %#", (json, says) => {
    expect(() => readCalibration(json, "mine.json")).toThrowError(
      expect.objectContaining({ code: "calibration-invalid", message: expect.stringContaining(says) as string }),
    );
  });

  test("RH-12 the model's error is read, and what is no such record is refused", () => {
    const error = { v: 1, measured: "a test", runs: ["5,000, flash"], cpu: 0.08, egress: 0.02, joinP99: 0.2 };
    expect(readModelError(error, "error.json")).toEqual(error);
    for (const off of [
      null,
      { ...error, v: 0 },
      { ...error, runs: [] },
      { ...error, cpu: -1 },
      { ...error, joinP99: "x" },
    ]) {
      expect(() => readModelError(off, "error.json")).toThrowError(
        expect.objectContaining({ code: "model-error-invalid" }),
      );
    }
  });
});
