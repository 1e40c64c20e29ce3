import { expect, test } from "vitest";
import { AllowList } from "./allow-list.ts";
import type { GuardFacts } from "./guards.ts";
import type { Offender } from "./offenders.ts";
import { parsePrefix, type Prefix } from "./prefix.ts";
import {
  dryRunMs,
  firstSeconds,
  maxRules,
  mostSeconds,
  Recommendations,
  type RecommendationsOptions,
} from "./recommendations.ts";

const prefixOf = (text: string): Prefix => {
  const prefix = parsePrefix(text);
  if (!prefix) throw new Error(text);
  return prefix;
};
const offender = (text: string, refused = 900): Offender => ({ prefix: prefixOf(text), refused, addresses: 1 });
const bare = offender("198.51.100.7");

/** Recommendations in a time of their own, with five thousand who play elsewhere. */
class Rehearsed {
  now = 1_000_000;
  readonly allowList = new AllowList(["203.0.113.0/28", "2001:db8:aaaa::/48"]);
  readonly hits = new Map<string, number>();
  playing: { all: number; unknown: number } | undefined = { all: 5000, unknown: 0 };
  busy: readonly string[] = [];
  readonly all: Recommendations;

  constructor(options?: RecommendationsOptions) {
    this.all = new Recommendations(options);
  }

  get #facts(): GuardFacts {
    const { allowList, now, busy, hits } = this;
    const playing = this.playing && { ...this.playing, hits };
    return { allowList, now, playing, isBusy: ({ text }) => busy.includes(text) };
  }

  /** Looks every five seconds for so long, with the same offenders, and gives what was told. */
  pass(ms: number, ...offenders: Offender[]): string[] {
    const told: string[] = [];
    for (const end = this.now + ms; this.now < end; this.now += 5000)
      for (const { what, prefix, seconds, guard } of this.all.step(offenders, this.#facts))
        told.push(`${what} ${prefix.text} ${guard ?? seconds}`);
    return told;
  }
}

test("EX-20 it is told first, and done when it is still so after the dry run", () => {
  const one = new Rehearsed();
  expect(one.pass(dryRunMs, bare)).toEqual(["would-block 198.51.100.7/32 60"]);
  expect(one.all.blocked).toEqual([]);
  expect(one.pass(5000, bare)).toEqual(["block 198.51.100.7/32 60"]);
  expect(one.all.blocked.map(({ text }) => text)).toEqual(["198.51.100.7/32"]);
});

test("EX-20 who stops when it is told is forgotten, and is told anew", () => {
  const one = new Rehearsed();
  one.pass(dryRunMs, bare);
  expect(one.pass(5000)).toEqual([]);
  expect(one.all.rules).toEqual([]);
  expect(one.pass(dryRunMs, bare)).toEqual(["would-block 198.51.100.7/32 60"]);
});

test("EX-20 what is told has the figures, and whom it would hit", () => {
  const one = new Rehearsed();
  one.hits.set("198.51.100.7/32", 3);
  const facts = {
    allowList: one.allowList,
    now: 0,
    isBusy: () => false,
    playing: { all: 5000, unknown: 0, hits: one.hits },
  };
  expect(one.all.step([bare], facts)).toEqual([
    {
      what: "would-block",
      prefix: bare.prefix,
      reason: "came on although refused",
      guard: undefined,
      seconds: firstSeconds,
      refused: 900,
      addresses: 1,
      hits: 3,
      of: 5000,
    },
  ]);
});

test("EX-21 everything is over by itself, each time after twice as long up to ten minutes, and what was long ago is forgotten", () => {
  const one = new Rehearsed();
  const lengths: number[] = [];
  for (let i = 0; i < 6; i++) {
    one.pass(dryRunMs + 5000, bare);
    const from = one.now - 5000;
    while (one.all.blocked.length > 0) one.pass(5000);
    lengths.push((one.now - 5000 - from) / 1000);
  }
  expect(lengths).toEqual([60, 120, 240, 480, mostSeconds, mostSeconds]);
  one.pass(20 * 60_000);
  one.pass(dryRunMs, bare);
  expect(one.pass(5000, bare)).toEqual([`block 198.51.100.7/32 ${firstSeconds}`]);
});

test.each(["198.51.0.0/16", "198.51.100.0/23", "2001:db8::/32", "2001:db8:2::/47", "0.0.0.0/0", "::/0"])(
  "EX-10 %s is too wide",
  (text) => {
    const one = new Rehearsed();
    expect(one.pass(60_000, offender(text))).toEqual([`refused-by-guard ${prefixOf(text).text} too-wide`]);
  },
);

test.each([
  "127.0.0.1",
  "127.0.0.0/24",
  "::1",
  "169.254.1.1",
  "fe80::/64",
  "255.255.255.255",
  "203.0.113.5",
  // It is not in the list, and one that is in the list is in it.
  "203.0.113.0/24",
  "2001:db8:aaaa:1::/64",
])("EX-11 %s touches the allow list", (text) => {
  const one = new Rehearsed();
  expect(one.pass(60_000, offender(text))).toEqual([`refused-by-guard ${prefixOf(text).text} allowed`]);
  expect(one.all.rules).toEqual([]);
});

test("EX-11 what is no prefix, and more than there may be, is no allow list", () => {
  expect(() => new AllowList(["10.0.0.0/8", "here"])).toThrow("here");
  expect(() => new AllowList(Array<string>(300).fill("10.0.0.0/8"))).toThrow("300 prefixes");
});

test("EX-12 an edge of our own is not shut out, nor the prefix that it is in, until an hour after it spoke last", () => {
  const one = new Rehearsed();
  one.allowList.own(prefixOf("198.51.100.7"), one.now);
  expect(one.pass(60_000, bare)).toEqual(["refused-by-guard 198.51.100.7/32 own"]);
  expect(one.pass(60_000, offender("198.51.100.0/24"))).toEqual(["refused-by-guard 198.51.100.0/24 own"]);
  one.pass(3600_000);
  expect(one.pass(5000, bare)).toEqual(["would-block 198.51.100.7/32 60"]);
});

test("EX-13 what others behave behind is not shut out, however much comes from there", () => {
  const one = new Rehearsed();
  one.busy = ["100.64.0.1/32"];
  expect(one.pass(600_000, offender("100.64.0.1", 1_000_000))).toEqual(["refused-by-guard 100.64.0.1/32 busy"]);
});

test("EX-14 more than one in a hundred who play are never hit", () => {
  const one = new Rehearsed();
  one.hits.set("198.51.100.7/32", 51);
  expect(one.pass(60_000, bare)).toEqual(["refused-by-guard 198.51.100.7/32 listeners"]);
  one.hits.set("198.51.100.7/32", 50);
  expect(one.pass(5000, bare)).toEqual(["would-block 198.51.100.7/32 60"]);
  // Where few play nobody of them is.
  const few = new Rehearsed();
  few.playing = { all: 99, unknown: 0 };
  few.hits.set("198.51.100.7/32", 1);
  expect(few.pass(5000, bare)).toEqual(["refused-by-guard 198.51.100.7/32 listeners"]);
});

test("EX-15 nobody is shut out when it is not known who plays, or where", () => {
  const one = new Rehearsed();
  one.playing = undefined;
  expect(one.pass(60_000, bare)).toEqual(["refused-by-guard 198.51.100.7/32 not-known"]);
  one.playing = { all: 5000, unknown: 51 };
  expect(one.pass(60_000, offender("198.51.100.8"))).toEqual(["refused-by-guard 198.51.100.8/32 not-known"]);
  one.playing = { all: 5000, unknown: 50 };
  expect(one.pass(5000, bare)).toEqual(["would-block 198.51.100.7/32 60"]);
});

test("EX-15 a rule that is there waits while it cannot be learned who plays: told it is not done, done it is over in its time", () => {
  const one = new Rehearsed();
  one.pass(5000, bare);
  one.playing = undefined;
  expect(one.pass(60_000, bare)).toEqual([]);
  one.playing = { all: 5000, unknown: 0 };
  expect(one.pass(5000, bare)).toEqual(["block 198.51.100.7/32 60"]);
  one.playing = undefined;
  expect(one.pass(50_000, bare)).toEqual([]);
  expect(one.pass(60_000)).toEqual(["expired 198.51.100.7/32 60"]);
});

test("EX-16 there are so many rules and no more; what is above is told once and counted", () => {
  const one = new Rehearsed();
  const many = Array.from({ length: maxRules + 10 }, (_, i) => offender(`198.51.${i}.7`));
  const told = one.pass(5000, ...many);
  expect(told.filter((line) => line.startsWith("would-block")).length).toBe(maxRules);
  expect(told.filter((line) => line.endsWith("too-many")).length).toBe(10);
  expect([one.all.rules.length, one.all.overflow]).toEqual([maxRules, 10]);
});

test("EX-22 a rule is let go of as soon as a guard is against it, told or done", () => {
  const told = new Rehearsed();
  told.pass(5000, bare);
  told.hits.set("198.51.100.7/32", 500);
  expect(told.pass(60_000, bare)).toEqual(["refused-by-guard 198.51.100.7/32 listeners"]);
  const done = new Rehearsed();
  done.pass(dryRunMs + 5000, bare);
  done.allowList.own(prefixOf("198.51.100.7"), done.now);
  expect(done.pass(60_000, bare)).toEqual(["expired 198.51.100.7/32 own"]);
  expect(done.all.rules).toEqual([]);
});

test("EX-23 what is in a prefix that is recommended is not besides, and is looked at when a guard keeps the prefix", () => {
  const wide = offender("198.51.100.0/24");
  const one = new Rehearsed();
  expect(one.pass(5000, wide, bare)).toEqual(["would-block 198.51.100.0/24 60"]);
  const kept = new Rehearsed();
  kept.hits.set("198.51.100.0/24", 200);
  expect(kept.pass(5000, wide, bare)).toEqual([
    "refused-by-guard 198.51.100.0/24 listeners",
    "would-block 198.51.100.7/32 60",
  ]);
});
