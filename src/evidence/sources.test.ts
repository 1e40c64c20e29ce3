import { expect, test } from "vitest";
import { HyperLogLog } from "../sketch/hyperloglog.ts";
import { readOrigin } from "./prefix.ts";
import { maxPrefixes, sampleSize, SourceCounter, topPrefixes } from "./sources.ts";

const key = Buffer.alloc(32, 1);
const counter = (random?: () => number): SourceCounter => new SourceCounter({ key, ...(random ? { random } : {}) });
const origin = (address: string): { prefix: number; high: number; low: number } =>
  readOrigin(address, { prefix: 0, high: 0, low: 0 });

test("EV-10 addresses are read by prefix, IPv6 and IPv4 in all their spellings, and what is none is one of its own", () => {
  expect(origin("192.0.2.7")).toEqual(origin("::ffff:192.0.2.7"));
  expect(origin("192.0.2.7").prefix).toBe(origin("192.0.2.250").prefix);
  expect(origin("192.0.2.7").low).not.toBe(origin("192.0.2.250").low);
  expect(origin("192.0.3.7").prefix).not.toBe(origin("192.0.2.7").prefix);
  expect(origin("2001:db8:5:1::9")).toEqual(origin("2001:db8:5:1:ffff::1%eth0"));
  expect(origin("2001:db8:5:2::9").prefix).toBe(origin("2001:db8:5::").prefix);
  expect(origin("2001:db8:6::1").prefix).not.toBe(origin("2001:db8:5::1").prefix);
  const wild = [
    "",
    "unknown",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.999",
    "not:an:address",
    "::ffff:1.2.3.x",
    "99999::1",
    "1::z",
  ];
  const none = origin("unknown").prefix;
  // `1::z` has four groups that are numbers.
  expect(wild.filter((address) => origin(address).prefix !== none)).toEqual(["1::z"]);
});

test("EV-10 entropy, the first ten's share and the share of those who had listened before are right", () => {
  const sources = counter();
  for (let i = 0; i < 64; i++) sources.asked(`10.${i}.0.1`, i);
  for (let i = 0; i < 32; i++) sources.joined(`10.${i}.0.1`);
  const first = sources.take(10_000);
  expect(first).toMatchObject({ asked: 64, prefixes: 64, overflow: 0, entropy: 6, clusterEntropy: 6, played: 0 });
  expect(first.topShare).toBeCloseTo(10 / 64, 4);
  expect(HyperLogLog.parse(first.addresses).estimate()).toBeCloseTo(64, -1);

  for (let i = 0; i < 64; i++) sources.asked(`10.${i}.0.2`, i);
  for (let i = 0; i < 64; i++) sources.asked(`10.1.${i}.2`, i);
  sources.second();
  const second = sources.take(20_000);
  // 32 of these had listened, and 10.1.0 once more.
  expect(second).toMatchObject({ asked: 128, prefixes: 127, playedPrefixes: 32 });
  expect(second.played).toBeCloseTo(33 / 128, 4);
  expect(second.clusterEntropy).toBeLessThan(second.entropy);
  expect(second.top).toHaveLength(topPrefixes);
  expect(sources.take(30_000)).toMatchObject({ asked: 0, prefixes: 0, entropy: 0, topShare: 0, played: 0, sample: [] });
});

test("EV-10 the prefixes that asked most are told second by second in the window after", () => {
  const sources = counter();
  for (let i = 0; i < 100; i++) sources.asked("198.51.100.1", i);
  for (let i = 0; i < 20; i++) sources.asked(`10.0.${i}.1`, i);
  sources.take(10_000);
  for (let second = 0; second < 3; second++) {
    for (let i = 0; i < 5 * second; i++) sources.asked("198.51.100.9", i);
    sources.second();
  }
  expect(sources.take(20_000).top[0]?.asked).toEqual([0, 5, 10]);
});

test("EV-11 no address stands in a record; a prefix has the same name under the same key, and another under another", () => {
  const names = [counter(), counter(), new SourceCounter({ key: Buffer.alloc(32, 2) })].map((sources) => {
    sources.asked("203.0.113.77", 1);
    const text = JSON.stringify(sources.take(2));
    expect(text).not.toMatch(/203|113\.77/);
    return (JSON.parse(text) as { sample: { prefix: string }[] }).sample[0]?.prefix;
  });
  expect(names[0]).toBe(names[1]);
  expect(names[0]).not.toBe(names[2]);
});

test("EV-12 the table, the sample and the record have a fixed size, whatever comes, and everybody may be drawn", () => {
  let state = 1;
  const sources = counter(() => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647);
  const all = 3 * maxPrefixes;
  const drawn = new Set<number>();
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < all; i++) sources.asked(`10.${i >> 8}.${i & 255}.1`, i);
    const seen = sources.take(0);
    expect(seen).toMatchObject({ asked: all, prefixes: maxPrefixes, overflow: all - maxPrefixes });
    expect(seen.sample).toHaveLength(sampleSize);
    expect(JSON.stringify(seen).length).toBeLessThan(8000);
    for (const { at } of seen.sample) drawn.add(Math.floor((4 * at) / all));
  }
  expect(drawn).toEqual(new Set([0, 1, 2, 3]));
});

test("EV-12 who has listened is remembered in a filter of a fixed size that forgets nobody", () => {
  const sources = counter();
  const listeners = (each: (address: string) => void, from: number): number => {
    for (let i = 0; i < maxPrefixes; i++) each(`${from}.${i >> 8}.${i & 255}.1`);
    return sources.take(0).played;
  };
  for (const from of [10, 11])
    listeners((address) => {
      sources.asked(address, 0);
      sources.joined(address);
    }, from);
  for (const from of [10, 11]) expect(listeners((address) => sources.asked(address, 0), from)).toBe(1);
  expect(listeners((address) => sources.asked(address, 0), 12)).toBeLessThan(0.02);
  expect(sources.take(0).playedPrefixes).toBeGreaterThan(2 * maxPrefixes - 200);
});
