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
