import { afterEach, expect, test, vi } from "vitest";
import { maxPauseMs, pauseMs } from "./backoff.ts";
import { createPace, leastMargin, mostMargin, type Pace } from "./pace.ts";

afterEach(() => vi.restoreAllMocks());

const judge = (pace: Pace, ahead: number, times: number): ReturnType<Pace["judge"]> => {
  let last: ReturnType<Pace["judge"]> = { rate: NaN };
  for (let i = 0; i < times; i++) last = pace.judge(ahead);
  return last;
};

test("PL-5 the start lies one arrival and the margin behind the live edge", () => {
  expect(createPace().behind(0.32)).toBeCloseTo(0.32 + leastMargin);
  expect(createPace().behind(0.96)).toBeCloseTo(0.96 + leastMargin);
});

test("PL-6 at the margin nothing is done; a little late is walked off, a little early is waited for", () => {
  expect(judge(createPace(), leastMargin, 20)).toEqual({ rate: 1 });
  const late = createPace();
  expect(judge(late, leastMargin + 0.4, 8)).toEqual({ rate: 1.05 });
  expect(judge(late, leastMargin, 8)).toEqual({ rate: 1 });
  const early = createPace();
  expect(judge(early, 0.05, 8)).toEqual({ rate: 0.97 });
  expect(judge(early, leastMargin, 8)).toEqual({ rate: 1 });
});

test("PL-6 far behind is skipped, not walked off", () => {
  expect(judge(createPace(), leastMargin + 1.5, 8)).toBe("seek");
});

test("PL-6 one late arrival among good ones changes nothing", () => {
  const pace = createPace();
  judge(pace, leastMargin, 8);
  expect(judge(pace, leastMargin + 5, 3)).toEqual({ rate: 1 });
});

test("PL-6 stalls widen the margin up to a bound, calm takes it back", () => {
  const pace = createPace();
  pace.stalled();
  expect(pace.behind(0)).toBeCloseTo(leastMargin + 0.2);
  for (let i = 0; i < 30; i++) pace.stalled();
  expect(pace.behind(0)).toBe(mostMargin);
  judge(pace, mostMargin, 190 * 60);
  expect(pace.behind(0)).toBeCloseTo(leastMargin);
});

const pauseAt = (chance: number, n: number, ahead = 0): number => {
  vi.spyOn(Math, "random").mockReturnValue(chance);
  return pauseMs(n, ahead);
};

test("PL-10 pauses grow with full jitter up to a bound, and the first is short", () => {
  expect(pauseAt(0.999, 0, 5)).toBeLessThan(80);
  expect([pauseAt(0.5, 2), pauseAt(1, 2), pauseAt(0, 3)]).toEqual([500, 1000, 0]);
  expect(pauseAt(1, 40)).toBe(maxPauseMs);
});

test("PL-16 the second attempt spreads a crowd over what each has buffered, and no further", () => {
  expect([pauseAt(1, 1, 0), pauseAt(1, 1, 0.3), pauseAt(1, 1, 3)]).toEqual([80, 80, 500]);
  expect(pauseAt(1, 1, 0.6)).toBeCloseTo(350);
});
