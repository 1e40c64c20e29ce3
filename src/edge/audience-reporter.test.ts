import { expect, test } from "vitest";
import type { Audience as AudienceTold } from "../wire/timelines.ts";
import { Audience } from "./audience.ts";
import { AudienceReporter, belowExpiresMs, maxEdgesBelow } from "./audience-reporter.ts";
import { Beacons } from "./beacons.ts";

const hash = (i: number): number => i * 2 ** 40 + 7;
const told = (edge: string, more: Partial<AudienceTold> = {}): AudienceTold => ({
  edge,
  listeners: {},
  numbered: {},
  uniques: {},
  beacons: {},
  urls: [],
  ...more,
});

function reporting() {
  const clock = { now: 0 };
  const now = (): number => clock.now;
  const audience = new Audience({ now });
  const counts = { beacons: 0, beaconOverflow: 0 };
  const beacons = new Beacons({ audience, address: () => "10.0.0.1", counts, now });
  const streams = new Map([["a", 5]]);
  const urls = ["https://here.example"];
  const reporter = new AudienceReporter({ name: "here", audience, beacons, streams: () => streams, urls, now });
  return { clock, audience, beacons, reporter };
}

test("ED-85 a report is one's own counts and those of the edges below, added up", () => {
  const { audience, beacons, reporter } = reporting();
  audience.seen("a", hash(1));
  audience.seen("b", hash(1));
  beacons.add("a", [1, 2]);
  const below = new Audience();
  below.seen("a", hash(1));
  below.seen("a", hash(2));
  const report = told("below", {
    listeners: { a: 7, c: 1 },
    numbered: { a: 2 },
    uniques: below.uniques.take(),
    beacons: { a: [0, 1, 4], c: [1] },
    urls: ["https://below.example", "https://here.example"],
  });
  expect(reporter.take(report)).toBe(true);
  const next = reporter.next();
  expect(next).toMatchObject({
    edge: "here",
    listeners: { a: 13, b: 1, c: 1 },
    numbered: { a: 3, b: 1 },
    beacons: { a: [1, 3, 4], c: [1] },
    urls: ["https://here.example", "https://below.example"],
  });
  const both = new Audience();
  both.seen("a", hash(1));
  both.seen("a", hash(2));
  expect(next.uniques?.["a"]).toBe(both.uniques.take()["a"]);
  // Counts stay until they are told anew; beacons and sketches were told.
  expect(reporter.next()).toMatchObject({ listeners: { a: 13, b: 1, c: 1 }, uniques: {}, beacons: {} });
});

test("ED-85 an edge below that tells anew replaces what it told, and one that is silent counts no more", () => {
  const { clock, reporter } = reporting();
  reporter.take(told("below", { listeners: { a: 7 } }));
  reporter.take(told("below", { listeners: { a: 2 } }));
  expect(reporter.next().listeners).toEqual({ a: 7 });
  clock.now += belowExpiresMs;
  expect(reporter.next().listeners).toEqual({ a: 7 });
  clock.now++;
  expect(reporter.next().listeners).toEqual({ a: 5 });
  expect(reporter.below).toBe(0);
});

test("ED-85 too many edges below are left out and counted, and those who left make room", () => {
  const { clock, reporter } = reporting();
  for (let i = 0; i < maxEdgesBelow; i++) expect(reporter.take(told(`e${i}`))).toBe(true);
  expect(reporter.take(told("more"))).toBe(false);
  expect(reporter.take(told("e0"))).toBe(true);
  expect(reporter.overflow).toBe(1);
  clock.now += belowExpiresMs + 1;
  expect(reporter.take(told("more"))).toBe(true);
});

test("ED-85 what did not arrive is told again: sketches, not beacons of a moment that has passed", () => {
  const { audience, beacons, reporter } = reporting();
  audience.seen("a", hash(1));
  beacons.add("a", [1]);
  const lost = reporter.next();
  reporter.lost(lost);
  const again = reporter.next();
  expect(again.uniques).toEqual(lost.uniques);
  expect(again.beacons).toEqual({});
  expect(reporter.next().uniques).toEqual({});
  reporter.again();
  expect(reporter.next().uniques).toEqual(lost.uniques);
});

test("ED-85 a report that cannot be read is refused whole", () => {
  const { reporter } = reporting();
  const bad = told("below", { listeners: { a: 7 }, uniques: { a: "x" } });
  expect(() => reporter.take(bad)).toThrow(expect.objectContaining({ code: "bad-sketch" }));
  expect(reporter.next().listeners).toEqual({ a: 5 });
});
