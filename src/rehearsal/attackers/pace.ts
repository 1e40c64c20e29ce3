import { setTimeout as sleep } from "node:timers/promises";

const sliceMs = 10;
/** What could not be done for so long is left out: a stalled process does not make up for it with a burst. */
const maxBehindSeconds = 1;

/**
 * Does something so many times a second until the signal: a share of it every 10 ms. `act` does it once, and says `false` when it
 * cannot now; then the slice is over and what is left of it waits, for a second at most.
 */
export async function pace(perSecond: number, signal: AbortSignal, act: () => boolean | void): Promise<void> {
  let due = 1;
  let before = performance.now();
  while (!signal.aborted) {
    const now = performance.now();
    due = Math.min(due + (perSecond * (now - before)) / 1000, Math.max(1, perSecond * maxBehindSeconds));
    before = now;
    for (; due >= 1; due--) if (act() === false) break;
    await pause(sliceMs, signal);
  }
}

/** Waits, or until the signal; never throws. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (!signal.aborted && ms > 0) await sleep(ms, undefined, { signal }).catch(() => {});
}
