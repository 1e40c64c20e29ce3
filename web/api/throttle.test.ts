import { expect, test } from "vitest";
import { Throttle } from "./throttle.ts";

test("PL-65 while all is accepted nothing is held back", () => {
  const throttle = new Throttle(() => 0);
  for (let now = 0; now < 600_000; now += 1000) {
    expect(throttle.mayAsk(now)).toBe(true);
    throttle.answered(now, true, 1);
  }
});

test("PL-65 while nothing is accepted ever less is sent, and soon after it is again all of it", () => {
  let drawn = 0;
  // Evenly spread, so that the shares are exact.
  const throttle = new Throttle(() => (drawn = (drawn + 0.618034) % 1));
  const sentOf = (from: number, count: number, accepted: boolean): number => {
    let sent = 0;
    for (let i = 0; i < count; i++) {
      const now = from + i * 1000;
      if (!throttle.mayAsk(now)) continue;
      sent++;
      throttle.answered(now, accepted, 1);
    }
    return sent;
  };
  expect(sentOf(0, 100, true)).toBe(100);
  sentOf(100_000, 200, false);
  // Some are sent still: without them nobody would hear that it is well again.
  const away = sentOf(300_000, 200, false);
  expect(away).toBeGreaterThan(0);
  expect(away).toBeLessThan(20);
  sentOf(500_000, 600, true);
  expect(sentOf(1_100_000, 100, true)).toBe(100);
});

test("PL-65 what the server says that it accepts is kept to", () => {
  const throttle = new Throttle(() => 0.5);
  throttle.mayAsk(0);
  throttle.answered(0, true, 0.2);
  expect(throttle.heldBack(0)).toBeCloseTo(0.8);
  expect(throttle.mayAsk(0)).toBe(false);
  throttle.answered(0, true, 1);
  expect(throttle.mayAsk(0)).toBe(true);
});

test("PL-66 at most a tenth of what is asked is asked again, and few at once", () => {
  const throttle = new Throttle(() => 0.999);
  let repeated = 0;
  for (let i = 0; i < 1000; i++) {
    throttle.mayAsk(i * 1000);
    if (throttle.mayRepeat()) repeated++;
  }
  expect(repeated).toBeGreaterThanOrEqual(99);
  expect(repeated).toBeLessThanOrEqual(102);
  const calm = new Throttle(() => 0.999);
  for (let i = 0; i < 1000; i++) calm.mayAsk(i);
  let atOnce = 0;
  while (calm.mayRepeat()) atOnce++;
  expect(atOnce).toBeLessThanOrEqual(3);
});
