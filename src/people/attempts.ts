import { createHmac, randomBytes } from "node:crypto";
import { addressSubject } from "../foundation/address.ts";
import { Problem } from "../foundation/errors.ts";

/** How failed attempts slow down the next ones. */
export interface Backoff {
  /** How many may fail before there is a wait. */
  readonly free: number;
  /** The first wait, doubled by each further failure, in ms. */
  readonly first: number;
  /** The longest wait, in ms. */
  readonly longest: number;
}

/** How many subjects are told apart; more than these share a slot with others. */
export const slots = 4096;
/** Failures are forgotten this long after the last one. */
const forgetAfterMs = 24 * 3_600_000;

/**
 * Counts attempts per subject (an address, an account, a device) in constant memory: a fixed table, indexed by a keyed
 * hash so that nobody can choose with whom to share a slot. An attempt counts as failed from its start, so that a
 * thousand at once are a thousand; a success takes it back.
 */
export class Attempts {
  readonly #backoff: Backoff;
  readonly #key = randomBytes(32);
  readonly #failures = new Uint32Array(slots);
  readonly #lastAt = new Float64Array(slots);
  readonly #closedUntil = new Float64Array(slots);

  constructor(backoff: Backoff) {
    this.#backoff = backoff;
  }

  /** Milliseconds until this subject may try again; 0 when it may now. */
  wait(subject: string, now: number): number {
    return Math.max(0, (this.#closedUntil[this.#slot(subject)] ?? 0) - now);
  }

  /** Notes the start of an attempt. */
  begin(subject: string, now: number): void {
    const slot = this.#slot(subject);
    const forgotten = now - (this.#lastAt[slot] ?? 0) > forgetAfterMs;
    const failures = (forgotten ? 0 : (this.#failures[slot] ?? 0)) + 1;
    const { free, first, longest } = this.#backoff;
    this.#failures[slot] = failures;
    this.#lastAt[slot] = now;
    if (failures >= free) this.#closedUntil[slot] = now + Math.min(longest, first * 2 ** (failures - free));
  }

  /** The attempt succeeded: the subject starts anew. */
  forgive(subject: string): void {
    const slot = this.#slot(subject);
    this.#failures[slot] = 0;
    this.#closedUntil[slot] = 0;
  }

  #slot(subject: string): number {
    return createHmac("sha256", this.#key).update(subject).digest().readUInt32BE(0) % slots;
  }
}

export interface SignInLimits {
  readonly address: Backoff;
  readonly account: Backoff;
  readonly device: Backoff;
}

export const signInLimits: SignInLimits = {
  address: { free: 10, first: 1000, longest: 15 * 60_000 },
  account: { free: 20, first: 1000, longest: 15 * 60_000 },
  device: { free: 10, first: 1000, longest: 15 * 60_000 },
};

/**
 * The gate before a password is looked at. A device on which the owner signed in before is counted by itself alone, so
 * that strangers who guess cannot lock the owner out; everybody else is counted by address and by account.
 */
export class SignInGate {
  readonly #address: Attempts;
  readonly #account: Attempts;
  readonly #device: Attempts;

  constructor(limits: SignInLimits = signInLimits) {
    this.#address = new Attempts(limits.address);
    this.#account = new Attempts(limits.account);
    this.#device = new Attempts(limits.device);
  }

  /**
   * Lets one attempt through and gives what to call when it succeeds; throws `too-many-attempts` when it must wait.
   *
   * @param device the id of a known device
   */
  enter(account: string, address: string, device: string | undefined, now: number): () => void {
    const from = addressSubject(address);
    const counted: [Attempts, string][] =
      device === undefined
        ? [
            [this.#address, from],
            [this.#account, account],
          ]
        : [[this.#device, device]];
    const wait = Math.max(...counted.map(([attempts, subject]) => attempts.wait(subject, now)));
    if (wait > 0) throw tooMany(wait);
    for (const [attempts, subject] of counted) attempts.begin(subject, now);
    return () => {
      for (const [attempts, subject] of counted) attempts.forgive(subject);
    };
  }
}

const tooMany = (waitMs: number): Problem => {
  const seconds = Math.ceil(waitMs / 1000);
  return new Problem({
    status: 429,
    code: "too-many-attempts",
    title: "Too many attempts to sign in",
    detail: `Passwords are not looked at for ${seconds} s more, from here or for this account.`,
    action:
      "Wait, or use a passkey, a device where you signed in before, or a new link by `rostra owner-link` on the server.",
    retryAfter: seconds,
  });
};
