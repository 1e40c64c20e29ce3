import { expect, test } from "vitest";
import { hashes } from "./hashes.test-numbers.ts";
import { SpaceSaving } from "./space-saving.ts";

/** Some things seen often, the more the smaller their number, among very many seen once. */
function stream(sketch: SpaceSaving, seed: number): Map<number, number> {
  const next = hashes(seed);
  const truth = new Map<number, number>();
  const often = Array.from({ length: 30 }, next);
  const see = (item: number): void => {
    sketch.add(item);
    truth.set(item, (truth.get(item) ?? 0) + 1);
  };
  for (let i = 0; i < 60_000; i++) see(i % 3 === 0 ? often[Math.floor(Math.sqrt(next() % 900))]! : next());
  return truth;
}

test.each([
  ["one group, as published", { sets: 1, ways: 256 }],
  ["many groups", { sets: 128, ways: 8 }],
])("SK-16 the things seen most are found, between bounds that hold: %s", (_, measures) => {
  const sketch = new SpaceSaving(measures);
  const truth = stream(sketch, 1);
  for (const { item, least, most } of sketch.top(1000)) {
    expect(least).toBeLessThanOrEqual(truth.get(item) ?? 0);
    expect(most).toBeGreaterThanOrEqual(truth.get(item) ?? 0);
    expect([sketch.least(item), sketch.most(item)]).toEqual([least, most]);
  }
  const heaviest = [...truth].toSorted(([, a], [, b]) => b - a).slice(0, 10);
  const found = new Set(sketch.top(15).map(({ item }) => item));
  expect(heaviest.filter(([item]) => found.has(item)).length).toBe(10);
  expect(sketch.byteLength).toBe(measures.sets * measures.ways * 16);
});

test("SK-17 nobody is told to be heavy because of others, however many there are", () => {
  const sketch = new SpaceSaving({ sets: 64, ways: 8 });
  const next = hashes(2);
  for (let i = 0; i < 200_000; i++) sketch.add(next());
  const [one] = [next()];
  sketch.add(one);
  expect(sketch.least(one)).toBeLessThanOrEqual(1);
  expect(sketch.most(one)).toBeGreaterThan(100);
  expect(sketch.top(1)[0]?.least).toBeLessThan(4);
});

test("SK-18 counts fade, and what has faded makes room", () => {
  const sketch = new SpaceSaving({ sets: 1, ways: 2 });
  for (const item of [1, 2]) sketch.add(item, 1);
  sketch.add(2, 7);
  sketch.scale(0.5);
  expect(sketch.least(2)).toBe(4);
  for (let i = 0; i < 9; i++) sketch.scale(0.5);
  sketch.add(3, 1);
  expect([sketch.least(1), sketch.least(3)]).toEqual([0, 1]);
});

test("SK-19 merged summaries have the heavy things of both within bounds, also by way of text", () => {
  const [one, two] = [new SpaceSaving({ sets: 16, ways: 16 }), new SpaceSaving({ sets: 16, ways: 16 })];
  const truth = stream(one, 3);
  for (const [item, count] of stream(two, 3)) truth.set(item, (truth.get(item) ?? 0) + count);
  one.merge(SpaceSaving.parse(String(two)));
  for (const { item, least, most } of one.top(300)) {
    expect(least).toBeLessThanOrEqual(truth.get(item) ?? 0);
    expect(most).toBeGreaterThanOrEqual(truth.get(item) ?? 0);
  }
  const [[heaviest] = [0]] = [...truth].toSorted(([, a], [, b]) => b - a);
  expect(one.top(3).map(({ item }) => item)).toContain(heaviest);
});

test("SK-19 what is no such summary is refused", () => {
  const wrong = new SpaceSaving({ sets: 4, ways: 2 });
  wrong.add(5, -3);
  const texts = ["", "h4x2:AAAA", "h0x2:AAAA", "h1000000x1000:AAAA", String(wrong)];
  for (const text of texts)
    expect(() => SpaceSaving.parse(text)).toThrow(expect.objectContaining({ code: "bad-sketch" }));
  expect(() => new SpaceSaving({ ways: 8 }).merge(new SpaceSaving({ ways: 4 }))).toThrow(
    expect.objectContaining({ code: "bad-sketch" }),
  );
});

test("SK-16 those above an amount are found whole, or those seen most when there are too many", () => {
  const sketch = new SpaceSaving({ sets: 512, ways: 8 });
  const next = hashes(7);
  const things = Array.from({ length: 1000 }, next);
  for (const [i, thing] of things.entries()) sketch.add(thing, 1 + i);
  const above = (amount: number, count: number): number[] =>
    sketch
      .above(amount, count)
      .map(({ least }) => least)
      .toSorted((a, b) => b - a);
  expect(above(901, 200)).toEqual(Array.from({ length: 100 }, (_, i) => 1000 - i));
  expect(above(1, 20)).toEqual(Array.from({ length: 20 }, (_, i) => 1000 - i));
  expect(above(2000, 20)).toEqual([]);
  // Many alike, and none that stands out.
  const alike = new SpaceSaving({ sets: 512, ways: 8 });
  for (const thing of things) alike.add(thing, 5);
  expect(alike.above(5, 20).length).toBe(20);
});
