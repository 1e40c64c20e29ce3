import { solveChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/web/pbkdf2";
import type { Payment, PriceChallenge } from "../../../wire/price.ts";

/** For tests: an answer as text, as clients send it. */
export const encode = (payment: unknown): string => Buffer.from(JSON.stringify(payment)).toString("base64");

/** For tests: answers a challenge as a page does, by ALTCHA's solver for browsers. */
export async function answer(challenge: PriceChallenge | undefined): Promise<Payment> {
  if (!challenge) throw new Error("there is no challenge");
  const solution = await solveChallenge({ challenge, deriveKey });
  if (!solution) throw new Error("no solution was found");
  return { challenge, solution };
}
