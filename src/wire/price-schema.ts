import * as v from "valibot";
import type { Payment, Price, PriceChallenge, PriceDue } from "./price.ts";

/** Reads what `price.ts` describes; apart from it, so that pages load no validation. */
const hex = (most: number) => v.pipe(v.string(), v.maxLength(most), v.regex(/^(?:[0-9a-f]{2})+$/, "lower-case hex"));
const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

const challengeSchema: v.GenericSchema<PriceChallenge> = v.strictObject({
  parameters: v.strictObject({
    algorithm: v.literal("PBKDF2/SHA-256"),
    cost: whole,
    data: v.strictObject({
      for: v.pipe(v.string(), v.maxLength(32)),
      hour: whole,
      space: v.pipe(v.string(), v.maxLength(64)),
    }),
    expiresAt: whole,
    keyLength: whole,
    keyPrefix: hex(64),
    keySignature: hex(64),
    nonce: hex(32),
    salt: hex(32),
  }),
  signature: hex(64),
});

export const paymentSchema: v.GenericSchema<Payment> = v.object({
  challenge: challengeSchema,
  solution: v.object({ counter: whole, derivedKey: hex(128) }),
});

const dueSchema = v.object({
  free: v.literal(false),
  waitSeconds: v.number(),
  challenge: v.optional(challengeSchema),
}) satisfies v.GenericSchema<unknown, PriceDue>;

export const priceSchema = v.variant("free", [
  v.object({ free: v.literal(true) }),
  dueSchema,
]) satisfies v.GenericSchema<unknown, Price>;
