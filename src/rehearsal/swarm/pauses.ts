import type { Random } from "../model/random.ts";

/** Upper ends of a player's pauses before its attempts, ms (`web/player/backoff.ts`, nothing being buffered). */
const pauses = [80, 500, 1000, 2000, 4000, 8000, 8000, 8000] as const;
/** That of those who have tried so often. */
const spentMs = 30_000;

/** The pause before the attempt that follows `fruitless` ones: a random part (“full jitter”) of pauses that double, up to a budget of attempts. */
export const pauseMs = (random: Random, fruitless: number): number => random() * (pauses[fruitless] ?? spentMs);
