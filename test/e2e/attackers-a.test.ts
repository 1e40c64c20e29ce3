import { afterAll, beforeAll, expect, test } from "vitest";
import { expectOriginUnmoved, expectUnnoticed } from "./owed.ts";
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
