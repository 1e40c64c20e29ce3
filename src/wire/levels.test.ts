import { describe, expect, test } from "vitest";
import { holdSeconds, levelSteps, mayBeSeated, nextLevel, type Standing } from "./levels.ts";

const open: Standing = { level: 0, calmSince: undefined };
const at = (level: Standing["level"]): Standing => ({ level, calmSince: undefined });

describe("levels", () => {
  test("RH-8 a level is reached at once by a resource's share or by lag, and several at once", () => {
    for (const { level, share, lag } of levelSteps) {
      expect(nextLevel(open, 0, share, 0).level).toBe(level);
      expect(nextLevel(open, 0, share - 1e-6, 0).level).toBe(level - 1);
      expect(nextLevel(open, 0, 0, lag).level).toBe(level);
    }
    expect(nextLevel(open, 0, 0.5, 0.01)).toEqual(open);
  });

  test("RH-8 it is left by one, only after everything was well below for a while, and begins anew when it was not", () => {
    let now: Standing = at(3);
    // Just below the step is not below enough.
    now = nextLevel(now, 0, 0.9, 0);
    expect(now).toEqual(at(3));
    now = nextLevel(now, 1, 0.8, 0);
    expect(now).toEqual({ level: 3, calmSince: 1 });
    now = nextLevel(now, 1 + holdSeconds - 0.1, 0.8, 0);
    expect(now.level).toBe(3);
    // A moment of lag, and the while begins again.
    now = nextLevel(now, 11, 0.8, 0.6);
    expect(now).toEqual(at(3));
    now = nextLevel(now, 12, 0.8, 0);
    now = nextLevel(now, 12 + holdSeconds, 0.8, 0);
    expect(now).toEqual({ level: 2, calmSince: 12 + holdSeconds });
    // At 0.8 level 2 is where it belongs.
    expect(nextLevel(now, 60, 0.8, 0).level).toBe(2);
  });

  test("RH-8 a share that swings around a step does not make it flap", () => {
    let [now, changes] = [open, 0];
    for (let second = 0; second < 600; second++) {
      const next = nextLevel(now, second, second % 2 === 0 ? 0.71 : 0.66, 0);
      if (next.level !== now.level) changes++;
      now = next;
    }
    expect(changes).toBe(1);
  });

  test("RH-9 newcomers are seated below level 3, at level 3 while nothing lags, at level 4 never", () => {
    expect([0, 1, 2, 3, 4].map((level) => mayBeSeated(at(level as Standing["level"]), 0))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(mayBeSeated(at(3), 0.6)).toBe(false);
    expect(mayBeSeated(at(2), 0.6)).toBe(true);
  });
});
