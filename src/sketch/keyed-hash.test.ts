import { expect, test } from "vitest";
import { BloomFilter } from "./bloom-filter.ts";
import { HyperLogLog } from "./hyperloglog.ts";
import { KeyedHash } from "./keyed-hash.ts";

const one = new KeyedHash(Buffer.alloc(16, 1));

test("SK-20 hashes are whole numbers below 2^52, evenly spread whatever is hashed", () => {
  const sketch = new HyperLogLog();
  const halves = [0, 0];
  for (let i = 0; i < 20_000; i++) {
    const hash = one.of(`10.0.${i >> 8}.${i & 255}`);
    expect(Number.isSafeInteger(hash) && hash >= 0 && hash < 2 ** 52).toBe(true);
    sketch.add(hash);
    halves[hash % 2] = (halves[hash % 2] ?? 0) + 1;
  }
  expect(Math.abs(sketch.estimate() / 20_000 - 1)).toBeLessThan(0.07);
  expect(Math.abs((halves[0] ?? 0) - 10_000)).toBeLessThan(400);
});

test("SK-20 things that share a place under one key do not under another: who has not the key cannot choose them", () => {
  const other = new KeyedHash(Buffer.alloc(16, 2));
  const filter = (hashes: KeyedHash): BloomFilter => {
    const all = new BloomFilter({ bits: 1024 });
    all.add(hashes.of("victim"));
    return all;
  };
  const [mine, theirs] = [filter(one), filter(other)];
  const chosen: string[] = [];
  // In a small filter with many in it strangers seem to be in; somebody who has the key finds them.
  for (let i = 0; i < 200; i++) mine.add(one.of(`friend ${i}`));
  for (let i = 0; chosen.length < 50; i++) if (mine.has(one.of(`stranger ${i}`))) chosen.push(`stranger ${i}`);
  expect(chosen.filter((name) => theirs.has(other.of(name)))).toEqual([]);
  expect(one.of("victim")).not.toBe(other.of("victim"));
  expect(new KeyedHash(Buffer.alloc(16, 1)).of("victim")).toBe(one.of("victim"));
});
