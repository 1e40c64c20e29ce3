import { expect, test } from "vitest";
import { Bulkhead, type Pass } from "./bulkhead.ts";
import { ControlledQueue, intervalMs, targetMs } from "./codel.ts";
import { Order, placeForMs } from "./order.ts";

const order = new Order(Buffer.alloc(16, 1));
const addresses = Array.from({ length: 1000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);

test("SH-25 places are drawn by lot, evenly, for an hour, and nobody can foresee them who has not the key", () => {
  const places = addresses.map((address) => order.place(address, 0));
  expect(places.every((place) => place >= 1 && place < 2)).toBe(true);
  const first = places.filter((place) => place < 1.25).length;
  expect(Math.abs(first - 250)).toBeLessThan(60);
  const other = new Order(Buffer.alloc(16, 2));
  const both = addresses.filter((address) => order.place(address, 0) < 1.25 && other.place(address, 0) < 1.25).length;
  expect(both).toBeLessThan(110);
});

test("SH-25 an hour later it is others; everybody's hour is his own, so that nothing changes for all at once", () => {
  const unlucky = (now: number): string[] => addresses.filter((address) => order.place(address, now) > 1.75);
  const [now, later] = [unlucky(0), unlucky(placeForMs)];
  expect(now.filter((address) => later.includes(address)).length).toBeLessThan(110);
  const changed = addresses.filter(
    (address) => order.place(address, 0) !== order.place(address, placeForMs / 60),
  ).length;
  expect(changed).toBeGreaterThan(0);
  expect(changed).toBeLessThan(50);
});

test("SH-25 an address that has listened goes before all that have not", () => {
  const known = new Order(Buffer.alloc(16, 1), (address) => address === "10.0.0.1");
  const before = addresses.filter((address) => known.place(address, 0) <= known.place("10.0.0.1", 0));
  expect(before).toEqual(["10.0.0.1"]);
});

/** A queue under three times the load that can be served, in steps of ten milliseconds, and who was served. */
function overloaded(place: (from: string) => number, seconds: number, more: Readonly<Record<string, number>> = {}) {
  const queue = new ControlledQueue(512);
  const served = new Map<string, number>();
  const asked = new Map<string, number>();
  let at = 0;
  for (let step = 0; step < seconds * 100; step++) {
    const now = step * 10;
    const counts = now >= intervalMs + targetMs;
    const come = (from: string): void => {
      if (counts) asked.set(from, (asked.get(from) ?? 0) + 1);
      queue.add(
        {
          from,
          place: place(from),
          go: () => counts && served.set(from, (served.get(from) ?? 0) + 1),
          refuse: () => {},
        },
        now,
      );
    };
    // 150 addresses ask twice a second, whatever became of it before; 100 requests a second are served.
    for (let i = 0; i < 3; i++) come(`user ${at++ % 150}`);
    for (const [from, count] of Object.entries(more)) for (let i = 0; i < count; i++) come(from);
    queue.next(now);
  }
  return { served, share: (from: string) => (served.get(from) ?? 0) / (asked.get(from) ?? 1) };
}
const lots = (from: string): number => order.place(from, 0);

test("SH-26 under overload some are served and the same ones, instead of everybody now and then", () => {
  const { share } = overloaded(lots, 30);
  const users = Array.from({ length: 150 }, (_, i) => `user ${i}`).toSorted((a, b) => lots(a) - lots(b));
  const mean = (of: readonly string[]): number => of.reduce((sum, user) => sum + share(user), 0) / of.length;
  expect(mean(users.slice(0, 50))).toBeGreaterThan(0.45);
  expect(mean(users.slice(-30))).toBeLessThan(0.05);
  // Without places all are served alike, a third of what each needs.
  const alike = overloaded(() => 0, 30);
  const all = users.map(alike.share);
  expect(Math.max(...all)).toBeLessThan(0.6);
});

test("SH-26 who asks ten times as often is not served more often than who asks once, nor sooner", () => {
  const users = Array.from({ length: 150 }, (_, i) => `user ${i}`).toSorted((a, b) => lots(a) - lots(b));
  const last = users.at(-1) ?? "";
  const [quiet, greedy] = [overloaded(lots, 20), overloaded(lots, 20, { [last]: 1 })];
  expect(greedy.served.get(last) ?? 0).toBeLessThanOrEqual((quiet.served.get(last) ?? 0) + 2);
  // One with the best place has its turn each second, and leaves the rest to others.
  const best = overloaded((from) => (from === "flood" ? 0 : lots(from)), 20, { flood: 10 });
  expect(best.served.get("flood") ?? 0).toBeLessThan(40);
});

test("SH-26 in a full queue who has the highest place gives way, whoever comes", () => {
  const refused: string[] = [];
  const queue = new ControlledQueue(3);
  const places: Record<string, number> = { a: 1.2, b: 1.9, c: 1.4, d: 0.3, e: 1.95 };
  for (const from of Object.keys(places))
    queue.add({ from, place: places[from] ?? 0, go: () => {}, refuse: () => refused.push(from) }, 0);
  expect(refused).toEqual(["b", "e"]);
});

const forever = new AbortController().signal;
const settled = (): Promise<void> => new Promise(setImmediate);

/** A bulkhead of ten with a full house of others' work. */
async function full(maxWaiting = 20): Promise<{
  readonly gate: Bulkhead;
  readonly time: { now: number };
  readonly passes: Pass[];
  readonly problems: { retryAfter: number }[];
  readonly enter: (isRetry?: boolean) => Promise<void>;
}> {
  const time = { now: 0 };
  const gate = new Bulkhead({ first: 10, least: 10, most: 10, now: () => time.now, maxWaiting });
  const passes: Pass[] = [];
  const problems: { retryAfter: number }[] = [];
  const enter = (isRetry = false): Promise<void> =>
    gate.enter("other", "somebody", forever, isRetry).then(
      (pass) => void passes.push(pass),
      (problem: unknown) => void problems.push(problem as { retryAfter: number }),
    );
  for (let i = 0; i < 8; i++) await enter();
  return { gate, time, passes, problems, enter };
}

test("SH-27 the share that is accepted is told while some are refused, by class, and is whole again after a while", async () => {
  const { gate, time, passes, problems, enter } = await full();
  expect([gate.share("other"), gate.share("stage")]).toEqual([1, 1]);
  for (let i = 0; i < 44; i++) void enter();
  await settled();
  expect(problems.length).toBe(24);
  // 8 of 32 that were decided on.
  expect(gate.share("other")).toBeCloseTo(0.25, 5);
  expect(gate.share("stage")).toBe(1);
  for (const pass of passes.splice(0)) pass.done(true);
  await settled();
  expect(gate.share("other")).toBeCloseTo(16 / 40, 5);
  time.now += 60_000;
  expect(gate.share("other")).toBe(1);
});

test("SH-27 who is refused comes again after a time that is drawn, from a longer span the less is accepted", async () => {
  const { gate, problems, enter } = await full(1);
  for (let i = 0; i < 400; i++) void enter();
  await settled();
  expect(gate.share("other")).toBeLessThan(0.1);
  const [early, late] = [problems.slice(0, 4), problems.slice(200)].map((some) =>
    some.map(({ retryAfter }) => retryAfter),
  ) as [number[], number[]];
  expect(Math.max(...early)).toBeLessThanOrEqual(6);
  expect(new Set(late).size).toBeGreaterThan(15);
  expect([Math.min(...late) >= 1, Math.max(...late) <= 30, Math.max(...late) > 15]).toEqual([true, true, true]);
});

test("SH-28 repeated requests wait only as long as they are a tenth of the first ones, and come in when there is room", async () => {
  const { gate, passes, problems, enter } = await full(1000);
  for (let i = 0; i < 100; i++) void enter(true);
  await settled();
  const spared = gate.waiting("other");
  expect(spared).toBeLessThanOrEqual(11);
  expect(problems.length).toBe(100 - spared);
  for (let i = 0; i < 200; i++) void enter();
  const firsts = gate.waiting("other");
  for (let i = 0; i < 100; i++) void enter(true);
  await settled();
  expect(gate.waiting("other") - firsts).toBeLessThanOrEqual(21);
  expect(gate.waiting("other") - firsts).toBeGreaterThan(15);
  // What is refused as a repetition does not make the others shed more.
  expect(gate.share("other")).toBe(1);
  while (passes.length > 0) {
    for (const pass of passes.splice(0)) pass.done(true);
    await settled();
  }
  const before = problems.length;
  for (let i = 0; i < 5; i++) await enter(true);
  expect(problems.length).toBe(before);
});
