import type { ServiceLevel } from "./state.ts";

/** Why a level of service is what it is: the resource that is fullest, the hand of a host, or that it is calm again. */
export const levelCauses = ["loop-lag", "cpu", "connections", "memory", "egress", "by-hand", "edges", "calm"] as const;
export type LevelCause = (typeof levelCauses)[number];

/** What is told of a level: since when, ms since 1970. */
export interface LevelTold {
  readonly level: ServiceLevel;
  readonly cause: LevelCause;
  readonly at: number;
}

/** One edge at a level, as reports count edges: how many are at each level, 0 to 4. */
export const edgesByLevel = (level: ServiceLevel): number[] => [0, 1, 2, 3, 4].map((one) => Number(one === level));

/**
 * When an edge goes from level to level (design, section 3: measured resources, never a verdict): by the share of its
 * fullest resource that those who are seated use, and by the lag of its loops. Upward at once; downward by one, when both have
 * been below the step's lower edge for a while. The two edges of a step and that while keep it from flapping.
 */
export const levelSteps: readonly { readonly level: ServiceLevel; readonly share: number; readonly lag: number }[] = [
  { level: 1, share: 0.7, lag: 0.1 },
  { level: 2, share: 0.8, lag: 0.3 },
  { level: 3, share: 0.92, lag: 1 },
  { level: 4, share: 0.98, lag: 4 },
];
/** A level is left when the share is this far below its step, and the lag below half of it. */
export const releaseShare = 0.06;
export const releaseLag = 0.5;
/** How long it has to be so, seconds: from level 4 down to 0 takes less than half a minute. */
export const holdSeconds = 6;
/** The share up to which newcomers are seated. */
export const seatShare = 0.92;

/**
 * Whether newcomers are seated where there is room: below level 3 always; at level 3, who is in line as seats free, but not
 * while the loops lag; at level 4 nobody.
 */
export const mayBeSeated = ({ level }: Standing, lag: number): boolean =>
  level < 3 || (level === 3 && lag < step(3).lag * releaseLag);

/** A level, and since when (seconds) everything has been calm enough to leave it; `undefined` when it is not. */
export interface Standing {
  readonly level: ServiceLevel;
  readonly calmSince: number | undefined;
}

const step = (level: number): { readonly share: number; readonly lag: number } =>
  levelSteps[level - 1] ?? { share: 0, lag: 0 };

/**
 * The level at `now` (seconds).
 * @param share of the fullest resource, 0 to 1
 * @param lag of the loops, seconds
 */
export function nextLevel({ level, calmSince }: Standing, now: number, share: number, lag: number): Standing {
  const wanted = levelSteps.findLast((one) => share >= one.share || lag >= one.lag)?.level ?? 0;
  if (wanted > level) return { level: wanted, calmSince: undefined };
  if (level === 0) return { level, calmSince: undefined };
  const { share: from, lag: lagFrom } = step(level);
  if (share >= from - releaseShare || lag >= lagFrom * releaseLag) return { level, calmSince: undefined };
  if (calmSince === undefined) return { level, calmSince: now };
  if (now - calmSince < holdSeconds) return { level, calmSince };
  return { level: (level - 1) as ServiceLevel, calmSince: now };
}
