import { expect, test } from "vitest";
import { maxSummaryEntries, type ShieldSummary } from "../wire/shield-summary.ts";
import { addressBudget, Budgets, halfLifeMs } from "./budgets.ts";
import { maxEdgesHeard } from "./elsewhere.ts";
import { churns, goesAtOnce, listens, Several, Visited } from "./visits.test-crowd.ts";

const nat = "100.64.0.1";
const address = (host: number): string => `10.${(host >> 16) & 255}.${(host >> 8) & 255}.${host & 255}`;

test("SH-29 what an address spends at four edges, a part at each, is one budget: all refuse it within two seconds", () => {
  const several = new Several(4);
  // Half of a budget at each.
  for (const { shield } of several.edges)
    for (let i = 0; i < addressBudget / 4; i++) shield.saw("198.51.100.7", "bad-request");
  const decisions = (): string[] => several.edges.map(({ shield }) => shield.admit("198.51.100.7"));
  expect(decisions()).toEqual(Array(4).fill("yes"));
  several.pass(2);
  expect(decisions().filter((one) => one === "yes")).toEqual([]);
  expect(several.edges.map(({ shield }) => shield.admit("198.51.100.8"))).toEqual(Array(4).fill("yes"));
});

test("SH-29 an attack that one edge sees alone is known to the others, and is forgiven there with time as well", () => {
  const several = new Several(3);
  while (!several.one.shield.saw("198.51.100.7", "undrained"));
  for (let i = 0; i < 500; i++) several.one.shield.saw("198.51.100.7", "undrained");
  several.pass(1);
  expect(several.come("198.51.100.7", listens, 2)).toBeUndefined();
  several.pass((halfLifeMs / 1000) * 6);
  expect(several.come("198.51.100.7", listens, 2)).toBeDefined();
});

test("SH-29 a summary that comes twice, late or again in another order counts once, and a lost one is made up for", () => {
  const [teller, hearer] = [new Visited(), new Visited()];
  const spend = (times: number): void => {
    for (let i = 0; i < times; i++) teller.shield.saw("198.51.100.7", "bad-request");
  };
  const told: ShieldSummary[] = [];
  for (const times of [100, 100, 100]) {
    spend(times);
    told.push(teller.shield.summary() as ShieldSummary);
  }
  const [first, second, third] = told as [ShieldSummary, ShieldSummary, ShieldSummary];
  const hash = first.addresses[0]?.[0] ?? 0;
  const known = (): number => hearer.shield.budgets.spentAt(hash);
  expect([hearer.shield.hear(first), known()]).toEqual([true, 200]);
  expect([hearer.shield.hear(first), known()]).toEqual([false, 200]);
  // The second is lost.
  expect([hearer.shield.hear(third), known()]).toEqual([true, 600]);
  expect([hearer.shield.hear(second), hearer.shield.hear(first), known()]).toEqual([false, false, 600]);
  // One's own is nothing new, and what was heard is not told on.
  expect(teller.shield.hear({ ...third, n: 99 })).toBe(false);
  expect(hearer.shield.summary()).toBeUndefined();
});

test("SH-29 a summary is short whatever goes on, and of edges without end only some are heard", () => {
  const several = new Several(2);
  several.pass(3, () => {
    for (let i = 0; i < 3000; i++) {
      const host = Math.floor(several.one.random() * 2 ** 16);
      for (let more = 0; more < 8; more++) several.edges[i % 2]?.shield.saw(address(host), "slow-request");
    }
  });
  expect(several.longest).toBeGreaterThan(2000);
  expect(several.longest).toBeLessThan(10_000);
  const { budgets } = several.one.shield;
  for (let i = 0; i < 100; i++)
    budgets.elsewhere.hear(
      { from: i.toString(16).padStart(12, "0"), n: 1, all: 1, addresses: [[i, 1, 0]], prefixes: [] },
      several.time.now,
    );
  expect(budgets.elsewhere.size).toBe(maxEdgesHeard);
  // Who is silent for a minute makes room.
  several.pass(61);
  expect(budgets.elsewhere.size).toBeLessThanOrEqual(1);
  expect(several.one.shield.summary()?.addresses.length ?? 0).toBeLessThanOrEqual(maxSummaryEntries);
});

test("SH-29 an address that behaves at one edge is told so to those where it costs, and is not closed there", () => {
  const several = new Several(2);
  for (let i = 0; i < 50; i++) several.come(nat, listens, 1);
  several.pass(5);
  for (let i = 0; i < 5 * addressBudget; i++) several.one.shield.saw(nat, "bad-request");
  expect(several.one.shield.admit(nat)).toBe("drop");
  several.pass(3);
  const decisions = Array.from({ length: 100 }, () => several.one.shield.admit(nat));
  expect(decisions).not.toContain("drop");
  expect(decisions).toContain("yes");
});

test(
  "SH-1 a million honest visitors within a minute are let in at four edges that tell each other",
  { timeout: 120_000 },
  () => {
    const several = new Several(4);
    let refused = 0;
    several.pass(60, () => {
      for (let i = 0; i < 1_000_000 / 600; i++) {
        const share = several.one.random();
        const host = Math.floor(several.one.random() * 2 ** 24);
        const from = share < 0.3 ? `100.64.${host % 4}.${(host >> 8) % 8}` : address(host);
        if (several.come(from, several.one.random() < 0.1 ? goesAtOnce : listens) === undefined) refused++;
      }
    });
    expect(refused).toBe(0);
    expect(several.edges.every(({ shield }) => shield.counts.admitted > 200_000)).toBe(true);
  },
);

test.each(["flood", "bad-request", "refused", "persisted"] as const)(
  "SH-5 who does %s behind a carrier NAT does not have it closed at any of four edges, however these tell each other",
  (what) => {
    const several = new Several(4);
    several.pass(5, () => {
      for (let i = 0; i < 50; i++) several.come(nat, listens);
    });
    several.pass(5);
    const dropped = (): number => several.edges.reduce((sum, { shield }) => sum + shield.counts.dropped, 0);
    const before = dropped();
    let [tries, seated, neighbours] = [0, 0, 0];
    several.pass(30, () => {
      // At one edge alone: the others know it only from what they are told.
      for (let i = 0; i < 400; i++) several.one.shield.saw(nat, what);
      for (let i = 0; i < 50; i++) several.come(nat, churns, 0);
      for (let i = 0; i < 4; i++) {
        tries++;
        if (several.come(nat, listens, i)) seated++;
        if (several.come("100.64.0.2", listens, i)) neighbours++;
      }
    });
    expect(dropped()).toBe(before);
    expect(seated / tries).toBeGreaterThan(0.1);
    expect(neighbours).toBe(tries);
  },
);

test("SH-5 an edge of ours behind one address with an attacker is let in often enough, at every edge", () => {
  const several = new Several(3);
  several.one.shield.vouch("203.0.113.5");
  several.pass(2);
  several.pass(10, () => {
    for (let i = 0; i < 1000; i++) several.edges[1]?.shield.saw("203.0.113.5", "undrained");
    several.come("203.0.113.5", churns, 1);
  });
  for (const { shield } of several.edges) {
    const decisions = Array.from({ length: 200 }, () => shield.admit("203.0.113.5"));
    expect(decisions).not.toContain("drop");
    expect(decisions.filter((one) => one === "yes").length).toBeGreaterThan(8);
  }
});

test("SH-4 a botnet that is spread over four edges shrinks budgets by what all of them have seen", () => {
  const several = new Several(4);
  several.pass(5, () => {
    for (let i = 0; i < 800; i++)
      several.edges[i % 4]?.shield.saw(address(Math.floor(several.one.random() * 2 ** 20)), "slow-request");
  });
  for (const { shield } of several.edges) expect(shield.budgets.shrunkBy).toBeGreaterThan(4);
  expect(new Budgets().shrunkBy).toBe(1);
});
