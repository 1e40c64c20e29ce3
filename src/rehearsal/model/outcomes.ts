import { asker, type Costs, ender, fresh, leaf, rejoin, seat, stand } from "./costs.ts";
import type { Queue } from "./queue.ts";

/** What would become of those at the head of a queue, and what that takes. People, core-seconds, bytes. */
export interface Outcomes {
  readonly seatedFresh: number;
  readonly seatedAsker: number;
  /** Both of these. */
  readonly seatedNew: number;
  readonly seatedAgain: number;
  readonly stood: number;
  readonly leafed: number;
  /** Of both these, those who had not been turned away before. */
  readonly turnedNew: number;
  readonly ended: number;
  readonly work: number;
  readonly bytes: number;
  /** Core-seconds more, would all of them come alone. */
  readonly lone: number;
}

/**
 * Newcomers are seated while there is room for them; who was seated elsewhere while there is any; the others stand, or are
 * given the static page.
 * @param away what newcomers without a seat get
 */
export function outcomesOf(
  queue: Queue,
  costs: Costs,
  room: number,
  anyRoom: number,
  away: typeof stand | typeof leaf,
): Outcomes {
  const [news, asks, again, ended] = [queue.left(fresh), queue.left(asker), queue.left(rejoin), queue.left(ender)];
  const newcomers = news + asks;
  const share = newcomers > 0 ? Math.min(1, room / newcomers) : 0;
  const shareAgain = again > 0 ? Math.min(1, Math.max(0, anyRoom - newcomers * share) / again) : 0;
  const [seatedFresh, seatedAsker, seatedAgain] = [news * share, asks * share, again * shareAgain];
  const [awayFresh, awayAsker, awayAgain] = [news - seatedFresh, asks - seatedAsker, again - seatedAgain];
  const sum = (cost: Float64Array): number =>
    seatedFresh * (cost[fresh * 3 + seat] ?? 0) +
    awayFresh * (cost[fresh * 3 + away] ?? 0) +
    seatedAsker * (cost[asker * 3 + seat] ?? 0) +
    awayAsker * (cost[asker * 3 + away] ?? 0) +
    seatedAgain * (cost[rejoin * 3 + seat] ?? 0) +
    awayAgain * (cost[rejoin * 3 + stand] ?? 0) +
    ended * (cost[ender * 3] ?? 0);
  const turnedAway = awayFresh + awayAsker;
  return {
    seatedFresh,
    seatedAsker,
    seatedNew: seatedFresh + seatedAsker,
    seatedAgain,
    stood: awayAgain + (away === stand ? turnedAway : 0),
    leafed: away === leaf ? turnedAway : 0,
    turnedNew: awayFresh + awayAgain,
    ended,
    work: sum(costs.work),
    bytes: sum(costs.bytes),
    lone: sum(costs.lone),
  };
}
