import { setTimeout as sleep } from "node:timers/promises";
import { seeded } from "../model/random.ts";
import type { AttackCounts, AttackOrder, AttackTold } from "./contract.ts";
import { pause } from "./pace.ts";
import { attackers } from "./registry.ts";
import { requirePermit } from "./target.ts";

/** No attack lasts longer, whatever it is told. */
export const maxAttackSeconds = 4 * 3600;
/** Local addresses that it takes turns with at most. */
export const maxSources = 1024;

/** So long a socket that was closed may take to say so, and how often it is looked, ms. */
const letGoWithinMs = 5000;
const lookMs = 5;

export const newCounts = (): AttackCounts => ({
  connected: 0,
  failed: 0,
  open: 0,
  sent: 0,
  answered: {},
  closed: 0,
  bytesSent: 0,
  bytesReceived: 0,
});

/**
 * Runs one attack from its beginning to its end, or until the signal, and then holds nothing any more. It says what it did and got
 * each second, and last at the end, which is also what it resolves with.
 *
 * @throws Problem `target-not-permitted`, before anything is sent
 */
export async function runAttack(
  order: AttackOrder,
  say: (told: AttackTold) => void,
  signal: AbortSignal,
): Promise<AttackTold> {
  requirePermit(order);
  const { name, target, beginsAt, from, to } = order;
  const attacker = await attackers[name]();
  const strength = Math.max(0, Math.min(order.strength, attacker.most));
  const sources = order.sources.slice(0, maxSources);
  const counts = newCounts();
  const told = (t: AttackTold["t"]): AttackTold => ({
    t,
    name,
    at: Math.max(0, (Date.now() - beginsAt) / 1000),
    strength,
    counts: { ...counts, answered: { ...counts.answered } },
  });
  await pause(beginsAt + from * 1000 - Date.now(), signal);
  const leftMs = Math.min(beginsAt + to * 1000 - Date.now(), maxAttackSeconds * 1000);
  if (!signal.aborted && leftMs > 0 && strength > 0) {
    const end = new AbortController();
    const stop = (): void => end.abort();
    signal.addEventListener("abort", stop, { once: true });
    const timer = setTimeout(stop, leftMs);
    const seconds = setInterval(() => say(told("second")), 1000);
    try {
      await attacker.attack({ target, strength, sources, random: seeded(order.seed, 0), counts, signal: end.signal });
    } finally {
      stop();
      await letGo(counts);
      clearTimeout(timer);
      clearInterval(seconds);
      signal.removeEventListener("abort", stop);
    }
  }
  const last = told("end");
  say(last);
  return last;
}

/** What an attack looked at beside itself (the state, the list of replays) is closed by the same signal, a little later. */
async function letGo(counts: AttackCounts): Promise<void> {
  const deadline = performance.now() + letGoWithinMs;
  while (counts.open > 0 && performance.now() < deadline) await sleep(lookMs);
}
