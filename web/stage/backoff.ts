import { type Milliseconds, ms } from "../../src/foundation/duration.ts";

const first = 300;
const longest = 8000;

/**
 * How long to wait before attempt `attempt` (1 for the first retry): doubles from 300 ms to 8 s, of which a random half
 * is taken away, so that everybody whom one fault threw out does not come back in the same moment.
 */
export function retryDelay(attempt: number, random: () => number = Math.random): Milliseconds {
  const whole = Math.min(longest, first * 2 ** (Math.max(1, attempt) - 1));
  return ms(whole / 2 + (whole / 2) * random());
}

const firstOfMany = 1000;
const longestOfMany = 60_000;

/**
 * The same for those of whom there are many and who have no place on the stage: doubles from a second to a minute, and all of
 * it is drawn (full jitter), so that a room that is out of reach is not kept there by those who want back.
 */
export const audienceDelay = (attempt: number, random: () => number = Math.random): Milliseconds =>
  ms(Math.min(longestOfMany, firstOfMany * 2 ** (Math.max(1, attempt) - 1)) * random());
