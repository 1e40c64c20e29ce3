import type { AttackerName, Attacker, OwedPromise } from "../attackers/contract.ts";
import type { Crowding } from "../model/arrivals.ts";
import type { Milliseconds } from "../../foundation/duration.ts";
import type { ListenerWay } from "../swarm/contract.ts";
import type { Permit } from "../../wire/rehearsal.ts";

/** The bounds of every run, whatever it is asked: most listeners, longest time from T on, most processes. */
export const maxListeners = 200_000;
export const maxLastsSeconds = 6 * 3600;
export const maxProcesses = 64;
export const maxAttacks = 16;

/** What a run is asked. `Crowding` says who comes when, as a plan does; times are seconds from T unless their type says otherwise. */
export interface RunQuestion extends Crowding {
  /** How long the minute before T takes in this run; its people come in the same shape. @default what `over` is, a minute at most */
  readonly early: number;
  /** Shares that sum to 1. */
  readonly mix: Readonly<Record<ListenerWay, number>>;
  /** Share of listeners that open the page first. @default 1 */
  readonly pageShare: number;
  readonly attacks: readonly PlannedAttack[];
  readonly promises: RunPromises;
}

/** An attack in the mix, as it was asked for. */
export interface PlannedAttack {
  readonly name: AttackerName;
  readonly unit: Attacker["unit"];
  readonly strength: number;
  readonly owes: readonly OwedPromise[];
  readonly from: number;
  readonly to: number;
}

/** What an event promises its listeners, as far as a run can judge it. */
export interface RunPromises {
  /** The share of those who come that must hear it. @default 0.999 */
  readonly heard: number;
  /** First sound for 99 of 100, from their first attempt on. @default 1 s */
  readonly joinP99: Milliseconds;
  /** How far behind the moment when it could first be had 99 of 100 segments may come. @default 1 s */
  readonly behindP99: Milliseconds;
}

/** What of a permit a run has to keep to. */
export type RunPermit = Pick<Permit, "until" | "listeners">;
