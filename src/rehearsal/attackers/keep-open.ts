import type { AttackContext } from "./contract.ts";
import { pace } from "./pace.ts";
import type { RawConnections } from "./raw-connections.ts";

/** Within so many seconds all are open. */
const openWithin = 2;

/**
 * Keeps as many connections open as the attack's strength says, until its signal: `open` makes one; what the target closes is
 * opened again. All are there within two seconds, and no more are made in a second than then.
 */
export async function keepOpen(context: AttackContext, connections: RawConnections, open: () => void): Promise<void> {
  const { strength, signal } = context;
  await pace(Math.max(1, strength / openWithin), signal, () => {
    if (connections.size >= strength) return false;
    open();
    return true;
  });
  await connections.ended();
}
