/** The longest pause between two attempts. */
export const maxPauseMs = 8000;
const basePauseMs = 250;

/**
 * Pause before attempt `n` (0 is the first again): full jitter, so that a crowd that lost the same server does not come
 * back at the same moment. The first comes within 80 ms: what is buffered then covers it.
 */
export const pauseMs = (n: number, random: () => number = Math.random): number =>
  n === 0 ? random() * 80 : random() * Math.min(maxPauseMs, basePauseMs * 2 ** n);

export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
