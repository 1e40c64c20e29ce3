import { createHmac } from "node:crypto";
import { solveChallenge } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/pbkdf2";
import { Challenges, type Purpose } from "../src/apps/control/price/challenges.ts";
import { iterations, mostAttempts } from "../src/apps/control/price/effort.ts";
import type { Payment, PriceChallenge } from "../src/wire/price.ts";

/**
 * What the price costs this server: `node bench/price.ts`. Prints how long a challenge takes to make, and an answer of each
 * kind to be taken or refused: medians of single calls, one after the other, and the CPU time of each, also that of other threads.
 */
const runs = 3000;
const keys = { challenge: Buffer.alloc(32, 1), answer: Buffer.alloc(32, 2) };
let ahead = 0;
const challenges = new Challenges({ keys, now: () => Date.now() + ahead, forgot: () => {} });
const hand: Purpose = { act: "hand", space: "abcdefghijkl" };

const encode = (payment: Payment): string => Buffer.from(JSON.stringify(payment)).toString("base64");
const solve = async (challenge: PriceChallenge): Promise<Payment> => {
  const solution = await solveChallenge({ challenge, deriveKey });
  if (!solution) throw new Error("no solution was found");
  return { challenge, solution };
};

async function measure(what: string, run: () => Promise<unknown>, times = runs): Promise<void> {
  for (let i = 0; i < times / 10; i++) await run();
  const took: number[] = [];
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) {
    const from = performance.now();
    await run();
    took.push((performance.now() - from) * 1000);
  }
  const { user, system } = process.cpuUsage(before);
  took.sort((a, b) => a - b);
  const median = took[Math.floor(took.length / 2)] ?? 0;
  const shown = (value: number): string => value.toFixed(1).padStart(8);
  console.log(`${what.padEnd(44)} median ${shown(median)} µs   CPU ${shown((user + system) / times)} µs`);
}

const expect = async (answer: string, purpose: Purpose, fault: string | undefined): Promise<void> => {
  const told = await challenges.take(answer, purpose);
  if (told !== fault) throw new Error(`"${told}" instead of "${fault}"`);
};

const made = await challenges.make(hand, 16);
const good = await solve(made);
const text = encode(good);
const forged = encode({
  ...good,
  challenge: { ...made, signature: createHmac("sha256", "somebody else's").update("x").digest("hex") },
});
await expect(text, hand, undefined);

console.log(`PBKDF2 with ${iterations} iterations, at most ${mostAttempts} attempts; Node ${process.version}`);
await measure("a challenge is made", () => challenges.make(hand, mostAttempts), 1000);
await measure("refused: not an answer at all", () => expect("eyJ".padEnd(2000, "A"), hand, "malformed"));
await measure("refused: 64 KB", () => expect("eyJ".padEnd(65_536, "A"), hand, "malformed"));
await measure("refused: another act or Space", () => expect(text, { ...hand, space: "another" }, "elsewhere"));
await measure("refused: changed, or made by another", () => expect(forged, hand, "forged"));
await measure("refused: replayed", () => expect(text, hand, "spent"));
ahead = 300_000;
await measure("refused: stale", () => expect(text, hand, "stale"));
ahead = 0;
const fresh = await Promise.all(Array.from({ length: 1200 }, () => challenges.make(hand, 16)));
const wrong = fresh.map((challenge) => encode({ challenge, solution: { counter: 0, derivedKey: "00".repeat(32) } }));
await measure("refused: does not solve its challenge", () => expect(wrong.pop() ?? "", hand, "wrong"), 1000);
const paid: string[] = [];
for (let i = 0; i < 220; i++) paid.push(encode(await solve(await challenges.make(hand, 2))));
await measure("taken", () => expect(paid.pop() ?? "", hand, undefined), 200);
