import { expect, test } from "vitest";
import { countPlaying, together } from "./playing.ts";
import { parsePrefix } from "./prefix.ts";

const prefixes = ["198.51.100.7/32", "198.51.100.0/24", "2001:db8:1:2::/64", "203.0.113.0/24"].flatMap(
  (text) => parsePrefix(text) ?? [],
);

test("EX-14 who plays is counted for each prefix, whichever way the address is written", async () => {
  const addresses = [
    "198.51.100.7",
    "::ffff:198.51.100.7",
    "198.51.100.8",
    "2001:db8:1:2::9",
    "2001:db8:1:3::9",
    "192.0.2.1",
  ];
  const { all, unknown, hits } = await countPlaying(addresses, prefixes);
  expect([all, unknown, Object.fromEntries(hits)]).toEqual([
    6,
    0,
    { "198.51.100.7/32": 2, "198.51.100.0/24": 3, "2001:db8:1:2::/64": 1, "203.0.113.0/24": 0 },
  ]);
});

test("EX-15 those of whom no address is known are counted as such", async () => {
  const { all, unknown } = await countPlaying([undefined, "nobody", "198.51.100.7"], prefixes);
  expect([all, unknown]).toEqual([3, 2]);
});

test("EX-14 others have their turns while very many are counted", async () => {
  let turns = 0;
  const turn = (): void => void (turns++, (next = setImmediate(turn)));
  let next = setImmediate(turn);
  const { all } = await countPlaying(Array<string>(20_000).fill("192.0.2.1"), prefixes);
  clearImmediate(next);
  expect(all).toBe(20_000);
  expect(turns).toBeGreaterThan(10);
});

test("EX-51 what several processes counted adds up", async () => {
  const one = await countPlaying(["198.51.100.7", undefined], prefixes);
  const { all, unknown, hits } = together([one, one, { all: 5, unknown: 0, hits: new Map() }]);
  expect([all, unknown, hits.get("198.51.100.0/24")]).toEqual([9, 2, 2]);
});
