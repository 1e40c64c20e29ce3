import { createHmac, randomBytes } from "node:crypto";
import { type CounterOf, registerCounters } from "../../edge/counters.ts";
import type { Guard } from "../../edge/guard.ts";
import type { Turns } from "../../edge/turns.ts";
import type { Clock } from "../../foundation/clock.ts";
import type { Meter } from "../../foundation/meter.ts";
import { Bulkhead, workClasses } from "../../shield/bulkhead.ts";
import { Order } from "../../shield/order.ts";
import { Shield, type ShieldOptions } from "../../shield/shield.ts";

/**
 * The shield of an edge process, and its metrics.
 * @param key the installation's, so that what edges of one installation summarise adds up. @default a random one
 * @param hear told of whom it refuses, and of whom it is told that they are ours
 */
export function makeShield(
  meter: Meter,
  key?: string,
  hear: Pick<ShieldOptions, "onRefused" | "onVouched"> = {},
): Shield & Guard {
  const shield = new Shield({ key: secretFor("shield", key), now: performance.now(), ...hear });
  shieldMetrics(meter, shield);
  return shield;
}

const secretFor = (use: string, key?: string): Buffer =>
  key === undefined ? randomBytes(32) : createHmac("sha256", key).update(`rostra ${use}`).digest();

/**
 * The turns of what an edge asks control for, and their metrics.
 * @param key the installation's: all its edges have the same order when not everybody can be served
 */
export function makeTurns(meter: Meter, shield: Shield, clock: Clock, key?: string): Turns {
  const order = new Order(secretFor("order", key), (address) => shield.behavedAt(address) >= 1);
  const bulkhead = new Bulkhead({ place: (from) => order.place(from, clock.now()) });
  const limit = meter.gauge(
    "rostra_shield_bulkhead_limit",
    "Requests that may be under way to control at once, as measured.",
  );
  const waiting = meter.gauge("rostra_shield_bulkhead_waiting", "Requests that wait for their turn, by class.");
  const refused = meter.counter("rostra_shield_bulkhead_refused_total", "Requests refused their turn, by class.");
  const share = meter.gauge("rostra_shield_accepted_ratio", "The share of requests to control accepted now, by class.");
  const told = { stage: 0, other: 0 };
  meter.onCollect(() => {
    limit.set(bulkhead.limit);
    for (const of of workClasses) {
      waiting.set(bulkhead.waiting(of), { class: of });
      share.set(bulkhead.share(of), { class: of });
      refused.add(bulkhead.refused[of] - told[of], { class: of });
      told[of] = bulkhead.refused[of];
    }
  });
  return bulkhead;
}

const counters = [
  ["admitted", "rostra_shield_admitted_total", "New connections that were let in."],
  ["later", "rostra_shield_later_total", "New connections that were told to come later."],
  ["dropped", "rostra_shield_dropped_total", "New connections that were closed at once."],
  ["behaved", "rostra_shield_behaved_total", "Connections that behaved: bytes went to them for some seconds."],
  ["spared", "rostra_shield_spared_total", "Decisions in which a busy address or prefix was not closed to all."],
  ["idleCloses", "rostra_shield_idle_closes_total", "Connections closed because their address had too many idle ones."],
  ["unwatched", "rostra_shield_unwatched_total", "New connections let in unwatched, because too many were watched."],
] as const satisfies readonly CounterOf<Record<string, number>>[];
type Counts = Record<(typeof counters)[number][0], number>;

function shieldMetrics(meter: Meter, shield: Shield): void {
  const { budgets, watched } = shield;
  const counts: Counts = { admitted: 0, later: 0, dropped: 0, behaved: 0, spared: 0, idleCloses: 0, unwatched: 0 };
  const tellCounters = registerCounters<Counts>(meter, counts, counters);
  const misdeeds = meter.counter("rostra_shield_misdeeds_total", "What clients did that costs, by what.");
  const told = new Map<string, number>();
  const watchedNow = meter.gauge("rostra_shield_watched", "New connections of which it is not known how they behave.");
  const shrunk = meter.gauge("rostra_shield_shrunk_ratio", "By how much budgets are smaller because many misbehave.");
  const heard = meter.gauge(
    "rostra_shield_edges_heard",
    "Other edges of this machine whose shields tell what they see.",
  );
  const memory = meter.gauge("rostra_shield_memory_bytes", "Memory of all that the shield knows.");
  meter.onCollect(() => {
    const { admitted, later, dropped, behaved } = shield.counts;
    const { spared } = budgets;
    const { idleCloses, overflow: unwatched } = watched;
    Object.assign(counts, { admitted, later, dropped, behaved, spared, idleCloses, unwatched });
    tellCounters();
    for (const [what, count] of Object.entries(shield.counts.misdeeds)) {
      misdeeds.add(count - (told.get(what) ?? 0), { what });
      told.set(what, count);
    }
    watchedNow.set(watched.size);
    shrunk.set(budgets.shrunkBy);
    heard.set(budgets.elsewhere.size);
    memory.set(shield.byteLength);
  });
}
