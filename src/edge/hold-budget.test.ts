import { expect, test } from "vitest";
import { livePaths } from "../wire/paths.ts";
import { TestEdge, until } from "./edge.test-server.ts";
import { HoldBudget } from "./hold-budget.ts";
import { Told } from "./told.test-guard.ts";

/** Holds as many requests of an address as there are places for, up to `most`. */
function fill(budget: HoldBudget, address: string, most = Infinity): number {
  let held = 0;
  while (held < most && budget.take(budget.holder(address))) held++;
  return held;
}

test("ED-173 one address has as many places as it wants while half are free, and then no more than its share", () => {
  const budget = new HoldBudget({ most: 1000 });
  expect(fill(budget, "192.0.2.1")).toBe(500);
  // Others find room all the same, each of them its share.
  const others = Array.from({ length: 7 }, (_, i) => fill(budget, `198.51.100.${i}`));
  expect(others).toEqual(Array(7).fill(32));
});

test("ED-173 the last quarter is for those with few: a hundred addresses that take their shares keep nobody out", () => {
  const budget = new HoldBudget({ most: 10_000 });
  for (let i = 0; i < 100; i++) fill(budget, `192.0.2.${i}`);
  expect(budget.held).toBeLessThanOrEqual(7500 + 100 * 16);
  for (let i = 0; i < 100; i++) expect(fill(budget, `203.0.113.${i}`, 4)).toBe(4);
  expect(fill(budget, "203.0.113.200")).toBe(16);
  const hasRoom = ["192.0.2.1", "203.0.113.1", "203.0.113.250"].map((address) => budget.hasRoomFor(() => address));
  expect(hasRoom).toEqual([false, true, true]);
  expect(budget.size).toBe(201);
});

test("ED-173 where thousands behave, behind a carrier's address, each has a place", () => {
  const budget = new HoldBudget({
    most: 20_000,
    behavedAt: (address) => (address === "100.64.0.1" ? 8000 : 0),
  });
  expect(fill(budget, "192.0.2.1")).toBe(10_000);
  expect(fill(budget, "100.64.0.1")).toBe(8000);
  expect(fill(budget, "192.0.2.2")).toBe(16);
});

test("ED-173 nothing is kept of an address that holds nothing, refused or answered", () => {
  const budget = new HoldBudget({ most: 2 });
  const [one, other] = [budget.holder("192.0.2.1"), budget.keep("192.0.2.2")];
  expect([budget.take(one), budget.take(other), budget.take(budget.holder("192.0.2.3"))]).toEqual([true, true, false]);
  expect(budget.size).toBe(2);
  budget.giveBack(one);
  budget.giveBack(other);
  expect([budget.held, budget.size]).toEqual([0, 1]);
  budget.letGo(other);
  expect(budget.size).toBe(0);
});

test("ED-173 an address whose share is spent is told so, on kept connections too, and others are held", async () => {
  const guard = new Told();
  await using edge = await TestEdge.start({ guard, maxHeld: 64, trust: { hops: 1 } }, (origin) => origin.open("a", 30));
  const held = (): number => edge.metric("rostra_edge_held_requests");
  const early = (address: string, n = 30): string =>
    `GET ${livePaths.segment("a", "opus-32k", n)} HTTP/1.1\r\nHost: here\r\nX-Forwarded-For: ${address}\r\n\r\n`;
  const many = Array.from({ length: 40 }, () => edge.raw(early("192.0.2.1")));
  await until(() => held() >= 32 && many.some(({ head }) => head.startsWith("HTTP/1.1 503")));
  await until(() => many.filter(({ head }) => head !== "").length === 8);
  expect(held()).toBe(32);
  using other = edge.raw(early("198.51.100.1"));
  await until(() => held() === 33);
  guard.behaved = 100;
  using listener = edge.raw(early("192.0.2.1"));
  await until(() => held() === 34);
  edge.origin.publishSegment("a");
  await until(() => [other, listener].every(({ head }) => head.startsWith("HTTP/1.1 200")));
  await until(() => held() === 0);
  for (const one of many) one.socket.destroy();
});
