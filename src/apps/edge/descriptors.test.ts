import { expect, test } from "vitest";
import { mostConnections } from "./descriptors.ts";

test("ED-103 connections are fitted to the descriptors of the process, with room for what they need onward", () => {
  const limits = (soft: string): string =>
    `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft}                 524288               files\n`;
  expect(mostConnections(limits("20000"))).toBe(19_680);
  expect(mostConnections(limits("1024"))).toBe(704);
  expect(mostConnections(limits("256"))).toBe(128);
  expect(mostConnections(limits("1"))).toBe(1);
  expect(mostConnections(limits("unlimited"))).toBeUndefined();
  expect(mostConnections("")).toBeUndefined();
});
