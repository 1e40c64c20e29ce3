import { expect, test } from "vitest";
import { ms } from "../../foundation/duration.ts";
import { arrivals } from "../model/arrivals.ts";
import { behaviour } from "../model/behaviour.ts";
import { people } from "../model/units.ts";
import { crowdOf, dealt } from "./crowd.ts";
import { runQuestion } from "./runs.fixture.ts";

const question = { ...runQuestion, listeners: people(5000), over: ms(60_000), lasts: ms(120_000), early: 60 };

test("RH-50 the crowd of a run is that of the model: as many in every second, to a person", () => {
  const { times, hour } = crowdOf(question);
  expect(times.length).toBe(5000);
  const seconds = new Map<number, number>();
  for (const at of times) seconds.set(Math.floor(at - hour), (seconds.get(Math.floor(at - hour)) ?? 0) + 1);
  const slots = arrivals(question, behaviour);
  for (let second = -59; second < 60; second++) {
    const modelled = slots.slice((second + 60) * 10, (second + 61) * 10).reduce((sum, n) => sum + n, 0);
    expect(Math.abs((seconds.get(second) ?? 0) - modelled)).toBeLessThanOrEqual(1);
  }
});

test("RH-50 it comes in order, the same for the same seed, and begins with the first one; the minute before may be shorter", () => {
  const [one, same, other] = [crowdOf(question), crowdOf(question), crowdOf({ ...question, seed: 2 })];
  expect(one.times).toEqual(same.times);
  expect(one.times).not.toEqual(other.times);
  expect(one.times.every((at, i) => at >= (one.times[i - 1] ?? 0))).toBe(true);
  expect(one.times[0]).toBeLessThan(1);
  expect(one.hour).toBeGreaterThan(50);
  const short = crowdOf({ ...question, early: 5 });
  expect(short.hour).toBe(5);
  const early = (times: Float64Array, hour: number): number => times.filter((at) => at < hour).length;
  expect(early(short.times, short.hour)).toBe(early(one.times, one.hour));
  expect(crowdOf({ ...question, arrivals: { shape: "ramp" } }).hour).toBe(0);
  const rows = [{ at: ms(-3000), people: 1 }];
  expect(crowdOf({ ...question, arrivals: { shape: "trace", rows } }).hour).toBe(3);
  expect(crowdOf({ ...question, listeners: people(1) }).times.length).toBe(1);
});

test("RH-50 every process is dealt the same curve", () => {
  const { times } = crowdOf(question);
  const shares = dealt(times, 3);
  expect(shares.map((one) => one.length)).toEqual([1667, 1667, 1666]);
  expect(shares.flat().toSorted((a, b) => a - b)).toEqual([...times]);
  expect(Math.abs((shares[0]?.[800] ?? 0) - (shares[2]?.[800] ?? 99))).toBeLessThan(0.2);
});
