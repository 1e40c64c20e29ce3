import { expect, test } from "vitest";
import { actionOn } from "./action.fixture.ts";
import { maxWaitingActions, Outlet } from "./output.ts";

test("EX-43 who gives never waits, one is told after the other, and what is lost is counted", async () => {
  const told: string[] = [];
  const lost: unknown[] = [];
  let go = (): void => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  const tell = async ({ prefix }: { prefix: { text: string } }): Promise<void> => {
    await held;
    if (prefix.text === "192.0.2.3/32") throw new Error("away");
    told.push(prefix.text);
  };
  const outlet = new Outlet({ name: "slow", tell }, (why) => lost.push(why));
  for (const host of [1, 2, 3, 4]) outlet.give(actionOn(`192.0.2.${host}`));
  expect(told).toEqual([]);
  go();
  await outlet.settled();
  expect(told).toEqual(["192.0.2.1/32", "192.0.2.2/32", "192.0.2.4/32"]);
  expect(lost).toEqual([new Error("away")]);
});

test("EX-43 what waits has a cap, the oldest give way, and it goes on afterwards", async () => {
  const told: string[] = [];
  const lost: unknown[] = [];
  let go = (): void => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  const tell = async ({ prefix }: { prefix: { text: string } }): Promise<void> => {
    await held;
    told.push(prefix.text);
  };
  const outlet = new Outlet({ name: "stuck", tell }, (why) => lost.push(why));
  for (let i = 0; i < maxWaitingActions + 11; i++) outlet.give(actionOn(`192.0.${i >> 8}.${i & 255}`));
  expect(lost.length).toBe(10);
  go();
  await outlet.settled();
  // The first was on its way.
  expect([told.length, told[0], told[1]]).toEqual([maxWaitingActions + 1, "192.0.0.0/32", "192.0.0.11/32"]);
  outlet.give(actionOn("198.51.100.1"));
  await outlet.settled();
  expect(told.at(-1)).toBe("198.51.100.1/32");
});
