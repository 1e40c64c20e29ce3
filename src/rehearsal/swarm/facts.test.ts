import { expect, test } from "vitest";
import { LiveFacts } from "./facts.ts";

const state = (now: number, more: object = {}): Buffer =>
  Buffer.from(JSON.stringify({ v: 1, status: "live", epochMs: 1_000_000, latest: 9, now, ...more }));

test("RH-42 when a segment could first be had is told by the latest server's clock that an answer proves", () => {
  const facts = new LiveFacts();
  expect(facts.availableAt(3)).toBeUndefined();
  // The answer took 40 ms, of which nobody here can know: segment 3 is over at 1,003,840 there.
  facts.learn(state(1_003_000), 1040);
  expect(facts.availableAt(3)).toBe(1880);
  // A faster answer proves that it is later there.
  facts.learn(state(1_004_000), 2010);
  expect(facts.availableAt(3)).toBe(1850);
  // A slower one proves nothing.
  facts.learn(state(1_005_000), 3500);
  expect(facts.availableAt(3)).toBe(1850);
  // What came whole is over.
  facts.came(8, 6600);
  expect(facts.availableAt(8)).toBe(6600);
  expect(facts.latest).toBe(9);
  facts.came(10, 8600);
  expect(facts.latest).toBe(10);
});

test("RH-42 a crowd's states are read now and then; what is no state, or has no timeline, tells nothing", () => {
  const facts = new LiveFacts();
  facts.learn(Buffer.from("<html>"), 0);
  facts.learn(state(5, { epochMs: null, latest: null }), 1);
  expect([facts.availableAt(1), facts.latest, facts.isOver]).toEqual([undefined, undefined, false]);
  facts.learn(state(5), 2);
  facts.learn(state(5, { latest: 20 }), 3);
  expect(facts.latest).toBe(9);
  facts.learn(state(5, { status: "ended" }), 1000);
  expect(facts.isOver).toBe(true);
});

test("RH-44 the sound itself tells that it is over, and that it goes on", () => {
  const facts = new LiveFacts();
  facts.learn(state(5), 0);
  facts.told("ended");
  expect(facts.isOver).toBe(true);
  facts.told("live");
  expect(facts.isOver).toBe(false);
});
