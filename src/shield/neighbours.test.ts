import { expect, test } from "vitest";
import { hashes } from "../sketch/hashes.test-numbers.ts";
import { addressBudget } from "./budgets.ts";
import { countedPrefixes, Neighbours } from "./neighbours.ts";
import { looksAtPage, Visited } from "./visits.test-crowd.ts";

test("SH-30 the addresses of the prefixes that cost most are counted, within a few per cent, in constant memory", () => {
  const neighbours = new Neighbours();
  const before = neighbours.byteLength;
  const next = hashes(1);
  neighbours.count([1, 2, 3]);
  for (let i = 0; i < 50_000; i++) neighbours.came({ prefix: 1, address: next() });
  for (let i = 0; i < 1000; i++) neighbours.misbehaved({ prefix: 1, address: next() });
  for (let i = 0; i < 10_000; i++) neighbours.came({ prefix: 2, address: 7 * 2 ** 40 });
  neighbours.came({ prefix: 9, address: next() });
  const { addresses = 0, misbehaved = 0 } = neighbours.of(1);
  expect(Math.abs(addresses / 50_000 - 1)).toBeLessThan(0.07);
  expect(Math.abs(misbehaved / 1000 - 1)).toBeLessThan(0.07);
  expect(neighbours.of(2)).toEqual({ addresses: 1, misbehaved: 0 });
  expect(neighbours.of(9)).toEqual({ addresses: undefined, misbehaved: undefined });
  // Others cost more now: what was known of those is forgotten, and of the one that stays is not.
  neighbours.count([1, ...Array.from({ length: 2 * countedPrefixes }, (_, i) => 100 + i)]);
  expect(neighbours.of(1).addresses).toBe(addresses);
  expect(neighbours.of(2).addresses).toBeUndefined();
  expect(neighbours.of(100)).toEqual({ addresses: 0, misbehaved: 0 });
  expect(neighbours.byteLength).toBe(before);
});

/** A /24 whose budget some of its machines spend, while others come from it as well: how many of these come in. */
function spentPrefix(
  attackers: number,
  others: number,
): { came: number; heavy: ReturnType<Visited["shield"]["heavy"]> } {
  const visited = new Visited();
  const spend = (): void => {
    for (let host = 0; host < attackers; host++)
      for (let i = 0; i < addressBudget / 8; i++) visited.shield.saw(`192.0.2.${host}`, "slow-request");
  };
  for (let second = 0; second < 3; second++) {
    spend();
    for (let host = 0; host < others; host++) visited.come(`192.0.2.${100 + host}`, looksAtPage);
    visited.pass(1);
  }
  spend();
  let came = 0;
  for (let host = 0; host < 40; host++) if (visited.shield.admit(`192.0.2.${200 + host}`) === "yes") came++;
  return { came, heavy: visited.shield.heavy(1) };
}

test("SH-30 a prefix in which all misbehave is closed to strangers when it has spent its budget, and an operator sees why", () => {
  const { came, heavy } = spentPrefix(60, 0);
  expect(came).toBe(0);
  expect(heavy[0]?.prefix).toBe("192.0.2.0/24");
  expect(heavy[0]?.misbehaved).toBeGreaterThan(55);
});

test("SH-30 one of which most addresses have done nothing is not closed to all, though nobody has behaved there for long", () => {
  const { came, heavy } = spentPrefix(24, 100);
  expect(came).toBeGreaterThan(2);
  const { addresses = 0, misbehaved = 0 } = heavy[0] ?? {};
  expect(addresses).toBeGreaterThan(80);
  expect(misbehaved).toBeLessThan(30);
});
