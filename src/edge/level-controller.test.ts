import { expect, test } from "vitest";
import { holdSeconds } from "../wire/levels.ts";
import type { ServiceLevel } from "../wire/state.ts";
import { LevelController, pace } from "./level-controller.ts";
import type { Limits, Usage } from "./load.ts";

const usage: Usage = { busy: 0.1, lag: 0, behind: 0, playing: 0, open: 0, memory: 80e6, sent: 0 };

/** A controller whose clock and crowd are set by hand. */
function made(limits: Limits) {
  const at = { playing: 0, now: 0 };
  const changes: { level: ServiceLevel; before: ServiceLevel; cause: string; at: number }[] = [];
  const controller = new LevelController({
    limits,
    playing: () => at.playing,
    now: () => at.now,
    onChange: ({ level, cause }, before) => changes.push({ level, before, cause, at: at.now }),
  });
  const second = (more: Partial<Usage> = {}): void => {
    at.now++;
    controller.second({ ...usage, playing: at.playing, open: at.playing, ...more });
  };
  return { at, changes, controller, second };
}

test("ED-126 three times as many as there are seats come and leave: it goes to 3 and is at 0 again within thirty seconds, once each way", () => {
  const { at, changes, controller, second } = made({ listeners: 60 });
  second();
  expect([controller.own, controller.seats]).toEqual([0, 55]);
  at.playing = 55;
  for (let i = 0; i < 5; i++) second();
  expect([controller.own, controller.cause, controller.seats]).toEqual([3, "connections", 0]);
  const left = at.now;
  at.playing = 0;
  while (controller.own > 0) second();
  expect(at.now - left).toBeLessThanOrEqual(25);
  expect(changes.map(({ level }) => level)).toEqual([3, 2, 1, 0]);
  expect(changes.map(({ cause }) => cause)).toEqual(["connections", "calm", "calm", "calm"]);
  expect(controller.cause).toBe("calm");
});

test("ED-127 the last seat is known to be taken at once, not only when the second is over; one that is free again, too", () => {
  const { at, controller, second } = made({ listeners: 100 });
  // A process that begins when thousands wait has no second to look first.
  expect([controller.own, controller.seats]).toEqual([0, 92]);
  at.playing = 92;
  expect([controller.own, controller.cause, controller.seats]).toEqual([3, "connections", 0]);
  at.playing = 90;
  second();
  expect([controller.own, controller.seats]).toEqual([2, 2]);
  at.playing = 92;
  expect([controller.own, controller.seats, controller.of()]).toEqual([3, 0, 3]);
  at.playing = 91;
  expect([controller.own, controller.seats]).toEqual([2, 1]);
});

test("ED-128 at level 3 seats are given gently: more each calm second, half as many after a full one, none while loops lag", () => {
  const { at, controller, second } = made({ listeners: 100_000 });
  at.playing = 95_000;
  second();
  at.playing = 90_000;
  const given: number[] = [];
  for (let i = 0; i < 3; i++) {
    second();
    given.push(controller.seats);
  }
  expect(controller.own).toBe(3);
  expect(given[0]).toBeGreaterThanOrEqual(pace.first);
  expect(given).toEqual(given.toSorted((a, b) => a - b));
  const before = controller.seats;
  second({ busy: 1 });
  expect(controller.seats).toBeLessThanOrEqual(before / 2 + 1);
  for (let i = 0; i < 20; i++) second({ busy: 1, lag: 0.2 });
  expect(controller.seats).toBe(pace.least);
  // A lag of half the step's: newcomers would wait for what those who play need.
  for (let i = 0; i < 3; i++) second({ busy: 1, lag: 0.6 });
  expect(controller.seats).toBe(0);
});

test("ED-129 a level that is reached again before the calm is over has not been left", () => {
  const { at, changes, second } = made({ listeners: 100 });
  for (let i = 0; i < 60; i++) {
    at.playing = i % (holdSeconds - 1) === 0 ? 93 : 60;
    second();
  }
  expect(changes.map(({ level }) => level)).toEqual([3]);
});
