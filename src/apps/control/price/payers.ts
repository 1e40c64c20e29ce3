import { createHmac, randomBytes } from "node:crypto";
import type { PayerClass, PriceCounts } from "../../../wire/price.ts";

const slots = 16_384;
/** Unanswered challenges after which an address that still comes counts as one that persists. */
export const persistsAfter = 8;
/** So often half of what was left unanswered is forgiven. */
const forgiveMs = 10 * 60_000;

const zero = (): Record<PayerClass, number> => ({ new: 0, slow: 0, persisting: 0 });

/**
 * How challenges are met, by address, in constant memory (as Kill-Bots counts them: Kandula, Katabi, Jacob and Berger,
 * Surviving Organized DDoS Attacks That Mimic Flash Crowds, 2005): people answer or go away, what attacks goes on asking
 * and answers none. It is counted, and decides nothing here.
 */
export class Payers {
  readonly #key = randomBytes(32);
  readonly #unanswered = new Uint8Array(slots);
  readonly #given = zero();
  readonly #answered = zero();
  readonly #waited = zero();
  #refused = 0;
  #forgivenAt = 0;

  /** A challenge, or a wait, is told to the address. */
  given(address: string, now: number): PayerClass {
    this.#forgive(now);
    const slot = this.#slot(address);
    const left = this.#unanswered[slot] ?? 0;
    const which = classOf(left);
    this.#unanswered[slot] = Math.min(255, left + 1);
    this.#given[which]++;
    return which;
  }

  answered(address: string, by: "work" | "waiting"): PayerClass {
    const slot = this.#slot(address);
    const left = this.#unanswered[slot] ?? 0;
    const which = classOf(Math.max(0, left - 1));
    this.#unanswered[slot] = Math.max(0, left - 1);
    (by === "work" ? this.#answered : this.#waited)[which]++;
    return which;
  }

  refused(): void {
    this.#refused++;
  }

  get counts(): PriceCounts {
    return {
      given: { ...this.#given },
      answered: { ...this.#answered },
      waited: { ...this.#waited },
      refused: this.#refused,
    };
  }

  #forgive(now: number): void {
    if (now - this.#forgivenAt < forgiveMs) return;
    this.#forgivenAt = now;
    for (const [slot, left] of this.#unanswered.entries()) if (left > 0) this.#unanswered[slot] = left >> 1;
  }

  #slot(address: string): number {
    return createHmac("sha256", this.#key).update(address).digest().readUInt32BE(0) % slots;
  }
}

const classOf = (unanswered: number): PayerClass =>
  unanswered === 0 ? "new" : unanswered < persistsAfter ? "slow" : "persisting";
