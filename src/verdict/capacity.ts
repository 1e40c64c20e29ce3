import { costs } from "./explained.ts";

/** What a rehearsal has proven: that so many may play and so many join in a second, with every promise kept. */
export interface Capacity {
  readonly players: number;
  readonly joinsPerSecond: number;
  /** Which rehearsal proved it, in words. */
  readonly provedBy: string;
}

/** What a newcomer costs until there is sound: page, state, join, and their connections; ms of processor. */
const newcomerCost = costs.join + 7 * costs.request + 3 * costs.connection;

/** The load that was proven, ms of processor a second. */
export const provenLoad = ({ players, joinsPerSecond }: Capacity): number =>
  players * costs.listenerSecond + joinsPerSecond * newcomerCost;
