import { expect, test } from "vitest";
import { CountMin } from "./count-min.ts";
import { hashes } from "./hashes.test-numbers.ts";

/** A few things seen often among many seen once. */
function crowd(sketch: CountMin, seed: number, many = 20_000): { often: number[]; once: number[] } {
  const next = hashes(seed);
  const often = Array.from({ length: 20 }, next);
  const once = Array.from({ length: many }, next);
  for (const hash of once) sketch.add(hash);
  for (let i = 0; i < 500; i++) for (const hash of often) sketch.add(hash);
  return { often, once };
}

test("SK-10 a count is never told too small, and seldom too large by more than e / width of all", () => {
  const sketch = new CountMin({ width: 4096, depth: 4 });
  const { often, once } = crowd(sketch, 1);
  const bound = (Math.E / 4096) * (20_000 + often.length * 500);
  for (const hash of often) expect(sketch.estimate(hash)).toBeGreaterThanOrEqual(500);
  expect(once.every((hash) => sketch.estimate(hash) >= 1)).toBe(true);
  const next = hashes(2);
  const strangers = Array.from({ length: 5000 }, () => sketch.estimate(next()));
  expect(strangers.filter((estimate) => estimate > bound).length).toBeLessThan(5000 * Math.exp(-4));
  expect(sketch.byteLength).toBe(4096 * 4 * 4);
});

test("SK-10 the conservative update tells rare things less than plain counting would", () => {
  const [conservative, plain] = [new CountMin({ width: 1024 }), new Float64Array(1024 * 4)];
  const next = hashes(3);
  const things = Array.from({ length: 10_000 }, next);
  const at = (hash: number, row: number): number =>
    row * 1024 + (((hash % 2 ** 26) + row * (Math.floor(hash / 2 ** 26) | 1)) & 1023);
  for (const hash of things) {
    conservative.add(hash);
    for (let row = 0; row < 4; row++) plain[at(hash, row)]! += 1;
  }
  const plainly = (hash: number): number => Math.min(...[0, 1, 2, 3].map((row) => plain[at(hash, row)] ?? 0));
  const [told, toldPlainly] = [0, 0].map((_, which) =>
    things.reduce((sum, hash) => sum + (which === 0 ? conservative.estimate(hash) : plainly(hash)), 0),
  );
  expect(told!).toBeLessThan(toldPlainly! * 0.9);
});

test("SK-11 counts fade by a factor, and are gone at last", () => {
  const sketch = new CountMin({ width: 256 });
  sketch.add(12_345, 8);
  sketch.scale(0.5);
  expect(sketch.estimate(12_345)).toBe(4);
  for (let i = 0; i < 20; i++) sketch.scale(0.5);
  expect(sketch.estimate(12_345)).toBe(0);
});

test("SK-12 summaries of two edges add up to that of both, and come back from text as they were", () => {
  const [one, two] = [new CountMin(), new CountMin()];
  const { often } = crowd(one, 4);
  for (const hash of often) two.add(hash, 100);
  const text = String(two);
  expect(text.length).toBeLessThan(4000);
  one.merge(CountMin.parse(text));
  for (const hash of often) expect(one.estimate(hash)).toBeGreaterThanOrEqual(600);
  expect(CountMin.parse(String(one)).estimate(often[0]!)).toBe(one.estimate(often[0]!));
});

test.each([
  ["nothing", ""],
  ["another kind", "b1024x4:AAAA"],
  ["a width that is no power of two", "c1000x4:AAAA"],
  ["more than may be read", "c67108864x100:AAAA"],
  ["other bytes than told", "c1024x4:AAAA"],
  ["counters that are none", `c8x1:${"x".repeat(40)}`],
])("SK-13 what is no summary is refused: %s", (_, text) => {
  expect(() => CountMin.parse(text)).toThrow(expect.objectContaining({ code: "bad-sketch" }));
});

test("SK-13 summaries of other measures, and counters below zero, are refused", () => {
  expect(() => new CountMin({ width: 1024 }).merge(new CountMin({ width: 512 }))).toThrow(
    expect.objectContaining({ code: "bad-sketch" }),
  );
  const below = new CountMin({ width: 8, depth: 1 });
  below.add(1, 4);
  below.scale(-1);
  expect(() => CountMin.parse(String(below))).toThrow(expect.objectContaining({ code: "bad-sketch" }));
});
