import { expect, test } from "vitest";
import { linear, logarithmic, moments, roundUp } from "./scale.ts";

test("RH-17 a chart's ticks are round, cover every value and are few", () => {
  expect([0.9, 1, 1.1, 2.4, 4.9, 37, 0].map(roundUp)).toEqual([1, 1, 2, 2.5, 5, 50, 1]);
  for (const most of [1e-6, 0.7, 3, 97, 473_210, 3.43e11]) {
    const { at, ticks } = linear(most);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(most * (1 - 1e-9));
    expect(ticks.length).toBeLessThan(7);
    expect([at(0), at(ticks.at(-1) ?? 0)]).toEqual([0, 1]);
  }
  expect(linear(0.3, 1).ticks).toEqual([0, 0.25, 0.5, 0.75, 1]);
  const { at, ticks } = logarithmic(0.0004, 5);
  expect(ticks.map((tick) => Number(tick.toPrecision(6)))).toEqual([0.0001, 0.001, 0.01, 0.1, 1, 10]);
  expect(at(0.01)).toBeCloseTo(0.4, 9);
  expect(logarithmic(1, 1).ticks.length).toBeGreaterThan(1);
  expect(moments(-60, 120, 5)).toEqual([-60, 0, 60, 120]);
  expect(moments(-60, 7260, 5)).toEqual([0, 1800, 3600, 5400, 7200]);
  expect(moments(0, 1e6, 5).length).toBeLessThan(13);
});
