import { type Milliseconds, ms, seconds } from "../../foundation/duration.ts";
import type { Outcome } from "./outcome.ts";

/** What an event promises its listeners, as far as a model can judge it. */
export interface Promised {
  /** The share of listeners that may be turned away for a while or give up. @default 0.001 */
  readonly turnedAway: number;
  /** Until the first sound for 99 of 100, at the server: without the network between. @default 1 s */
  readonly joinP99: Milliseconds;
  /** Until the sound is back for 99 of 100 whose edge is gone, from its end. @default 10 s */
  readonly rejoinP99: Milliseconds;
}

export const promised: Promised = { turnedAway: 0.001, joinP99: ms(1000), rejoinP99: seconds(10) };

export const promiseNames = ["seated", "join", "sound", "rejoin"] as const;
export type PromiseName = (typeof promiseNames)[number];

/** One promise held against a run. Shares of 1 (`seated`, `sound`), seconds (`join`, `rejoin`). */
export interface Judged {
  readonly name: PromiseName;
  readonly target: number;
  readonly measured: number | undefined;
  readonly held: boolean;
}

/** Rounding may leave somebody between two seats. */
const crumbs = 1e-9;

export function judge(outcome: Outcome, listeners: number, promises: Promised): Judged[] {
  // Who stood and then gave up is in both.
  const away = (outcome.turnedAway + outcome.gaveUp) / listeners;
  const short = outcome.shortSeconds / Math.max(1, listeners);
  const late = (name: "join" | "rejoin", measured: number | undefined, target: number): Judged => ({
    name,
    target,
    measured,
    held: measured !== undefined && measured <= target,
  });
  return [
    {
      name: "seated",
      target: 1 - promises.turnedAway,
      measured: Math.max(0, 1 - away),
      held: away <= promises.turnedAway,
    },
    late("join", outcome.joins.quantile(0.99), promises.joinP99 / 1000),
    { name: "sound", target: 0, measured: short, held: short <= crumbs },
    ...(outcome.orphaned > 0 ? [late("rejoin", outcome.rejoins.quantile(0.99), promises.rejoinP99 / 1000)] : []),
  ];
}

export const allHeld = (judged: readonly Judged[]): boolean => judged.every(({ held }) => held);
