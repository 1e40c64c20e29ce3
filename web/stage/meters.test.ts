import { expect, test } from "vitest";
import { gradeOf } from "./connection-panel.tsx";
import { meterPlace } from "./level.ts";
import { offsetOf } from "./space-watch.ts";

test("SP-17 the level meter is even in decibels from -60 dBFS to full scale", () => {
  expect(meterPlace(0)).toBe(0);
  expect(meterPlace(0.001)).toBeCloseTo(0);
  expect(meterPlace(10 ** (-30 / 20))).toBeCloseTo(0.5);
  expect(meterPlace(1)).toBe(1);
  expect(meterPlace(2)).toBe(1);
});

test("SP-10 a connection is graded by what people can hear of it", () => {
  const grade = (roundTripMs: number | undefined, lossPercent: number | undefined): string =>
    gradeOf({ roundTripMs, lossPercent });
  expect(grade(undefined, undefined)).toBe("good");
  expect(grade(40, 0.5)).toBe("good");
  expect(grade(200, 0)).toBe("fair");
  expect(grade(40, 2)).toBe("fair");
  expect(grade(400, 0)).toBe("poor");
  expect(grade(40, 6)).toBe("poor");
});

test("SP-35 the server's clock is taken at the middle of the question's way there and back", () => {
  expect(offsetOf(10_000, 4000, 4200)).toBe(5900);
});
