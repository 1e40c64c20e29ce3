import { type Clock } from "../foundation/clock.ts";
import { epochMs, ms } from "../foundation/duration.ts";

/** How many of the origin's ticks are looked at together. */
const ticksKept = 16;
/** The clock is corrected only when it is off by more than this, ms: who plays by it is not to be moved for nothing. */
const toleratedMs = 20;

export interface FollowedClock extends Clock {
  /** The origin said that it is `now` there, ms since 1970. */
  tick(now: number): void;
}

/**
 * The origin's clock, on a machine whose own may be off. A tick is late by as long as it was under way, and never early: of
 * the last ones the one that came quickest is the nearest to the truth (as in NTP's clock filter, RFC 5905 section 10).
 */
export function followedClock(own: Clock): FollowedClock {
  const offsets: number[] = [];
  let offset = 0;
  return {
    now: () => epochMs(own.now() + offset),
    drift: () => ms(own.drift() - offset),
    tick: (now) => {
      offsets.push(now - own.now());
      if (offsets.length > ticksKept) offsets.shift();
      const nearest = Math.max(...offsets);
      if (Math.abs(nearest - offset) > toleratedMs) offset = nearest;
    },
  };
}
