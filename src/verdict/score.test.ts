import { expect, test } from "vitest";
import { quantile } from "./calibrate.ts";
import { area, bootstrap, foundAt } from "./score.ts";
import { Chance } from "./synthetic/chance.ts";

const cases = (positives: readonly number[], negatives: readonly number[]) => [
  ...positives.map((score) => ({ score, positive: true })),
  ...negatives.map((score) => ({ score, positive: false })),
];

test("VE-40 the area under the curve is how often a positive case is above a negative one, ties half", () => {
  expect(area(cases([3, 4], [1, 2]))).toBe(1);
  expect(area(cases([1, 2], [3, 4]))).toBe(0);
  expect(area(cases([1, 1], [1, 1]))).toBe(0.5);
  // Of six pairs, four are won and one is a tie.
  expect(area(cases([2, 3], [1, 2, 2.5]))).toBeCloseTo(4.5 / 6, 9);
  expect(area(cases([1], []))).toBeNaN();
});

test("VE-40 what is found at a share of false ones counts who is above the bound that lets so many through", () => {
  const negatives = Array.from({ length: 100 }, (_, i) => i);
  expect(foundAt(cases([98.5, 99.5, 50], negatives), 0)).toBeCloseTo(1 / 3, 9);
  expect(foundAt(cases([98.5, 99.5, 50], negatives), 0.01)).toBeCloseTo(2 / 3, 9);
  expect(foundAt(cases([98.5, 99.5, 50], negatives), 0.6)).toBe(1);
});

test("VE-40 a bootstrap interval holds the mean of a known distribution, and is narrower with more cases", () => {
  const chance = new Chance(5);
  const next = (): number => chance.next();
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const few = bootstrap(
    Array.from({ length: 40 }, () => chance.normal()),
    mean,
    next,
  );
  const many = bootstrap(
    Array.from({ length: 1000 }, () => chance.normal()),
    mean,
    next,
  );
  expect(few.low).toBeLessThan(few.value);
  expect(few.high - few.low).toBeGreaterThan(2 * (many.high - many.low));
  expect(Math.abs(many.value)).toBeLessThan(0.15);
  // Four standard errors wide, about.
  expect(many.high - many.low).toBeGreaterThan(0.09);
  expect(many.high - many.low).toBeLessThan(0.16);
  expect(quantile([5, 1, 4, 2, 3], 0.5)).toBe(3);
  expect(quantile([], 0.9)).toBe(0);
});
