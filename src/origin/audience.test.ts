import { expect, test } from "vitest";
import type { Audience } from "../wire/timelines.ts";
import { AudienceSum, edgeExpiresMs, maxEdges } from "./audience.ts";

const report = (edge: string, told: Partial<Audience> = {}): Audience => ({
  edge,
  listeners: {},
  numbered: {},
  uniques: {},
  beacons: {},
  urls: [],
  ...told,
});

test("OR-47 an edge that is silent for five seconds counts no more, and too many edges are left out", () => {
  let now = 0;
  const sum = new AudienceSum(() => now);
  const listeners = (): Record<string, number> =>
    Object.fromEntries([...sum.sums()].map(([space, counts]) => [space, counts.listeners]));
  sum.report(report("a", { listeners: { s1: 3 } }));
  now += 3_000;
  sum.report(report("b", { listeners: { s1: 4, s2: 1 }, numbered: { s2: 1 } }));
  expect(listeners()).toEqual({ s1: 7, s2: 1 });
  expect(sum.sums().get("s2")?.numbered).toBe(1);
  sum.report(report("b", { listeners: { s1: 5 } }));
  expect(listeners()).toEqual({ s1: 8 });
  now += edgeExpiresMs - 2_999;
  expect(listeners()).toEqual({ s1: 5 });
  for (let i = 1; i < maxEdges; i++) expect(sum.report(report(`edge ${i}`))).toBe(true);
  expect(sum.report(report("one more"))).toBe(false);
  expect(sum.report(report("b"))).toBe(true);
});

test("OR-70 beacons are counted over their interval, whenever in it reports come, and by the share they were drawn with", () => {
  let now = 0;
  const sum = new AudienceSum(() => now);
  const beacons = (): number[] | undefined =>
    sum
      .sums()
      .get("s1")
      ?.beacons.map((count) => Math.round(count));
  // Two edges that are told 50 beacons a second, one of them irregularly.
  for (let second = 0; second < 30; second++) {
    now = second * 1000;
    sum.report(report("a", { beacons: { s1: [50] } }));
    now += second % 2 === 0 ? 100 : 900;
    sum.report(report("b", { beacons: { s1: [0, second % 2 === 0 ? 10 : 90] } }));
    if (second > 10) expect(beacons()?.[0]).toBe(500);
    if (second > 10) expect(Math.abs((beacons()?.[1] ?? 0) - 500)).toBeLessThanOrEqual(50);
  }
  for (let second = 0; second < 12; second++) {
    now += 1000;
    sum.report(report("a"));
  }
  expect(sum.sums().get("s1")?.beacons ?? []).toEqual([]);
});
