import { expect, test } from "vitest";
import { BloomFilter } from "./bloom-filter.ts";
import { hashes } from "./hashes.test-numbers.ts";

test("SK-14 who is in is always found, and of strangers as few as the measures promise", () => {
  const filter = new BloomFilter();
  const next = hashes(1);
  const members = Array.from({ length: 100_000 }, next);
  for (const hash of members) filter.add(hash);
  expect(members.every((hash) => filter.has(hash))).toBe(true);
  const strangers = Array.from({ length: 20_000 }, next).filter((hash) => filter.has(hash)).length;
  // (1 − e^(−4 · 100,000 / 2^20))^4 = 1.1 %
  expect(strangers / 20_000).toBeLessThan(0.015);
  expect(filter.byteLength).toBe(131_072);
  filter.clear();
  expect(members.some((hash) => filter.has(hash))).toBe(false);
});

test("SK-14 adding tells whether anything has changed", () => {
  const filter = new BloomFilter({ bits: 1024 });
  expect([filter.add(99), filter.add(99)]).toEqual([true, false]);
});

test("SK-15 merging is the union, also by way of text; what is no filter is refused", () => {
  const [one, two] = [new BloomFilter(), new BloomFilter()];
  one.add(1234);
  two.add(98_765_432_101);
  one.merge(BloomFilter.parse(String(two)));
  expect([one.has(1234), one.has(98_765_432_101), one.has(5)]).toEqual([true, true, false]);
  for (const text of ["", "b7x4:AAAA", "b1024x99:AAAA", "b1024x4:AAAA", "c1024x4:AAAA"])
    expect(() => BloomFilter.parse(text)).toThrow(expect.objectContaining({ code: "bad-sketch" }));
  expect(() => one.merge(new BloomFilter({ bits: 1024 }))).toThrow(expect.objectContaining({ code: "bad-sketch" }));
});
