import { afterAll, beforeAll, expect, test } from "vitest";
import { expectNothingLeft, expectOriginUnmoved, expectUnnoticed, expectWithinMemory } from "./owed.ts";
import { UnderAttack } from "./under-attack.ts";

/** Each attack comes for so long; with ROSTRA_ATTACK_SECONDS=60 it is a soak. */
const seconds = Number(process.env["ROSTRA_ATTACK_SECONDS"] ?? 3);

let house: UnderAttack;
beforeAll(async () => {
  house = await UnderAttack.start();
}, 60_000);
afterAll(() => house?.[Symbol.asyncDispose]());

test("RH-83 a request flood: nobody notices, and nothing more is asked upstream", async () => {
  const attacked = await house.whileAttacked("request-flood", 2000, seconds);
  expect(attacked.told.counts.answered["200"]).toBeGreaterThan(500);
  expectUnnoticed(attacked);
  expectOriginUnmoved(attacked);
}, 60_000);

test("RH-84 cache-busting: nobody notices, and each segment is asked for upstream once", async () => {
  const attacked = await house.whileAttacked("cache-busting", 1000, seconds);
  const { answered } = attacked.told.counts;
  // What is another name for the same thing is answered; what is outside the grammar is nothing.
  expect(answered["200"]).toBeGreaterThan(100);
  expect(answered["404"]).toBeGreaterThan(100);
  expectUnnoticed(attacked);
  expectOriginUnmoved(attacked);
}, 60_000);

test("RH-85 wild segment numbers: nobody notices, and the origin is asked at most once for what it has", async () => {
  const attacked = await house.whileAttacked("wild-segments", 1000, seconds);
  expect(attacked.told.counts.answered["404"]).toBeGreaterThan(300);
  expectUnnoticed(attacked);
  // Each of the three renditions exists, and of the first one also what was published before anybody listened.
  expectOriginUnmoved(attacked, { renditions: 3, past: 90 });
  expectWithinMemory(attacked);
}, 60_000);

test("RH-86 connection churn: nobody notices, and nothing is left behind", async () => {
  const attacked = await house.whileAttacked("connection-churn", 1000, seconds);
  expect(attacked.told.counts.connected).toBeGreaterThan(500);
  expectUnnoticed(attacked);
  expectWithinMemory(attacked);
  await expectNothingLeft(house);
}, 60_000);

test("RH-87 slow headers: nobody notices, and nothing is left behind", async () => {
  const attacked = await house.whileAttacked("slow-headers", 500, seconds);
  expect(attacked.mostOpen).toBeGreaterThan(200);
  expectUnnoticed(attacked);
  expectWithinMemory(attacked);
  await expectNothingLeft(house);
}, 60_000);

test("RH-88 slow bodies: nobody notices, and nothing is left behind", async () => {
  const attacked = await house.whileAttacked("slow-body", 500, seconds);
  expect(attacked.mostOpen).toBeGreaterThan(150);
  expectUnnoticed(attacked);
  expectWithinMemory(attacked);
  await expectNothingLeft(house);
}, 60_000);

test("RH-89 who asks and does not read: nobody else notices, and memory stays within its caps", async () => {
  const attacked = await house.whileAttacked("slow-read", 500, seconds);
  expect(attacked.mostOpen).toBeGreaterThan(200);
  expect(attacked.told.counts.sent).toBeGreaterThan(2000);
  expectUnnoticed(attacked);
  // What was asked for and not read is 90 MB, some of it in the kernel.
  expectWithinMemory(attacked, 40 * 2 ** 20);
  await expectNothingLeft(house);
}, 60_000);

test("RH-90 idle connections: nobody notices, and nothing is left behind", async () => {
  const attacked = await house.whileAttacked("idle-connections", 2000, seconds);
  expect(attacked.mostOpen).toBeGreaterThan(800);
  expectUnnoticed(attacked);
  expectWithinMemory(attacked);
  await expectNothingLeft(house);
}, 60_000);
