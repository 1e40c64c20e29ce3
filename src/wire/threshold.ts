/**
 * How clients of the API hear how much is accepted, so that they shed the rest themselves and refusing does not become the
 * load (B. Beyer et al.: Site Reliability Engineering, 2016, chapter 21, "Handling Overload").
 */

/**
 * Of an answer of the API while not everything is accepted: the share of requests of the asker's class (those that show who
 * asks, or all others) that is accepted now, 0.01 to 1.00. Not there when all are.
 */
export const thresholdHeader = "rostra-threshold";
/** Of a request that repeats one that was refused: which attempt it is, 2 and more. Not there on a first one. */
export const attemptHeader = "rostra-attempt";
/** Repeated requests may be so much of the first ones; a client keeps to that by itself. */
export const retryShare = 0.1;

/** A share as the header has it. */
export const writtenThreshold = (share: number): string => Math.min(1, Math.max(0.01, share)).toFixed(2);

/** The share that a header tells; 1 without one, or with one that says nothing sensible. */
export function readThreshold(header: string | null | undefined): number {
  const share = Number(header ?? 1);
  return share > 0 && share <= 1 ? share : 1;
}

/** Whether a request says that it repeats one that was refused. */
export const isRetry = (header: string | readonly string[] | undefined): boolean =>
  typeof header === "string" && /^[1-9]\d{0,3}$/.test(header) && header !== "1";
