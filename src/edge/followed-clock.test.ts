import { expect, test } from "vitest";
import { manualClock } from "../foundation/clock.ts";
import { epochMs, ms } from "../foundation/duration.ts";
import { followedClock } from "./followed-clock.ts";

test("ED-56 an edge's clock follows the origin's: by the tick that came quickest, and not for a trifle", () => {
  const own = manualClock(epochMs(1_000_000));
  const clock = followedClock(own);
  expect(clock.now()).toBe(1_000_000);
  // The origin is 5 s ahead; the ticks take 40 ms, then 400, then 10.
  for (const [late, offset] of [
    [40, 4960],
    [400, 4960],
    [10, 4990],
  ] as const) {
    clock.tick(own.now() + 5000 - late);
    expect(clock.now() - own.now()).toBe(offset);
    own.advance(ms(1000));
  }
  // A tick that is quicker by a few milliseconds moves nobody.
  clock.tick(own.now() + 4999);
  expect(clock.now() - own.now()).toBe(4990);
  // The origin's clock is set back by an hour: believed when the old ticks are forgotten.
  for (let i = 0; i < 16; i++) clock.tick(own.now() - 3_600_000);
  expect(clock.now() - own.now()).toBe(-3_600_000);
});
