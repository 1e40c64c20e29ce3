import { solveChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/web/pbkdf2";
import type { Payment, PriceChallenge } from "../../src/wire/price.ts";

/** The most attempts that a challenge of ours needs are 1,024; a device that is not done by then waits instead. */
const giveUpAfterMs = 60_000;

/**
 * Answers a challenge with WebCrypto, which works in the background: the page stays awake also where there is no worker.
 * `undefined` when it cannot be answered here: without WebCrypto (a page over plain HTTP), too slow, or aborted.
 */
export async function answerTo(challenge: PriceChallenge, signal?: AbortSignal): Promise<string | undefined> {
  if (typeof crypto === "undefined" || (crypto.subtle as SubtleCrypto | undefined) === undefined) return undefined;
  const controller = new AbortController();
  signal?.addEventListener("abort", () => controller.abort());
  const solution = await solveChallenge({ challenge, deriveKey, controller, timeout: giveUpAfterMs });
  if (!solution) return undefined;
  const { counter, derivedKey } = solution;
  return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } } satisfies Payment));
}
