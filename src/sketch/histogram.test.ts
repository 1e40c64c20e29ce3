import { expect, test } from "vitest";
import { HistogramCounter } from "./histogram.ts";

const shares = [0, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1];

test("SK-5 quantiles are within 1/32 of those of the values themselves, over seven powers of ten", () => {
  const counter = new HistogramCounter();
  const values: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    const value = 10 ** ((((i * 7919) % 20_000) / 20_000) * 7 - 2);
    values.push(value);
    counter.add(value);
  }
  values.sort((a, b) => a - b);
  for (const q of shares) {
    const exact = values[Math.max(0, Math.ceil(q * values.length) - 1)] ?? Number.NaN;
    expect(Math.abs(counter.quantile(q) / exact - 1)).toBeLessThanOrEqual(1 / 32);
  }
  expect(counter.quantile(1)).toBe(Math.max(...values));
  expect(counter.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 6);
});

test("SK-6 two histograms merge to that of all their values, also over JSON; nothing and wild values are borne", () => {
  const [all, odd, even] = [new HistogramCounter(), new HistogramCounter(), new HistogramCounter()];
  for (let i = 0; i < 1000; i++) for (const counter of [all, i % 2 ? odd : even]) counter.add(i * i);
  odd.merge(JSON.parse(JSON.stringify(even)) as ReturnType<HistogramCounter["toJSON"]>);
  expect(odd.toJSON()).toEqual(all.toJSON());

  const nothing = new HistogramCounter();
  expect([nothing.count, nothing.quantile(0.5), nothing.mean]).toEqual([0, Number.NaN, Number.NaN]);
  nothing.merge({
    buckets: [
      [-1, 5],
      [1e9, 5],
      [0.5, 5],
    ],
    sum: 0,
    max: 0,
  });
  expect(nothing.count).toBe(0);
  for (const value of [0, -1, Number.NaN, 1e-30, 1e30]) nothing.add(value);
  expect([nothing.count, nothing.quantile(0.5), nothing.max]).toEqual([5, 0, 1e30]);
  nothing.reset();
  expect(nothing.count).toBe(0);
});
