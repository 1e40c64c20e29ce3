import { describe, expect, test } from "vitest";
import { levelSteps, nextLevel, type Standing } from "../wire/levels.ts";
import { type Limits, Load, type Pressure, type Usage } from "./load.ts";

const idle: Usage = { busy: 0.02, lag: 0, behind: 0, playing: 0, open: 0, memory: 80e6, sent: 0 };

/** What a load says after each of these seconds. */
const pressures = (seconds: readonly Partial<Usage>[], limits: Limits = {}): Pressure[] => {
  const load = new Load(limits);
  return seconds.map((second) => load.second({ ...idle, ...second }));
};
/** The highest level that these seconds reach. */
const highest = (seconds: readonly Partial<Usage>[], limits: Limits = {}): number => {
  let standing: Standing = { level: 0, calmSince: undefined };
  return pressures(seconds, limits).reduce((most, { share, lag }, i) => {
    standing = nextLevel(standing, i, share, lag);
    return Math.max(most, standing.level);
  }, 0);
};
const last = (all: readonly Pressure[]): Pressure => all.at(-1) as Pressure;
const times = (n: number, second: Partial<Usage>): Partial<Usage>[] => Array.from({ length: n }, () => second);

describe("a process that is held up", () => {
  test("ED-120 a stall changes nothing, however long: what is late has to be late for three seconds, and for five to turn anybody away", () => {
    const stall = { busy: 1, lag: 20, behind: 20 };
    expect(highest([...times(5, idle), stall, ...times(5, idle)])).toBe(0);
    // Two in a row are no lasting one either.
    expect(highest([...times(5, idle), stall, stall, ...times(5, idle)])).toBe(0);
    expect(highest([...times(5, idle), ...times(4, stall), ...times(5, idle)])).toBe(2);
    expect(highest([...times(5, idle), ...times(5, stall)])).toBe(4);
  });

  test("ED-120 a machine that is busy with something else raises an idle edge to 1 at most, by whatever lag", () => {
    expect(highest(times(30, { busy: 0.2, lag: 3 }))).toBe(1);
    expect(highest(times(30, { busy: 0.6, lag: 1.2 }))).toBe(3);
  });

  test("ED-121 a rush of two seconds at full work changes nothing, and a full loop that is in time raises to 1", () => {
    expect(highest([...times(5, idle), ...times(2, { busy: 1, lag: 0.08, behind: 1.5 }), ...times(5, idle)])).toBe(0);
    expect(highest(times(60, { busy: 1, lag: 0.02, behind: 0.3 }))).toBe(1);
    expect(last(pressures(times(60, { busy: 1 }))).cause).toBe("cpu");
  });

  test("ED-121 a full loop raises to 2 with lag that lasts, and to 3 once those who play get theirs late", () => {
    expect(highest(times(60, { busy: 1, lag: 0.15 }))).toBe(2);
    expect(highest(times(60, { busy: 1, lag: 0.02, behind: 1 }))).toBe(3);
    // Further and further behind: nobody new.
    const behind = Array.from({ length: 12 }, (_, i) => ({ busy: 1, behind: i }));
    expect(highest(behind)).toBe(4);
    expect(last(pressures(behind)).cause).toBe("loop-lag");
  });
});

describe("what there is only so much of", () => {
  test("ED-122 listeners raise through all levels; at 3 there is no room left", () => {
    const limits = { listeners: 100 };
    const at = (playing: number): Pressure => last(pressures([{ playing, open: playing }], limits));
    for (const { level, share } of levelSteps.slice(0, 3)) {
      expect(highest([{ playing: Math.ceil(share * 100) }], limits)).toBe(level);
      expect(highest([{ playing: Math.ceil(share * 100) - 1 }], limits)).toBe(level - 1);
    }
    expect([at(10).room, at(91).room, at(92).room, at(150).room]).toEqual([82, 1, 0, -58]);
    expect([at(92).cause, highest([{ playing: 98 }], limits)]).toEqual(["connections", 4]);
    // Few places: none is left exactly when it is level 3.
    for (const most of [1, 2, 3, 7, 60]) {
      const places = Math.max(1, Math.floor(most * 0.92));
      expect(highest([{ playing: places }], { listeners: most })).toBeGreaterThanOrEqual(3);
      expect(highest([{ playing: places - 1 }], { listeners: most })).toBeLessThan(3);
    }
  });

  test("ED-123 connections of those who do not play raise to 2 and no further, however many they are", () => {
    const limits = { connections: 1000 };
    expect(highest(times(30, { playing: 10, open: 1000 }), limits)).toBe(2);
    expect(highest(times(30, { playing: 930, open: 1000 }), limits)).toBe(3);
  });

  test("ED-124 memory raises through all levels, but not for an edge whose crowd has gone and whose memory has stayed", () => {
    const limits = { memory: 200e6 };
    const full = { playing: 900, open: 1000, memory: 190e6 };
    expect(highest(times(3, full), limits)).toBe(3);
    expect(highest(times(3, { ...full, memory: 198e6 }), limits)).toBe(4);
    const stayed = pressures([...times(3, full), ...times(3, { playing: 20, open: 20, memory: 189e6 })], limits);
    expect(nextLevel({ level: 0, calmSince: undefined }, 0, last(stayed).share, 0).level).toBe(2);
    expect(last(stayed).room).toBe(Number.POSITIVE_INFINITY);
    // More than there ever was is everybody's.
    expect(highest([...times(3, full), ...times(3, { open: 20, memory: 199e6 })], limits)).toBe(4);
  });

  test("ED-124 egress counts as a mean of five seconds; what was sent in the last one is what newcomers find", () => {
    const limits = { egress: 1_000_000 };
    expect(highest([...times(5, { sent: 100_000 }), { sent: 1_000_000 }, ...times(5, { sent: 100_000 })], limits)).toBe(
      0,
    );
    expect(highest(times(5, { sent: 930_000 }), limits)).toBe(3);
    expect(last(pressures(times(5, { sent: 930_000 }), limits)).cause).toBe("egress");
    // 100 listeners at 5,000 bytes a second; one more takes 6,000 at most.
    expect(last(pressures(times(5, { sent: 500_000, playing: 100 }), limits)).room).toBe(70);
    expect(
      last(pressures([...times(5, { sent: 500_000, playing: 100 }), { sent: 900_000, playing: 100 }], limits)).room,
    ).toBe(3);
  });

  test("ED-125 without limits nothing is full", () => {
    expect(last(pressures(times(9, { playing: 50_000, open: 60_000, memory: 8e9, sent: 1e9 })))).toMatchObject({
      room: Number.POSITIVE_INFINITY,
      share: 0.02,
    });
  });
});
