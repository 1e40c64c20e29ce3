import { expect, test } from "vitest";
import {
  addressesForPrefix,
  maxNames,
  Offenders,
  refusedFrom,
  refusedHalfLifeMs,
  refusedInPrefixFrom,
} from "./offenders.ts";

const offenders = (): Offenders => new Offenders({ key: Buffer.alloc(32, 7) });
const refuse = (to: Offenders, address: string, times: number): void => {
  for (let i = 0; i < times; i++) to.refused(address);
};
const told = (of: Offenders): (readonly [string, number])[] =>
  of.heavy().map(({ prefix, refused }) => [prefix.text, refused] as const);

test("EX-1 an address that comes on although refused is told with how often, and one that did now and then is not", () => {
  const all = offenders();
  refuse(all, "198.51.100.7", refusedFrom);
  refuse(all, "198.51.100.8", refusedFrom - 1);
  refuse(all, "::ffff:203.0.113.9", refusedFrom + 1);
  expect(told(all)).toEqual([
    ["203.0.113.9/32", refusedFrom + 1],
    ["198.51.100.7/32", refusedFrom],
  ]);
});

test("EX-1 an IPv6 host is its /64, and what is no address is nobody", () => {
  const all = offenders();
  for (let i = 0; i < refusedFrom; i++) all.refused(`2001:db8:1:2::${i.toString(16)}`);
  refuse(all, "unknown", refusedFrom * 2);
  expect(told(all)).toEqual([["2001:db8:1:2::/64", refusedFrom]]);
});

test("EX-1 half of it is forgotten in ten seconds", () => {
  const all = offenders();
  all.fade(0);
  refuse(all, "198.51.100.7", refusedFrom * 2);
  all.fade(refusedHalfLifeMs);
  expect(told(all)).toEqual([["198.51.100.7/32", refusedFrom]]);
  all.fade(refusedHalfLifeMs + 1000);
  expect(all.heavy()).toEqual([]);
});

test("EX-1 many addresses of a prefix that are little each, or some that are much, are the prefix", () => {
  const little = offenders();
  for (let host = 0; host < 50; host++) refuse(little, `198.51.100.${host}`, refusedInPrefixFrom / 50);
  expect(little.heavy()).toMatchObject([
    { prefix: { text: "198.51.100.0/24" }, refused: refusedInPrefixFrom, addresses: 50 },
  ]);
  const much = offenders();
  for (let host = 0; host < addressesForPrefix; host++) refuse(much, `2001:db8:1:${host}::1`, refusedFrom);
  expect(told(much)[0]).toEqual(["2001:db8:1::/48", addressesForPrefix * refusedFrom]);
  expect(much.heavy().length).toBe(1 + addressesForPrefix);
  // One who is much alone does not make it their neighbours' matter.
  const one = offenders();
  refuse(one, "198.51.100.7", refusedInPrefixFrom * 3);
  for (let host = 8; host < 40; host++) refuse(one, `198.51.100.${host}`, 10);
  expect(told(one)).toEqual([["198.51.100.7/32", refusedInPrefixFrom * 3]]);
});

test("EX-3 who comes on most is found among a hundred thousand others, in the same memory, and nobody is told in their place", () => {
  const all = offenders();
  for (let i = 0; i < 100_000; i++) {
    all.refused(`${20 + (i % 100)}.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`);
    if (i % 25 === 0) all.refused("198.51.100.7");
  }
  const [first, ...rest] = all.heavy();
  expect(first).toMatchObject({ prefix: { text: "198.51.100.7/32" } });
  expect(first?.refused).toBeGreaterThan(3000);
  expect(rest).toEqual([]);
  expect(all.names).toBeLessThanOrEqual(maxNames);
});
