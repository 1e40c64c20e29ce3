import { describe, expect, test } from "vitest";
import { seeded } from "../model/random.ts";
import { estimate, estimateOf, median } from "./estimate.ts";

describe("estimates", () => {
  test("RH-120 the middle of the rounds, with a range that holds it, the same for the same rounds", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    const rounds = [10, 12, 11, 30, 9];
    const found = estimate(rounds);
    expect(found?.value).toBe(11);
    expect(found).toEqual(estimate(rounds));
    expect(found?.low).toBeGreaterThanOrEqual(9);
    expect(found?.low).toBeLessThanOrEqual(11);
    expect(found?.high).toBeGreaterThanOrEqual(11);
    expect(found?.high).toBeLessThanOrEqual(30);
  });

  test("RH-120 rounds that agree have a narrow range, others a wide one", () => {
    const width = (rounds: readonly number[]): number => {
      const found = estimate(rounds);
      return (found?.high ?? 0) - (found?.low ?? 0);
    };
    expect(width([10, 10, 10, 10])).toBe(0);
    expect(width([8, 9, 10, 11, 12])).toBeGreaterThan(width([9.8, 9.9, 10, 10.1, 10.2]));
  });

  test("RH-120 the range has the true middle in about nineteen of twenty", () => {
    const random = seeded(3, 1);
    let inside = 0;
    for (let i = 0; i < 200; i++) {
      const found = estimate(Array.from({ length: 15 }, () => 100 + 40 * (random() - 0.5)));
      if (found && found.low <= 100 && 100 <= found.high) inside++;
    }
    expect(inside).toBeGreaterThan(170);
  });

  test("RH-120 without rounds there is no estimate, and none is below the least", () => {
    expect(estimate([])).toBeUndefined();
    expect(estimate([Number.NaN, Number.NaN])).toBeUndefined();
    expect(estimate([Number.NaN, 4])).toEqual({ value: 4, low: 4, high: 4 });
    expect(estimate([-3, -1, -2])).toEqual({ value: 0.1, low: 0.1, high: 0.1 });
    expect(estimateOf([{ a: 1 }, { a: 3 }], (all) => all.reduce((sum, { a }) => sum + a, 0))?.value).toBe(4);
  });
});
