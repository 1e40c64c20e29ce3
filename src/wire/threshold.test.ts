import { expect, test } from "vitest";
import { isRetry, readThreshold, writtenThreshold } from "./threshold.ts";

test("WI-12 a threshold is written with two decimals and never zero, and reads as one when it says nothing sensible", () => {
  expect([0, 0.004, 0.349, 1, 7].map(writtenThreshold)).toEqual(["0.01", "0.01", "0.35", "1.00", "1.00"]);
  expect(["0.35", "1.00", undefined, null, "", "0", "-1", "2", "much"].map(readThreshold)).toEqual([
    0.35, 1, 1, 1, 1, 1, 1, 1, 1,
  ]);
});

test("WI-12 a repeated request says which attempt it is", () => {
  expect(["2", "10", "1", "0", "-2", "x", "", "2, 3", undefined, ["2"]].map(isRetry)).toEqual([
    true,
    true,
    ...Array(8).fill(false),
  ]);
});
