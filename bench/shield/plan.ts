import { type AttackerName, attackerNames } from "../../src/rehearsal/attackers/contract.ts";
import { attackers } from "../../src/rehearsal/attackers/registry.ts";

/** Three at once, chosen so that each attacker comes in one of them. */
const triples: readonly (readonly AttackerName[])[] = [
  ["request-flood", "slow-read", "idle-connections"],
  ["api-flood", "stage-flood", "websocket-flood"],
  ["connection-churn", "hijacked-players", "fake-listeners"],
  ["slow-headers", "header-bombs", "retry-storm"],
  ["cache-busting", "wild-segments", "range-abuse"],
  ["slow-body", "api-flood", "request-flood"],
];

/** What comes at once, in one row of the table. */
export type Wave = readonly AttackerName[];
export const waves: readonly Wave[] = [...attackerNames.map((name) => [name]), ...triples];
export const waveName = (wave: Wave): string => wave.join(" + ");

/** What one attacker is asked for, and in how many processes: each has an attacker's `most` at most. */
export interface Share {
  readonly name: AttackerName;
  readonly unit: "a second" | "connections" | "listeners";
  readonly strength: number;
  readonly processes: number;
}

/**
 * What holds connections holds `times` as many as listen; what acts so many times a second does so `times` as often as it usually
 * does, in one process: two cores send no more than that beside the server that they are shared with.
 */
export async function shareOf(name: AttackerName, listeners: number, times: number): Promise<Share> {
  const { unit, usual, most } = await attackers[name]();
  if (unit === "a second") return { name, unit, strength: Math.min(most, usual * times), processes: 1 };
  const strength = listeners * times;
  return { name, unit, strength, processes: Math.ceil(strength / most) };
}

/** A botnet's addresses: 256 in 64 networks. */
export const sources: readonly string[] = Array.from(
  { length: 256 },
  (_, i) => `127.${20 + (i % 64)}.1.${1 + Math.floor(i / 64)}`,
);
