import { expect, test } from "vitest";
import { maxPaymentChars, type Payment } from "../../../wire/price.ts";
import { challengeLife, Challenges, type Fault, type Purpose } from "./challenges.ts";
import { answer, encode } from "./challenges.test-payment.ts";
import { attemptsFor, fewestAttempts, mostAttempts, waitFor } from "./effort.ts";
import { maxSpent, SpentChallenges } from "./spent.ts";

const key = (byte: number): Buffer => Buffer.alloc(32, byte);
const hand: Purpose = { act: "hand", space: "abcdefghijkl" };

/** Challenges whose clock is ahead by `clock.ahead`. */
function shop(seed = 1) {
  const clock = { ahead: 0 };
  const keys = { challenge: key(seed), answer: key(seed + 1) };
  const now = (): number => Date.now() + clock.ahead;
  const challenges = new Challenges({ keys, now, forgot: () => {} });
  clock.ahead = 10_000; // what was made in the second of the start is not taken
  const pay = async (purpose = hand): Promise<Payment> => answer(await challenges.make(purpose, fewestAttempts));
  return { challenges, clock, pay };
}

test("CO-61 an answer is good once, also when it comes twice at the same moment", async () => {
  const { challenges, pay } = shop();
  const text = encode(await pay());
  const taken = await Promise.all([challenges.take(text, hand), challenges.take(text, hand)]);
  expect(new Set(taken)).toEqual(new Set(["spent", undefined]));
  expect(await challenges.take(text, hand)).toBe("spent");
  expect(await challenges.take(encode(await pay()), hand)).toBeUndefined();
});

test("CO-61 a challenge that was answered wrong is spent", async () => {
  const { challenges, pay } = shop();
  const good = await pay();
  const { derivedKey, counter } = good.solution;
  const lazy = { ...good, solution: { counter, derivedKey: derivedKey.slice(0, 32).padEnd(64, "0") } };
  expect(await challenges.take(encode(lazy), hand)).toBe("wrong");
  expect(await challenges.take(encode(good), hand)).toBe("spent");
  const blind = { ...(await pay()), solution: { counter: 1, derivedKey: "00".repeat(32) } };
  expect(await challenges.take(encode(blind), hand)).toBe("wrong");
});

test("CO-62 an answer is for one act, one Space, and two minutes", async () => {
  const { challenges, clock, pay } = shop();
  const text = encode(await pay());
  expect(await challenges.take(text, { ...hand, space: "mnopqrstuvwx" })).toBe("elsewhere");
  expect(await challenges.take(text, { ...hand, act: "invite" })).toBe("elsewhere");
  clock.ahead += challengeLife;
  expect(await challenges.take(text, hand)).toBe("stale");
  clock.ahead -= 3 * challengeLife;
  expect(await challenges.take(text, hand), "made ahead of time").toBe("stale");
  clock.ahead += 2 * challengeLife;
  expect(await challenges.take(text, hand)).toBeUndefined();
});

test("CO-62 what was made before a restart, for another hour, by another server, or was changed, is refused", async () => {
  const { challenges, pay } = shop();
  const good = await pay();
  const { parameters, signature } = good.challenge;
  const changed = (more: Partial<typeof parameters>): string =>
    encode({ ...good, challenge: { signature, parameters: { ...parameters, ...more } } });
  const { data, expiresAt } = parameters;
  const faults = new Map<string, Fault | undefined>([
    [changed({ data: { ...data, hour: data.hour - 2 } }), "stale"],
    [changed({ data: { ...data, hour: data.hour - 1 } }), "forged"],
    [changed({ expiresAt: expiresAt - 1 }), "forged"],
    [changed({ keyPrefix: "00" }), "forged"],
    [changed({ cost: 1 }), "forged"],
    [encode(await shop(7).pay()), "forged"],
    [encode(good), undefined],
  ]);
  for (const [text, fault] of faults) expect(await challenges.take(text, hand)).toBe(fault);

  const before = encode(await pay());
  const restarted = new Challenges({
    keys: { challenge: key(1), answer: key(2) },
    now: () => Date.now() + 12_000,
    forgot: () => {},
  });
  expect(await restarted.take(before, hand)).toBe("stale");
});

test("CO-62 what is no answer is refused, whatever it is", async () => {
  const { challenges, pay } = shop();
  const good = await pay();
  const more = {
    ...good,
    challenge: { ...good.challenge, parameters: { ...good.challenge.parameters, memoryCost: 1 } },
  };
  const bad = [
    "",
    "eyJ",
    "\0",
    encode(good).slice(0, -9),
    encode(good).padEnd(maxPaymentChars + 1, "="),
    encode([]),
    encode({ challenge: {}, solution: {} }),
    encode({ ...good, solution: { counter: -1, derivedKey: good.solution.derivedKey } }),
    encode({ ...good, solution: { counter: 1, derivedKey: 7 } }),
    encode(more),
    Buffer.from('{"__proto__":{"challenge":1}}').toString("base64"),
    "eyJ".padEnd(65_536, "A"),
  ];
  for (const text of bad) expect(await challenges.take(text, hand), text.slice(0, 60)).toBe("malformed");
});

test("CO-63 what was spent is remembered as long as it is good, and the oldest is forgotten when there is no room", () => {
  let forgotten = 0;
  const spent = new SpentChallenges(1000, () => forgotten++);
  const nonce = (n: number): string => (n * 7_919_999_999).toString(16).padStart(13, "0").padEnd(32, "0");
  const fill = (from: number): number =>
    Array.from({ length: maxSpent + 100 }, (_, n) => spent.spend(nonce(from + n), 5000)).filter((isNew) => !isNew)
      .length;
  // A few seem to be spent already.
  expect(fill(1)).toBeLessThan(100);
  expect(forgotten).toBe(1);
  expect(spent.spend(nonce(1), 5999)).toBe(false);
  fill(100_000);
  expect(forgotten, "the first ones make room").toBe(2);
  expect(spent.spend(nonce(1), 5999)).toBe(true);

  const calm = new SpentChallenges(1000, () => forgotten++);
  expect([calm.spend(nonce(1), 0), calm.spend(nonce(1), 999)]).toEqual([true, false]);
  expect([calm.spend(nonce(2), 1500), calm.spend(nonce(1), 1600)]).toEqual([true, false]);
  expect([calm.spend(nonce(2), 2400), calm.spend(nonce(2), 2499)]).toEqual([false, false]);
  expect(calm.spend(nonce(1), 9000)).toBe(true);
  expect(forgotten).toBe(2);
});

test("CO-60 the work is none while few wait, doubles with those who wait, and is capped", () => {
  const demand = { calm: 20, step: 10 };
  const efforts = [0, 19, 20, 29, 30, 40, 50, 70, 80, 90, 500, 1e9].map((waiting) => attemptsFor(waiting, demand));
  expect(efforts).toEqual([0, 0, 16, 16, 32, 64, 128, 512, 1024, 1024, 1024, 1024]);
  expect([fewestAttempts, mostAttempts]).toEqual([16, 1024]);
  expect([16, 32, 1024].map(waitFor)).toEqual([10_000, 15_000, 40_000]);
});
