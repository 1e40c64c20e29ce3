import { createChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/web/pbkdf2";
import type { PriceChallenge } from "../../src/wire/price.ts";

/** For tests: a challenge that is solved by this counter. */
export async function challenge(counter = 3): Promise<PriceChallenge> {
  const made = await createChallenge({
    algorithm: "PBKDF2/SHA-256",
    cost: 10,
    counter,
    data: { for: "hand", hour: 0, space: "" },
    deriveKey,
    hmacSignatureSecret: "a",
    hmacKeySignatureSecret: "b",
  });
  return made as unknown as PriceChallenge;
}
