import { expect, test } from "vitest";
import { Problem } from "../foundation/errors.ts";
import { AllowList } from "./allow-list.ts";
import { BlockTable, type Change } from "./block-table.ts";
import { changeScript, removalScript, tableScript } from "./nft-script.ts";

const table = (most?: number): BlockTable =>
  new BlockTable({ allowList: new AllowList(["203.0.113.0/28"]), maxEntries: most });
const plain = ({ remove, add }: Change): unknown => ({
  remove: remove.map(({ text }) => text),
  add: add && `${add.prefix.text} ${add.seconds}`,
});
function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown.code;
    throw thrown;
  }
  return "none";
}

test.each([
  ["198.51.100.0/24", 60, "none"],
  ["2001:db8::/48", 600, "none"],
  ["198.51.0.0/16", 60, "block-not-allowed"],
  ["2001:db8::/32", 60, "block-not-allowed"],
  ["0.0.0.0/0", 60, "block-not-allowed"],
  ["203.0.113.3", 60, "block-not-allowed"],
  ["203.0.113.0/24", 60, "block-not-allowed"],
  ["127.0.0.1", 60, "block-not-allowed"],
  ["198.51.100.7/24", 60, "bad-block"],
  ["198.51.100.7 timeout 1d; flush ruleset", 60, "bad-block"],
  ["198.51.100.7", 601, "bad-block"],
  ["198.51.100.7", 0, "bad-block"],
  ["198.51.100.7", 1.5, "bad-block"],
  ["198.51.100.7", Number.NaN, "bad-block"],
])("EX-30 %s for %d seconds: %s", (prefix, seconds, code) => {
  expect(codeOf(() => table().add(prefix, seconds, 0))).toBe(code);
});

test("EX-30 there are so many entries and no more, until some are over", () => {
  const one = table(3);
  for (const host of [1, 2, 3]) one.add(`198.51.100.${host}`, 60, 0);
  expect(codeOf(() => one.add("198.51.100.4", 60, 59_000))).toBe("too-many-blocks");
  expect(codeOf(() => one.add("198.51.100.4", 60, 60_000))).toBe("none");
  expect(one.size).toBe(1);
});

test("EX-32 what is blocked for as long already changes nothing, and for longer it is renewed", () => {
  const one = table();
  expect(plain(one.add("198.51.100.7", 60, 0))).toEqual({ remove: [], add: "198.51.100.7/32 60" });
  expect(plain(one.add("198.51.100.7/32", 30, 0))).toEqual({ remove: [], add: undefined });
  expect(plain(one.add("198.51.100.7", 60, 10_000))).toEqual({
    remove: ["198.51.100.7/32"],
    add: "198.51.100.7/32 60",
  });
  expect(one.left(20_000)).toMatchObject([{ seconds: 50 }]);
});

test("EX-32 what is in a new prefix becomes part of it, and what is in an old one is it already", () => {
  const one = table();
  one.add("198.51.100.7", 60, 0);
  one.add("198.51.100.8", 60, 0);
  one.add("192.0.2.1", 60, 0);
  const { remove, add } = one.add("198.51.100.0/24", 60, 0);
  expect(plain({ remove, add })).toEqual({ remove: ["198.51.100.7/32", "198.51.100.8/32"], add: "198.51.100.0/24 60" });
  expect(plain(one.add("198.51.100.9", 600, 0))).toEqual({ remove: [], add: undefined });
  expect(one.size).toBe(2);
});

test("EX-30 what is let go of is, once, and whoever was never blocked needs nothing", () => {
  const one = table();
  one.add("198.51.100.7", 60, 0);
  expect([1, 2].map(() => plain(one.remove("198.51.100.7", 1)))).toEqual([
    { remove: ["198.51.100.7/32"], add: undefined },
    { remove: [], add: undefined },
  ]);
  expect(codeOf(() => one.remove("*", 1))).toBe("bad-block");
});

test("EX-31 the script drops SYNs alone, to the ports, and touches one table alone", () => {
  const script = tableScript([8080, 443]);
  const lines = [...script.split("\n"), ...removalScript.split("\n")].filter(Boolean);
  expect(lines.every((line) => /^(?:add|delete) (?:table|set|chain|rule) inet rostra-shield\b/.test(line))).toBe(true);
  const drops = lines.filter((line) => line.endsWith("drop"));
  expect(drops.length).toBe(2);
  for (const drop of drops)
    expect(drop).toContain("tcp dport { 8080, 443 } tcp flags & (fin | syn | rst | ack) == syn");
  const change = table().add("2001:db8:1::/48", 60, 0);
  expect(changeScript(change)).toBe("add element inet rostra-shield blocked6 { 2001:db8:1::/48 timeout 60s }\n");
});
