import { describe, expect, test } from "vitest";
import { maxSketchLength } from "../wire/timelines.ts";
import { hashes } from "./hashes.test-numbers.ts";
import { HyperLogLog, hashBits, hyperLogLogError, longestHyperLogLog } from "./hyperloglog.ts";

function sketchOf(count: number, seed: number): HyperLogLog {
  const sketch = new HyperLogLog();
  const next = hashes(seed);
  for (let i = 0; i < count; i++) sketch.add(next());
  return sketch;
}

describe("the estimate", () => {
  test.each([
    [0, 1],
    [1, 20],
    [10, 20],
    [100, 20],
    [1_000, 20],
    [5_000, 20],
    [12_000, 20],
    [100_000, 10],
    [1_000_000, 4],
  ])("SK-1 the estimate of %i different hashes is within three standard errors", (count, runs) => {
    for (let run = 0; run < runs; run++) {
      const estimate = sketchOf(count, 7919 * (run + 1)).estimate();
      expect(Math.abs(estimate - count)).toBeLessThanOrEqual(Math.max(0.5, 3 * hyperLogLogError * count));
    }
  });

  test("SK-1 over many sketches the error is the stated one, and leans to no side", () => {
    const errors = Array.from(
      { length: 100 },
      (_, run) => sketchOf(20_000, 104_729 * (run + 1)).estimate() / 20_000 - 1,
    );
    const mean = errors.reduce((sum, one) => sum + one, 0) / errors.length;
    const deviation = Math.sqrt(errors.reduce((sum, one) => sum + one ** 2, 0) / errors.length);
    expect(deviation).toBeLessThan(1.3 * hyperLogLogError);
    expect(Math.abs(mean)).toBeLessThan((3 * hyperLogLogError) / Math.sqrt(errors.length));
  });

  test("SK-1 the ends of the range of hashes are counted like others", () => {
    const sketch = new HyperLogLog();
    expect(sketch.add(0)).toBe(true);
    expect(sketch.add(2 ** hashBits - 1)).toBe(true);
    expect(sketch.add(2 ** 40)).toBe(true);
    expect(sketch.add(2 ** 41 + 2 ** 33)).toBe(true);
    expect(Math.round(sketch.estimate())).toBeGreaterThanOrEqual(3);
    expect(HyperLogLog.parse(String(sketch)).estimate()).toBe(sketch.estimate());
  });
});

describe("merging", () => {
  const [a, b] = [3_000, 30_000].map((count, i) => sketchOf(count, i + 1)) as [HyperLogLog, HyperLogLog];
  const copy = (sketch: HyperLogLog): HyperLogLog => HyperLogLog.parse(String(sketch));
  const merged = (...sketches: HyperLogLog[]): string => {
    const whole = new HyperLogLog();
    for (const one of sketches) whole.merge(one);
    return String(whole);
  };

  test("SK-2 merged sketches are that of the union, in any order and however often", () => {
    const both = sketchOf(3_000, 1);
    const next = hashes(2);
    for (let i = 0; i < 30_000; i++) both.add(next());
    expect(merged(a, b)).toBe(String(both));
    expect(merged(b, a)).toBe(String(both));
    expect(merged(a, b, a, b, b)).toBe(String(both));
    expect(merged(a)).toBe(String(a));
  });

  test("SK-2 what changes nothing is told so", () => {
    const sketch = copy(a);
    expect(sketch.merge(b)).toBe(true);
    expect(sketch.merge(b)).toBe(false);
    expect(sketch.merge(new HyperLogLog())).toBe(false);
    const next = hashes(1);
    for (let i = 0; i < 3_000; i++) expect(sketch.add(next())).toBe(false);
  });
});

describe("as text", () => {
  test.each([0, 1, 500, 1_500, 1_700, 4_000, 200_000])("SK-3 a sketch of %i comes back the same", (count) => {
    const sketch = sketchOf(count, 5);
    const text = String(sketch);
    expect(text).toMatch(/^[sd][A-Za-z0-9+/]*$/);
    expect(text.length).toBeLessThanOrEqual(longestHyperLogLog);
    expect(String(HyperLogLog.parse(text))).toBe(text);
    expect(HyperLogLog.parse(text).estimate()).toBe(sketch.estimate());
  });

  test("SK-3 a small sketch is short, and none is too long for a report", () => {
    expect(String(new HyperLogLog())).toBe("s");
    expect(String(sketchOf(10, 1)).length).toBe(31);
    expect(longestHyperLogLog).toBeLessThanOrEqual(maxSketchLength);
  });

  test.each([
    ["nothing", ""],
    ["another kind", "x"],
    ["a cut one", "dAAAA"],
    ["a dense one that is too long", `d${"A".repeat(4097)}`],
    ["a register above the most", `d${"/".repeat(4096)}`],
    ["half an entry", "sAAB8"],
    ["an entry of zero", "sAAA"],
    ["an entry twice", "sAABAAB"],
    ["entries out of order", "sABBAAB"],
    ["too many entries", `s${"AAB".repeat(4096)}`],
    ["characters of another alphabet", "sAA-"],
    ["spaces", `d${" ".repeat(4096)}`],
    ["wide characters", "s🎙️"],
  ])("SK-4 %s is refused", (_, text) => {
    expect(() => HyperLogLog.parse(text)).toThrow(expect.objectContaining({ code: "bad-sketch" }));
  });
});
