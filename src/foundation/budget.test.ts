import { expect, test } from "vitest";
import { Budget } from "./budget.ts";

test("FO-15 an address has its budget, which grows back and never above what it was; another address has its own", () => {
  let now = 0;
  const budget = new Budget({ burst: 20, perSecond: 4, what: "changes" }, Buffer.alloc(32), () => now);
  const taken = (address: string): number => {
    for (let n = 0; n < 100; n++) {
      try {
        budget.take(address);
      } catch (thrown) {
        expect(thrown).toMatchObject({ status: 429, code: "too-many-requests", retryAfter: 1 });
        return n;
      }
    }
    return 100;
  };
  expect(taken("192.0.2.1")).toBe(20);
  expect(taken("192.0.2.1")).toBe(0);
  expect(taken("192.0.2.2")).toBe(20);
  now += 1000;
  expect(taken("192.0.2.1")).toBe(4);
  now += 3_600_000;
  expect(taken("192.0.2.1")).toBe(20);
});
