import { createHmac, randomInt, timingSafeEqual } from "node:crypto";
import * as v from "valibot";
import { type Milliseconds, minutes } from "../../../foundation/duration.ts";
import { maxPaymentChars, type Payment, type PriceChallenge } from "../../../wire/price.ts";
import { paymentSchema } from "../../../wire/price-schema.ts";
import type { PricedAct } from "./acts.ts";
import { iterations } from "./effort.ts";
import { SpentChallenges } from "./spent.ts";

/** How long a challenge can be answered. */
export const challengeLife: Milliseconds = minutes(2);
const hourMs = 3_600_000;

/** What a challenge is for. `space`: the Space's id; empty where the act is in none. */
export interface Purpose {
  readonly act: PricedAct;
  readonly space: string;
}

/** Why an answer is not taken. */
export type Fault = "malformed" | "stale" | "elsewhere" | "forged" | "spent" | "wrong";

export interface ChallengesOptions {
  /** Two secrets that stay the same: for the challenges, and for their answers. */
  readonly keys: { readonly challenge: Buffer; readonly answer: Buffer };
  /** ms since 1970 */
  readonly now: () => number;
  /** Called when answered challenges were forgotten early, for want of room. */
  readonly forgot: () => void;
}

/**
 * Makes challenges and takes their answers, by `altcha-lib`. A challenge tells by its signature what it is for, and until
 * when, so that nothing is kept of it; only those that were answered are remembered, until they expire. Whatever can be
 * refused is refused before anything dear is done, within some 50 µs (`node bench/price.ts`).
 */
export class Challenges {
  readonly #keys: { readonly challenge: string; readonly answer: string };
  readonly #now: () => number;
  readonly #spent: SpentChallenges;
  /** What was made before is not known to be unspent. */
  readonly #startedAt: number;

  constructor({ keys, now, forgot }: ChallengesOptions) {
    this.#keys = { challenge: keys.challenge.toString("hex"), answer: keys.answer.toString("hex") };
    this.#now = now;
    this.#startedAt = now();
    this.#spent = new SpentChallenges(challengeLife, forgot);
  }

  /** A challenge whose answer is found within so many attempts, after half of them on average. */
  async make({ act, space }: Purpose, attempts: number): Promise<PriceChallenge> {
    const now = this.#now();
    const { createChallenge, deriveKey } = await library();
    const challenge = await createChallenge({
      algorithm: "PBKDF2/SHA-256",
      cost: iterations,
      counter: randomInt(attempts),
      data: { for: act, space, hour: hourOf(now) },
      deriveKey,
      expiresAt: Math.floor((now + challengeLife) / 1000),
      hmacSignatureSecret: this.#keys.challenge,
      hmacKeySignatureSecret: this.#keys.answer,
    });
    return challenge as PriceChallenge;
  }

  /** Takes an answer, once: right or wrong, its challenge is spent. `undefined` when it is good, else what is wrong with it. */
  async take(text: string, purpose: Purpose): Promise<Fault | undefined> {
    const read = this.#screen(text, purpose);
    if (typeof read === "string") return read;
    if (!read.solution.derivedKey.startsWith(read.challenge.parameters.keyPrefix)) return "wrong";
    const { verifySolution, deriveKey } = await library();
    const { verified } = await verifySolution({
      ...read,
      deriveKey,
      hmacSignatureSecret: this.#keys.challenge,
      hmacKeySignatureSecret: this.#keys.answer,
    });
    return verified ? undefined : "wrong";
  }

  /** The cheapest first. */
  #screen(text: string, { act, space }: Purpose): Payment | Fault {
    const payment = parse(text);
    if (!payment) return "malformed";
    const { parameters, signature } = payment.challenge;
    const { data, expiresAt, nonce } = parameters;
    const now = this.#now();
    const hours = hourOf(now) - data.hour;
    const madeAt = expiresAt * 1000 - challengeLife;
    if (expiresAt * 1000 <= now || madeAt > now || hours < 0 || hours > 1) return "stale";
    if (data.for !== act || data.space !== space) return "elsewhere";
    const due = createHmac("sha256", this.#keys.challenge).update(signed(parameters)).digest();
    const given = Buffer.from(signature, "hex");
    if (given.length !== due.length || !timingSafeEqual(given, due)) return "forged";
    if (madeAt + 1000 <= this.#startedAt) return "stale";
    return this.#spent.spend(nonce, now) ? payment : "spent";
  }
}

/** Loaded with the first challenge: most servers never make one. */
const library = async () => {
  const [{ createChallenge, verifySolution }, { deriveKey }] = await Promise.all([
    import("altcha-lib"),
    import("altcha-lib/algorithms/pbkdf2"),
  ]);
  return { createChallenge, verifySolution, deriveKey };
};

const hourOf = (now: number): number => Math.floor(now / hourMs);

function parse(text: string): Payment | undefined {
  if (text.length > maxPaymentChars || !text.startsWith("eyJ")) return undefined;
  try {
    const read = v.safeParse(paymentSchema, JSON.parse(Buffer.from(text, "base64").toString("utf8")), {
      abortEarly: true,
    });
    return read.success ? read.output : undefined;
  } catch {
    return undefined;
  }
}

/** What ALTCHA's signature is over: the parameters as JSON, members in the order of the alphabet. */
function signed(parameters: PriceChallenge["parameters"]): string {
  const { algorithm, cost, data, expiresAt, keyLength, keyPrefix, keySignature, nonce, salt } = parameters;
  const inOrder = { for: data.for, hour: data.hour, space: data.space };
  return JSON.stringify({
    algorithm,
    cost,
    data: inOrder,
    expiresAt,
    keyLength,
    keyPrefix,
    keySignature,
    nonce,
    salt,
  });
}
