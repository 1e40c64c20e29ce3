import { expect, test } from "vitest";
import { Meter } from "../../../foundation/meter.ts";
import type { Price as PriceTold } from "../../../wire/price.ts";
import { pricedActs } from "./acts.ts";
import { answer, encode } from "./challenges.test-payment.ts";
import { mostAttempts } from "./effort.ts";
import { exemptionOf } from "./paying.ts";
import { persistsAfter } from "./payers.ts";
import { keptMs } from "./patience.ts";
import { challengeLimits, type Exemption, maxChallengesPerSecond, Price } from "./price.ts";

const invite = { act: "invite", space: "abcdefghijkl" } as const;

/** A price whose clock the test moves, and somebody at an address who wants an invite. */
function shop() {
  const clock = { at: Date.now() };
  const meter = new Meter();
  const keys = { challenge: Buffer.alloc(32, 1), answer: Buffer.alloc(32, 2) };
  const price = new Price({ keys, meter, now: () => clock.at });
  clock.at += 10_000;
  const want = async (address: string, payment?: string, exemption?: Exemption): Promise<string> => {
    try {
      await price.charge(invite, { address, payment, free: () => exemption });
      return "done";
    } catch (thrown) {
      return (thrown as { code: string }).code;
    }
  };
  const ask = (waiting = 0, address = ""): Promise<PriceTold> =>
    price.ask({ act: "hand", space: "", waiting }, { address, free: () => undefined });
  /** Until the act has a price. */
  const crowd = async (): Promise<void> => {
    for (let n = 0; n < pricedActs.invite.calm; n++) expect(await want(`10.0.0.${n}`)).toBe("done");
  };
  const value = (line: string): number =>
    Number(meter.expose().match(new RegExp(`^${line.replaceAll(/[{}]/g, "\\$&")} (\\d+)$`, "m"))?.[1] ?? 0);
  return { clock, price, want, ask, crowd, value };
}

test("CO-60 acts are free, and done at once, until many come within a minute; then they have a price until they do not", async () => {
  const { price, want, crowd, clock, value } = shop();
  const payer = { address: "192.0.2.1", payment: undefined, free: () => undefined };
  expect(price.charge(invite, payer)).toBeUndefined();
  clock.at += 60_000;
  await crowd();
  expect(await want("192.0.2.1")).toBe("price-due");
  expect(value('rostra_price_free_total{act="invite",why="calm"}')).toBe(pricedActs.invite.calm + 1);
  clock.at += 60_000;
  expect(await want("192.0.2.1")).toBe("done");
});

test("CO-60 the more wait, the more work it is, to a cap", async () => {
  const { ask } = shop();
  /** The mean of the counters that solve: half of the bound. */
  const work = async (waiting: number): Promise<number> => {
    const counters = await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const told = await ask(waiting, `10.0.${waiting}.${n}`);
        return told.free ? 0 : (await answer(told.challenge)).solution.counter;
      }),
    );
    return counters.reduce((sum, one) => sum + one, 0) / counters.length;
  };
  const { calm, step } = pricedActs.hand;
  expect(await work(calm - 1)).toBe(0);
  const [little, much] = [await work(calm), await work(calm + 4 * step)];
  expect(little).toBeLessThan(16);
  expect(much).toBeGreaterThan(little);
  const most = await ask(1_000_000);
  expect(most.free || (await answer(most.challenge)).solution.counter).toBeLessThan(mostAttempts);
});

test("CO-64 who has an account older than a day, or an invite, pays nothing", async () => {
  const { want, crowd, value } = shop();
  await crowd();
  expect(await want("192.0.2.1", undefined, "account")).toBe("done");
  expect(await want("192.0.2.1", undefined, "invite")).toBe("done");
  expect(await want("192.0.2.1")).toBe("price-due");
  expect(value('rostra_price_free_total{act="invite",why="account"}')).toBe(1);
  const day = 86_400_000;
  expect([
    exemptionOf({ createdAt: 0 }, day - 1),
    exemptionOf({ createdAt: 0 }, day),
    exemptionOf(undefined, day),
  ]).toEqual([undefined, "account", undefined]);
});

test("CO-65 who sends no answer waits as long as was told, then is taken; once, and each address for itself", async () => {
  const { want, crowd, clock, price } = shop();
  await crowd();
  const seconds = async (address: string): Promise<number> =>
    price.charge(invite, { address, payment: undefined, free: () => undefined })?.then(
      () => 0,
      (thrown: { retryAfter: number }) => thrown.retryAfter,
    ) ?? 0;
  expect(await seconds("192.0.2.1")).toBe(10);
  clock.at += 4000;
  expect(await seconds("192.0.2.1"), "asking again does not lengthen it").toBe(6);
  expect(await want("192.0.2.2")).toBe("price-due");
  clock.at += 6000;
  expect(await want("192.0.2.2")).toBe("price-due");
  expect(await want("192.0.2.1")).toBe("done");
  expect(await want("192.0.2.1")).toBe("price-due");

  clock.at += 10_000 + keptMs + 1;
  await crowd();
  expect(await want("192.0.2.1"), "who waited long ago waits anew").toBe("price-due");
});

test("CO-65 no more challenges are made in a second than the machine has time for: the others wait", async () => {
  const { ask, clock } = shop();
  const told = await Promise.all(Array.from({ length: maxChallengesPerSecond + 20 }, (_, n) => ask(20, `10.0.0.${n}`)));
  expect(told.filter((one) => !one.free && one.challenge !== undefined)).toHaveLength(maxChallengesPerSecond);
  expect(told.every((one) => !one.free && one.waitSeconds === 10)).toBe(true);
  clock.at += 1000;
  expect(await ask(20)).toHaveProperty("challenge");

  const { burst } = challengeLimits;
  const greedy = await Promise.all(Array.from({ length: burst + 10 }, () => ask(20, "198.51.100.1")));
  expect(greedy.filter((one) => !one.free && one.challenge !== undefined)).toHaveLength(burst);
  expect(await ask(20, "198.51.100.2"), "not at the cost of others").toHaveProperty("challenge");
});

test("CO-69 how often a price was told, and answered, waited for or ignored, is counted by what the address left unanswered", async () => {
  const { want, crowd, clock, price, value } = shop();
  await crowd();
  const due = async (address: string): Promise<string> => {
    const thrown = await price.charge(invite, { address, payment: undefined, free: () => undefined })?.then(
      () => undefined,
      (problem: { extension: { price: PriceTold } }) => problem.extension.price,
    );
    if (!thrown || thrown.free) throw new Error("there is no price");
    return encode(await answer(thrown.challenge));
  };
  for (let n = 0; n < 3; n++) expect(await want("192.0.2.1", await due("192.0.2.1"))).toBe("done");
  expect(await want("192.0.2.1", "eyJ")).toBe("price-refused");
  expect(await want("192.0.2.2")).toBe("price-due");
  clock.at += 10_000;
  expect(await want("192.0.2.2")).toBe("done");
  for (let n = 0; n < persistsAfter + 3; n++) await want("198.51.100.1");

  expect(price.counts).toEqual({
    given: { new: 5, slow: persistsAfter - 1, persisting: 3 },
    answered: { new: 3, slow: 0, persisting: 0 },
    waited: { new: 1, slow: 0, persisting: 0 },
    refused: 1,
  });
  expect(value('rostra_price_given_total{act="invite",class="persisting"}')).toBe(3);
  expect(value('rostra_price_answered_total{act="invite",class="new"}')).toBe(3);
  expect(value('rostra_price_waited_total{act="invite",class="new"}')).toBe(1);
  expect(value('rostra_price_refused_total{act="invite",why="malformed"}')).toBe(1);
});
