import { createHmac, randomBytes } from "node:crypto";

/** Waits that are told apart; more share one, and then one of them comes sooner than it was told. */
const slots = 16_384;
/** Who has waited may come within this time; afterwards a wait begins anew. */
export const keptMs = 120_000;

/**
 * Who has waited for what, by address, in constant memory. One act for each wait: whoever comes first after it uses it up,
 * and the next of the same address waits again.
 */
export class Patience {
  readonly #key = randomBytes(32);
  readonly #since = new Float64Array(slots);

  /**
   * Begins to wait, or goes on. Gives how long is left, in ms; 0 when it is over, which uses it up.
   *
   * @param who the act, its Space and the address
   * @param now ms, never jumping
   */
  ask(who: string, waitMs: number, now: number): number {
    const slot = this.#slot(who);
    const since = this.#since[slot] ?? 0;
    const waited = now - since;
    if (since === 0 || waited < 0 || waited > waitMs + keptMs) {
      this.#since[slot] = now;
      return waitMs;
    }
    if (waited < waitMs) return waitMs - waited;
    this.#since[slot] = now;
    return 0;
  }

  #slot(who: string): number {
    return createHmac("sha256", this.#key).update(who).digest().readUInt32BE(0) % slots;
  }
}
