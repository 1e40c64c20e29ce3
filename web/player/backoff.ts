/** The longest pause between two attempts. */
export const maxPauseMs = 8000;
const basePauseMs = 250;
/** Who has enough buffered spreads the first attempts over at most so long. */
const spreadMs = 500;
/** What is kept of the buffered sound for the connection itself, ms. */
const reserveMs = 250;

/**
 * Pause before attempt `n` (0 is the first again): full jitter, so that a crowd that lost the same server does not come
 * back at the same moment. The first comes within 80 ms, the second within what is buffered: neither is heard.
 *
 * @param ahead seconds buffered
 */
export const pauseMs = (n: number, ahead: number): number =>
  Math.random() *
  (n > 1
    ? Math.min(maxPauseMs, basePauseMs * 2 ** n)
    : Math.min(spreadMs, Math.max(80, n * (ahead * 1000 - reserveMs))));

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
