import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { manualClock } from "../foundation/clock.ts";
import { epochMs, ms } from "../foundation/duration.ts";
import { Scope } from "../foundation/scope.ts";
import { startTicker } from "./ticker.ts";

const epoch = epochMs(1_000_000);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function ticking(start: number): {
  run: number[];
  skipped: number[];
  scope: Scope;
  pass: (by: number) => Promise<void>;
} {
  const clock = manualClock(epochMs(start));
  const scope = new Scope();
  const run: number[] = [];
  const skipped: number[] = [];
  startTicker({ clock, epoch, scope, run: (index) => run.push(index), skipped: (frames) => skipped.push(frames) });
  const pass = async (by: number): Promise<void> => {
    clock.advance(ms(by));
    await vi.advanceTimersByTimeAsync(by);
  };
  return { run, skipped, scope, pass };
}

test("PR-1 each 20 ms since the epoch runs once, in order, from the next one on", async () => {
  const { run, pass, scope } = ticking(epoch + 105);
  for (let i = 0; i < 100; i++) await pass(1);
  expect(run).toEqual([6, 7, 8, 9, 10]);
  await scope.end();
});

test("PR-1 nothing runs before the epoch", async () => {
  const { run, pass, scope } = ticking(epoch - 2000);
  for (let i = 0; i < 1999; i++) await pass(1);
  expect(run).toEqual([]);
  await pass(1);
  expect(run).toEqual([0]);
  await scope.end();
});

test("PR-2 a timer that fires late is made up for at once, up to 200 ms", async () => {
  const { run, skipped, pass, scope } = ticking(epoch);
  await pass(20);
  await pass(190);
  expect(run).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(skipped).toEqual([]);
  await scope.end();
});

test("PR-2 more than 200 ms are skipped and told, and the clock goes on from now", async () => {
  const { run, skipped, pass, scope } = ticking(epoch);
  await pass(20);
  await pass(1000);
  expect(run).toEqual([1, 51]);
  expect(skipped).toEqual([49]);
  await pass(20);
  expect(run.at(-1)).toBe(52);
  await scope.end();
});

test("PR-2 it stops with its scope", async () => {
  const { run, pass, scope } = ticking(epoch);
  await pass(20);
  await scope.end();
  await scope.end();
  await pass(100);
  expect(run).toEqual([1]);
});
