import { type Milliseconds, seconds } from "../../../foundation/duration.ts";
import type { Demand } from "./acts.ts";

/**
 * PBKDF2's iterations for each attempt. Chromium on this project's machine makes 6,400 attempts a second at 1,000, as many
 * as native code does there, so that whoever asks by program has no better tool than a page. With 100 it is 16,000 of
 * 22,000: below some 500 the call costs more than the work.
 */
export const iterations = 1000;
/** A phone is taken to be five times slower: 1,280 attempts a second. So at most 0.8 s there, and half of that on average. */
export const mostAttempts = 1024;
/** A hundredth of a second on a phone. */
export const fewestAttempts = 16;

/** The bound of the attempts that an act costs while so many wait; 0 while it is free. */
export function attemptsFor(waiting: number, { calm, step }: Demand): number {
  if (waiting < calm) return 0;
  return Math.min(mostAttempts, fewestAttempts * 2 ** Math.floor((waiting - calm) / step));
}

/** How long whoever has no answer waits instead: from 10 s at the lowest price to 40 s at the highest. */
export const waitFor = (attempts: number): Milliseconds =>
  seconds(10 + 5 * Math.max(0, Math.log2(attempts / fewestAttempts)));
