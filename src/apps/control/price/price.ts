import { randomBytes } from "node:crypto";
import { Budget, type BudgetLimits } from "../../../foundation/budget.ts";
import { Problem } from "../../../foundation/errors.ts";
import type { Counter, Meter } from "../../../foundation/meter.ts";
import type { Price as PriceTold, PriceCounts, PriceDue } from "../../../wire/price.ts";
import { type PricedAct, pricedActs } from "./acts.ts";
import { Challenges, type ChallengesOptions, type Fault, type Purpose } from "./challenges.ts";
import { attemptsFor, waitFor } from "./effort.ts";
import { Pace } from "./pace.ts";
import { Patience } from "./patience.ts";
import { Payers } from "./payers.ts";

/** The most challenges made in a second; each costs a quarter of a millisecond, off the loop. Who gets none waits. */
export const maxChallengesPerSecond = 200;
/** Of one address, so that it does not use up those of others. */
export const challengeLimits: BudgetLimits = { burst: 20, perSecond: 2, what: "challenges" };

/** An act that somebody wants to do. */
export interface Wish extends Purpose {
  /** How many wait for the same: the hands that are up in the Space. @default 0 */
  readonly waiting?: number;
}

/** Who wants it. */
export interface Payer {
  /** Whom the address stands for. */
  readonly address: string;
  /** What answers a challenge, where they send one. */
  readonly payment: string | undefined;
  /** By what they need not pay, if by anything; asked only when there is a price. */
  readonly free: () => Promise<Exemption | undefined> | Exemption | undefined;
}
export type Exemption = "account" | "invite";

export interface PriceOptions extends Omit<ChallengesOptions, "forgot"> {
  readonly meter: Meter;
}

/** The price of what costs us per act: what it is now, and whether it was paid. */
export class Price {
  readonly #now: () => number;
  readonly #challenges: Challenges;
  readonly #patience = new Patience();
  readonly #payers = new Payers();
  readonly #paces = new Map<PricedAct, Pace>();
  readonly #free: Counter;
  readonly #given: Counter;
  readonly #answered: Counter;
  readonly #waited: Counter;
  readonly #refused: Counter;
  readonly #ofAddress: Budget;
  #second = 0;
  #madeInSecond = 0;

  constructor({ keys, now, meter }: PriceOptions) {
    this.#now = now;
    this.#ofAddress = new Budget(challengeLimits, randomBytes(32), now);
    const forgotten = meter.counter(
      "rostra_price_forgotten_total",
      "Answers forgotten early: they could be used again.",
    );
    this.#challenges = new Challenges({ keys, now, forgot: () => forgotten.add() });
    this.#free = meter.counter("rostra_price_free_total", "Acts without a price, by act and why.");
    this.#given = meter.counter("rostra_price_given_total", "Times a price was told, by act and class of address.");
    this.#answered = meter.counter("rostra_price_answered_total", "Acts paid by work, by act and class of address.");
    this.#waited = meter.counter("rostra_price_waited_total", "Acts paid by waiting, by act and class of address.");
    this.#refused = meter.counter("rostra_price_refused_total", "Answers refused, by act and why.");
  }

  get counts(): PriceCounts {
    return this.#payers.counts;
  }

  /** What the act costs now. Asking changes nothing. */
  async ask(wish: Wish, payer: Omit<Payer, "payment">): Promise<PriceTold> {
    const attempts = this.#attempts(wish);
    if (attempts === 0 || (await payer.free()) !== undefined) return { free: true };
    return this.#due(wish, payer.address, attempts, Math.ceil(waitFor(attempts) / 1000));
  }

  /**
   * Lets an act be done, or throws: `price-due` with what to pay, `price-refused` for an answer that is not good. At once
   * while it is free, so that what is said after it stays after it.
   */
  charge(wish: Wish, payer: Payer): void | Promise<void> {
    const attempts = this.#attempts(wish);
    if (attempts > 0) return this.#collect(wish, payer, attempts);
    this.#free.add(1, { act: wish.act, why: "calm" });
    this.#accept(wish.act);
  }

  async #collect(wish: Wish, payer: Payer, attempts: number): Promise<void> {
    const { act, space } = wish;
    const { address, payment } = payer;
    if (payment !== undefined) {
      const fault = await this.#challenges.take(payment, wish);
      if (fault) {
        this.#payers.refused();
        this.#refused.add(1, { act, why: fault });
        throw refused(fault);
      }
      this.#answered.add(1, { act, class: this.#payers.answered(address, "work") });
      return this.#accept(act);
    }
    const exemption = await payer.free();
    if (exemption !== undefined) {
      this.#free.add(1, { act, why: exemption });
      return this.#accept(act);
    }
    const left = this.#patience.ask(`${act} ${space} ${address}`, waitFor(attempts), this.#now());
    if (left === 0) {
      this.#waited.add(1, { act, class: this.#payers.answered(address, "waiting") });
      return this.#accept(act);
    }
    this.#given.add(1, { act, class: this.#payers.given(address, this.#now()) });
    throw due(await this.#due(wish, address, attempts, Math.ceil(left / 1000)));
  }

  async #due(wish: Wish, address: string, attempts: number, waitSeconds: number): Promise<PriceDue> {
    const told = { free: false, waitSeconds } as const;
    if (!this.#mayMake(address)) return told;
    return { ...told, challenge: await this.#challenges.make(wish, attempts) };
  }

  #attempts({ act, waiting = 0 }: Wish): number {
    const cameLately = this.#paces.get(act)?.lastMinute(this.#now()) ?? 0;
    return attemptsFor(Math.max(waiting, cameLately), pricedActs[act]);
  }

  #accept(act: PricedAct): void {
    const pace = this.#paces.get(act) ?? new Pace();
    this.#paces.set(act, pace);
    pace.add(this.#now());
  }

  #mayMake(address: string): boolean {
    try {
      this.#ofAddress.take(address);
    } catch {
      return false;
    }
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) this.#madeInSecond = 0;
    this.#second = second;
    return this.#madeInSecond++ < maxChallengesPerSecond;
  }
}

const due = (price: PriceDue): Problem =>
  new Problem({
    status: 429,
    code: "price-due",
    title: "Many ask for this just now",
    detail: `It has a price while many ask: a short proof of work, or ${price.waitSeconds} s of waiting.`,
    action: "Solve the challenge in `price` and send the answer with the request, or come again after the time.",
    retryAfter: price.waitSeconds,
    extension: { price },
  });

const faults: Readonly<Record<Fault, string>> = {
  malformed: "It is not an answer to a challenge.",
  stale: "Its challenge is too old, or not of this time.",
  elsewhere: "Its challenge was made for another act or another Space.",
  forged: "Its challenge was not made by this server, or has been changed.",
  spent: "Its challenge was answered before.",
  wrong: "It does not solve its challenge.",
};

const refused = (fault: Fault): Problem =>
  new Problem({
    status: 403,
    code: "price-refused",
    title: "The proof of work is not good",
    detail: faults[fault],
    action: "Send the request without it, and answer the challenge that comes back.",
  });
