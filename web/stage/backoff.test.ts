import { expect, test } from "vitest";
import { audienceDelay, retryDelay } from "./backoff.ts";

test("SP-54 who is on stage comes back within 8 s, half of it drawn; the audience's hands within a minute, all of it drawn", () => {
  expect([1, 2, 20].map((attempt) => retryDelay(attempt, () => 0))).toEqual([150, 300, 4000]);
  expect([1, 2, 20].map((attempt) => retryDelay(attempt, () => 1))).toEqual([300, 600, 8000]);
  expect([1, 2, 3, 20].map((attempt) => audienceDelay(attempt, () => 1))).toEqual([1000, 2000, 4000, 60_000]);
  expect(audienceDelay(20, () => 0)).toBe(0);
});
