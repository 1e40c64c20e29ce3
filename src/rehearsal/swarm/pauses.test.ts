import { expect, test } from "vitest";
import { seeded } from "../model/random.ts";
import { pauseMs } from "./pauses.ts";

test("RH-37 pauses are a random part of ends that double up to 8 s, and of half a minute once the budget is spent", () => {
  const random = seeded(4, 4);
  const ends = Array.from({ length: 12 }, (_, fruitless) =>
    Array.from({ length: 4000 }, () => pauseMs(random, fruitless)).reduce((most, one) => Math.max(most, one), 0),
  );
  const expected = [80, 500, 1000, 2000, 4000, 8000, 8000, 8000, 30_000, 30_000, 30_000, 30_000];
  for (const [i, end] of ends.entries()) {
    expect(end).toBeLessThanOrEqual(expected[i]!);
    expect(end).toBeGreaterThan(0.99 * expected[i]!);
  }
  const mean = Array.from({ length: 4000 }, () => pauseMs(random, 5)).reduce((sum, one) => sum + one / 4000, 0);
  expect(mean / 4000).toBeCloseTo(1, 1);
});
