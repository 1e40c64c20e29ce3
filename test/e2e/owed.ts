import { expect } from "vitest";
import { expectWell } from "./refusals.ts";
import type { Attacked, Noticed, UnderAttack } from "./under-attack.ts";

/** `no-gap`, `joins`, `answers`: nobody that plays missed anything or was cut off, who came had sound, and the state and the page answered. */
export function expectUnnoticed({ heard, unanswered, looks, segments }: Noticed): void {
  expect(heard.faults).toEqual([]);
  expect(heard.unheard).toEqual([]);
  expect(heard.cut).toBe(0);
  expect(heard.compared).toBeGreaterThanOrEqual(Math.max(1, segments - 2));
  expect(heard.joins.length).toBeGreaterThan(0);
  expect(looks).toBeGreaterThan(0);
  expect(unanswered).toEqual([]);
}

export interface Upstream {
  /** Renditions that are asked for meanwhile. @default 1 */
  readonly renditions?: number;
  /** Segments from before anybody listened that may be asked for once. @default 10 */
  readonly past?: number;
}

/** `origin-unmoved`: segments were asked for upstream as if nobody attacked, once for each rendition. */
export function expectOriginUnmoved(
  { fetches, segments }: Attacked,
  { renditions = 1, past = 10 }: Upstream = {},
): void {
  expect(fetches).toBeLessThanOrEqual(renditions * (segments + 2) + past);
}

/** `memory`: the edge took no more than so many bytes for it; of the default a collector that has not run yet may be all. */
export function expectWithinMemory({ used }: Noticed, most = 64 * 2 ** 20): void {
  expect(used.most - used.before).toBeLessThan(most);
}

/** The attack has left nothing behind: connections are as many as people listen, nothing was restarted, and the demo goes on. */
export async function expectNothingLeft(house: UnderAttack): Promise<void> {
  // Those that look at the state come and go.
  await house.until(/^rostra_edge_connections\b/, (now) => now <= house.listeners + 10);
  await expectWell(house.server);
}
