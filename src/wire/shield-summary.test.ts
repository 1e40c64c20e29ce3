import { expect, test } from "vitest";
import { isShieldSummary, maxSummaryEntries, type ShieldSummary } from "./shield-summary.ts";

const good: ShieldSummary = {
  from: "0123456789ab",
  n: 1,
  all: 12,
  addresses: [[2 ** 51, 12.5, 0]],
  prefixes: [],
};

test("WI-13 a shield's summary is read with all its members, and no more entries than there may be", () => {
  expect(isShieldSummary(JSON.parse(JSON.stringify(good)))).toBe(true);
  const many = Array.from({ length: maxSummaryEntries + 1 }, (_, i) => [i, 1, 1]);
  const wrong: unknown[] = [
    null,
    "summary",
    { ...good, from: "edge" },
    { ...good, n: 1.5 },
    { ...good, all: -1 },
    { ...good, all: Number.NaN },
    { ...good, addresses: undefined },
    { ...good, addresses: many },
    { ...good, addresses: [[1, 2]] },
    { ...good, addresses: [[0.5, 2, 3]] },
    { ...good, prefixes: [[1, Infinity, 3]] },
    { ...good, prefixes: [[2 ** 52, 2, 3]] },
    { ...good, prefixes: "none" },
  ];
  for (const one of wrong) expect(isShieldSummary(one), JSON.stringify(one)).toBe(false);
});
