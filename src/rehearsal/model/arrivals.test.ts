import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../foundation/duration.ts";
import { arrivals, slotsPerSecond } from "./arrivals.ts";
import { behaviour } from "./behaviour.ts";
import { question } from "./questions.fixture.ts";
import type { Arrivals, Question } from "./question.ts";
import { readTrace } from "./trace.ts";
import { people } from "./units.ts";

const sum = (values: Iterable<number>): number => [...values].reduce((so, value) => so + value, 0);
const comes = (how: Arrivals, change: Partial<Question> = {}): Float64Array =>
  arrivals({ ...question, arrivals: how, ...change }, behaviour);
/** People between two seconds from T. */
const between = (slots: Float64Array, from: number, to: number): number =>
  sum(slots.subarray((from + 60) * slotsPerSecond, (to + 60) * slotsPerSecond));

describe("arrivals", () => {
  test("RH-1 everybody comes once, whatever the shape", () => {
    const trace: Arrivals = { shape: "trace", rows: [{ at: ms(3000), people: 5 }] };
    for (const how of [{ shape: "flash" }, { shape: "ramp" }, { shape: "push" }, trace] as const) {
      for (const listeners of [1, 3, 400_000, 8_000_000]) {
        expect(sum(comes(how, { listeners: people(listeners) })) / listeners).toBeCloseTo(1, 9);
      }
    }
  });

  test("RH-23 a flash has a tenth in the minute before, its front at T, and nobody after its time", () => {
    const slots = comes({ shape: "flash" });
    expect(between(slots, -60, 0) / 400_000).toBeCloseTo(0.1, 2);
    expect(between(slots, 0, 1)).toBeGreaterThan(3 * between(slots, -1, 0));
    expect(between(slots, 0, 1)).toBeGreaterThan(between(slots, 5, 6));
    expect(between(slots, 30, 300)).toBe(0);
  });

  test("RH-23 a ramp is even, a notification is answered late by many, and a trace is as it was written", () => {
    const ramp = comes({ shape: "ramp" });
    expect(between(ramp, 0, 10) / between(ramp, 20, 30)).toBeCloseTo(1, 1);
    expect(between(ramp, -60, 0)).toBe(0);
    const push = comes({ shape: "push" });
    expect(between(push, 0, 1)).toBeLessThan(between(push, 4, 5));
    expect(between(push, 20, 30)).toBeGreaterThan(0);
    const rows = readTrace("-3 10\n0 30 # the hour\n\n5, 60\n", "a trace", seconds(300));
    const trace = comes({ shape: "trace", rows });
    expect([-3, 0, 5].map((at) => Math.round(between(trace, at, at + 1) / 4000))).toEqual([10, 30, 60]);
  });

  test.each([
    ["0 1\nfoo bar", "line 2"],
    ["0 1\n\n# fine\n3", "line 4"],
    ["1 2 3", "line 1"],
    ["0 -5", "line 1"],
    ["0 NaN", "line 1"],
    ["0 1\n0 2", "line 2"],
    ["-61 1", "line 1"],
    ["300 1", "line 1"],
    ["\u0000\u0001\u0002", "line 1"],
    ["", "nobody"],
    ["0 0", "nobody"],
    [`0 ${"9".repeat(400)}`, "too large"],
  ])("RH-13 a trace with garbage names its line: %j", (text, says) => {
    expect(() => readTrace(text, "crowd.txt", seconds(300))).toThrowError(
      expect.objectContaining({ code: "trace-invalid", message: expect.stringContaining(says) as string }),
    );
  });

  test("RH-13 a trace has a cap", () => {
    const text = Array.from({ length: 200_001 }, (_, i) => `${i} 1`).join("\n");
    expect(() => readTrace(text, "crowd.txt", 1e12)).toThrowError(/line 200001/);
  });
});
