/**
 * Waiting at one worker: one event loop, first come first served. Above its capacity the queue is a fluid (the limit of a
 * queue under load, Kurtz 1970; Newell, "Applications of Queueing Theory", 1982): what has come minus what was served.
 * Below it the chance meetings remain, and those are an M/G/1 queue.
 */

/** Above this load the formula of the steady state is not reached within a second, and the fluid queue tells the wait instead. */
export const steadyLoad = 0.98;

/**
 * Mean wait before service in M/G/1, seconds (Pollaczek 1930, Khinchine 1932): `λ·E[S²] / (2·(1 − ρ))`. With several kinds of
 * jobs `λ·E[S²]` is the sum over the kinds.
 * @param secondMoment `Σ λ·E[S²]`: jobs a second times the square of their seconds
 * @param load `ρ`: busy share of the worker, 0 to 1; counted as `steadyLoad` above that
 */
export function meanWait(secondMoment: number, load: number): number {
  return secondMoment / (2 * (1 - Math.min(load, steadyLoad)));
}

/**
 * The wait that a share `quantile` of jobs does not exceed, seconds. A job waits at all with probability `ρ`, and then
 * about exponentially long (exact in M/M/1; heavy-traffic limit of M/G/1, Kingman 1962).
 */
export function waitQuantile(mean: number, load: number, quantile: number): number {
  const rho = Math.min(load, steadyLoad);
  if (rho <= 0 || quantile <= 1 - rho) return 0;
  return (mean / rho) * Math.log(rho / (1 - quantile));
}
