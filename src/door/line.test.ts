import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { maxLineBuckets } from "../wire/tickets.ts";
import { comesWithinSeconds, Line, lot, settleSeconds, slotSeconds } from "./line.ts";
import { Tickets } from "./ticket.ts";

const seed = "5eed".repeat(16);
const hour = 1_800_000_000;
const tickets = new Tickets(Buffer.alloc(32, 1));

/** Some who come at moments; each as the line knows them. */
function crowd(line: Line, moments: readonly number[]): { at: number; nonce: string }[] {
  return moments.map((at) => {
    line.add(line.slotOf(at), 1, at);
    return { at, nonce: tickets.nonce() };
  });
}
const many = (count: number, at: number): number[] => Array.from({ length: count }, () => at);

test("DR-10 who came before the hour is ordered by SHA-256 of seed and nonce, as everybody can compute once the seed is told", () => {
  const line = Line.begin(hour, seed);
  const early = crowd(
    line,
    many(400, hour - 300).map((at, i) => at + (i % 290)),
  );
  expect(line.facts(hour - 1)).toMatchObject({ seed: null });
  expect(line.before(early[0] ?? { at: 0, nonce: "" }, hour - 1)).toBeNull();
  const told = line.facts(hour);
  const bytes = Buffer.from(told.seed ?? "", "hex");
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(told.commitment);
  // As a stranger computes it.
  const number = (nonce: string): number => {
    const digest = createHash("sha256").update(bytes).update(Buffer.from(nonce, "hex")).digest();
    return digest.readUIntBE(0, 6) / 2 ** 48;
  };
  const drawn = early.toSorted((a, b) => number(a.nonce) - number(b.nonce));
  const before = drawn.map((one) => line.before(one, hour) ?? -1);
  expect(before).toEqual(before.toSorted((a, b) => a - b));
  expect(before.every((n, i) => Math.abs(n - i) < 60)).toBe(true);
  // When one came does not matter: the order is another than that of coming.
  const came = early.map((one) => line.before(one, hour) ?? -1);
  expect(came.slice(0, 200).reduce((sum, n) => sum + n, 0) / 200).toBeGreaterThan(150);
});

test("DR-11 later ones are first come, first served by the slot in which they came, behind all who came before the hour", () => {
  const line = Line.begin(hour, seed);
  const [early] = crowd(line, many(50, hour - 5));
  const [first] = crowd(line, many(30, hour + 3));
  const [next] = crowd(line, many(20, hour + slotSeconds));
  const now = hour + 60;
  for (const [one, from, to] of [
    [early, 0, 50],
    [first, 50, 80],
    [next, 80, 100],
  ] as const) {
    const before = line.before(one ?? { at: 0, nonce: "" }, now) ?? -1;
    expect(before).toBeGreaterThanOrEqual(from);
    expect(before).toBeLessThan(to);
  }
  expect(line.waiting).toBe(100);
});

test("DR-12 as many are called as there are seats, in order; nobody before the hour, nor of a slot that edges may still tell of", () => {
  const line = Line.begin(hour, seed);
  const early = crowd(line, many(100, hour - 5));
  const later = crowd(line, many(100, hour + 1));
  line.call(500, hour - 1);
  line.call(500, hour);
  expect([...early, ...later].filter((one) => line.isCalled(one))).toEqual([]);
  const now = hour + settleSeconds;
  line.call(40, now);
  const called = early.filter((one) => line.isCalled(one));
  expect(called.length).toBeGreaterThan(20);
  expect(called.length).toBeLessThan(60);
  const last = Math.max(...called.map(({ nonce }) => lot(seed, nonce)));
  expect(early.every((one) => line.isCalled(one) || lot(seed, one.nonce) > last)).toBe(true);
  expect(later.some((one) => line.isCalled(one))).toBe(false);
  // No more seats, nobody more.
  line.call(40, now + 1);
  expect(line.waiting).toBe(160);
  line.seated(40, now + 2);
  line.call(200, now + 2);
  expect(early.every((one) => line.isCalled(one))).toBe(true);
  expect(line.waiting).toBe(100);
  line.call(400, hour + slotSeconds + settleSeconds);
  expect(later.every((one) => line.isCalled(one))).toBe(true);
  expect(line.waiting).toBe(0);
});

test("DR-13 whose turn came keeps it, whatever is told late of who came when", () => {
  const line = Line.begin(hour, seed);
  const early = crowd(line, many(200, hour - 5));
  line.call(70, hour + 10);
  const called = early.filter((one) => line.isCalled(one));
  line.add(0, 500, hour + 11);
  line.add(hour, 30, hour + 40);
  expect(called.every((one) => line.isCalled(one))).toBe(true);
  line.call(10_000, hour + 60);
  // Of a slot that was called: told now, called now.
  line.add(hour, 5, hour + 61);
  expect(line.waiting).toBe(0);
  expect(line.isCalled({ at: hour + 2, nonce: tickets.nonce() })).toBe(true);
});

test("DR-14 who is called and does not come is made up for", () => {
  const line = Line.begin(hour, seed);
  crowd(line, many(1000, hour - 5));
  const now = hour + settleSeconds;
  line.call(20, now);
  for (let second = 1; second < comesWithinSeconds; second++) line.call(20, now + second);
  expect(line.waiting).toBe(980);
  line.call(20, now + comesWithinSeconds);
  // None of twenty came: more are called than there are seats, ten times as many at the most.
  const waiting = line.waiting;
  expect(waiting).toBeLessThan(960);
  expect(waiting).toBeGreaterThanOrEqual(780);
});

test("DR-15 when a turn comes is told from how many were called in the last minute, as an interval; and not when nobody was", () => {
  const line = Line.begin(hour, seed);
  crowd(line, many(1000, hour - 5));
  expect(line.turnIn(100, hour + 5)).toBeNull();
  line.call(100, hour + 5);
  const [from, to] = line.turnIn(200, hour + 6) ?? [0, 0];
  expect(from).toBe(100);
  expect(to).toBe(150);
  expect(line.turnIn(200, hour + 70)).toBeNull();
});

test("DR-16 however long a line lasts it has so many buckets: neighbours become one, and nobody is lost or passed", () => {
  const line = Line.begin(hour, seed);
  const [early] = crowd(line, [hour - 5]);
  const people = crowd(
    line,
    Array.from({ length: maxLineBuckets * 3 }, (_, i) => hour + Math.floor(i / 2) * slotSeconds),
  );
  expect(line.record().buckets.length).toBe(maxLineBuckets);
  expect(line.merged).toBeGreaterThan(0);
  expect(line.waiting).toBe(1 + people.length);
  const now = hour + 1_000_000;
  const before = people.map((one) => line.before(one, now) ?? -1);
  // Who came before the hour is in a bucket of their own all the same.
  expect(line.before(early ?? { at: 0, nonce: "" }, now)).toBe(0);
  expect(line.record().buckets[0]).toEqual([0, hour, 1]);
  // In a bucket of several slots the order is drawn; between buckets it is that of coming.
  const gap = Math.max(...before.map((n, i) => Math.abs(n - (1 + i))));
  expect(gap).toBeLessThan(30);
  for (let second = 0; second < 60; second++) line.call(100, now + second * comesWithinSeconds);
  expect(people.every((one) => line.isCalled(one))).toBe(true);
});

test("DR-17 until the hour it may be put off or brought forward, and all who came are in the lottery; afterwards it stays", () => {
  const line = Line.begin(hour, seed);
  const people = crowd(line, many(10, hour - 500));
  line.reschedule(hour + 3600, hour - 400);
  expect(line.facts(hour + 1).seed).toBeNull();
  line.reschedule(hour - 900, hour - 300);
  expect(line.hour).toBe(hour - 300);
  expect(people.every((one) => (line.before(one, hour - 300) ?? 99) < 10)).toBe(true);
  line.reschedule(hour + 3600, hour);
  expect(line.hour).toBe(hour - 300);
});
