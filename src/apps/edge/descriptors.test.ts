import { expect, test } from "vitest";
import { mostConnections, queuesOf } from "./descriptors.ts";

test("ED-103 connections are fitted to the descriptors of the process, with room for what they need onward", () => {
  const limits = (soft: string): string =>
    `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft}                 524288               files\n`;
  expect(mostConnections(limits("20000"))).toBe(19_552);
  expect(mostConnections(limits("1024"))).toBe(576);
  expect(mostConnections(limits("256"))).toBe(128);
  expect(mostConnections(limits("1"))).toBe(1);
  expect(mostConnections(limits("unlimited"))).toBeUndefined();
  expect(mostConnections("")).toBeUndefined();
  // The queues of its ports take a few of them.
  expect(["20000", "1024", "256", "1", "unlimited"].map((soft) => queuesOf(limits(soft)))).toEqual([64, 32, 8, 1, 64]);
});
