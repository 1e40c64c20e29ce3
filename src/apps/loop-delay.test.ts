import { createHistogram } from "node:perf_hooks";
import { expect, test } from "vitest";
import { LoopDelayWindow, loopWindowMs } from "./loop-delay.ts";

/** A loop that wakes after so many milliseconds, and a clock that moves by hand. */
function loop() {
  const histogram = createHistogram();
  const clock = { now: 0 };
  const window = new LoopDelayWindow(histogram, () => clock.now);
  const wakes = (afterMs: number, times = 1): void => {
    for (let i = 0; i < times; i++) histogram.record(Math.round(afterMs * 1e6));
  };
  return { clock, window, wakes };
}

test("SV-30 loop delay is that of the last whole window: what was before is forgotten", () => {
  const { window, wakes } = loop();
  wakes(20, 90);
  wakes(520, 10);
  window.turn();
  expect(window.last.p50).toBeLessThan(0.001);
  expect(window.last.p99).toBeCloseTo(0.5, 2);
  expect(window.last.max).toBeCloseTo(0.5, 2);
  wakes(20, 100);
  expect(window.last.p99).toBeCloseTo(0.5, 2);
  window.turn();
  expect(window.last).toEqual({ p50: expect.closeTo(0, 3), p99: expect.closeTo(0, 3), max: expect.closeTo(0, 3) });
});

test("SV-30 whoever reads takes nothing away from others who read", () => {
  const { window, wakes } = loop();
  wakes(120, 100);
  const first = window.last;
  expect(first.p99).toBeCloseTo(0.1, 2);
  expect(window.last).toEqual(first);
  window.turn();
  expect([window.last, window.last]).toEqual([first, first]);
});

test("SV-30 a loop that stood still tells so at the next reading, before its window was turned", () => {
  const { clock, window, wakes } = loop();
  window.turn();
  clock.now += loopWindowMs + 3000;
  wakes(3020);
  expect(window.last.max).toBeCloseTo(3, 1);
});
