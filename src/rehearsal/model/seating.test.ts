import { describe, expect, test } from "vitest";
import { complete } from "./assumptions.ts";
import { calibration } from "./calibration.fixture.ts";
import { costsOf } from "./costs.ts";
import { aloneShare, Edge } from "./edge.ts";
import { behaviour } from "./behaviour.ts";
import { minutes } from "../../foundation/duration.ts";
import { costs, edge, onlyJoins, question, run, steadfast } from "./questions.fixture.ts";
import { people } from "./units.ts";
import { Seating } from "./seating.ts";
import { bytesPerSecond, segmentsPerSecond } from "./traffic.ts";

const streams = { stream: 1, numbered: 0, hls: 0 } as const;
/** A worker that takes 5 ms a second for itself, and 300 µs for each segment that it pulls. */
const at = { ...onlyJoins(0), idle: 0.005, upstream: 0.0003 };

function loadOf(spec: typeof edge, costs_: typeof at, count: number, mix = streams as typeof question.mix): number {
  const seating = new Seating(spec, costs_, mix);
  if (count > 0) seating.add(count, false);
  return seating.load().work;
}

describe("who is seated", () => {
  test("RH-127 a worker takes something by itself, and pulls what somebody wants and nothing else", () => {
    expect(loadOf(edge, at, 0)).toBeCloseTo(4 * 0.005, 12);
    expect(loadOf(edge, at, 400)).toBeCloseTo(4 * (0.005 + 0.0003 * segmentsPerSecond), 12);
    const both = loadOf(edge, at, 400, { stream: 0.5, numbered: 0, hls: 0.5 });
    expect(both).toBeCloseTo(4 * (0.005 + 2 * 0.0003 * segmentsPerSecond), 12);
    // Of eight workers that share the four cores each pulls for itself.
    expect(loadOf({ ...edge, workers: 8 }, at, 400)).toBeCloseTo(8 * (0.005 + 0.0003 * segmentsPerSecond), 12);
  });

  test("RH-127 below 3,000 on a worker it is pushed by chunk, at what a chunk costs, and whole from there on", () => {
    const writes = {
      ...onlyJoins(0),
      seatWork: new Float64Array(5).fill(10e-6),
      chunkWork: new Float64Array(5).fill(27e-6),
    };
    expect(loadOf(edge, { ...at, ...writes, idle: 0, upstream: 0 }, 11_000)).toBeCloseTo(11_000 * 27e-6, 12);
    expect(loadOf(edge, { ...at, ...writes, idle: 0, upstream: 0 }, 12_000)).toBeCloseTo(12_000 * 10e-6, 12);
    expect(loadOf({ ...edge, workers: 8 }, { ...at, ...writes, idle: 0, upstream: 0 }, 12_000)).toBeCloseTo(
      12_000 * 27e-6,
      12,
    );
  });

  test("RH-127 each chunk has packets and a TLS record of its own", () => {
    // 32 kbit/s and 250 bytes of boxes: chunks of 1,530 bytes, each in a record and two packets; the segment of 4,590 in one and four.
    expect(bytesPerSecond("stream", true, 3)).toBeCloseTo((3 * (1530 + 22 + 2 * 90)) / 0.96, 6);
    expect(bytesPerSecond("stream", true, 1)).toBeCloseTo((4590 + 22 + 4 * 90) / 0.96, 6);
    expect(bytesPerSecond("hls", true, 3)).toBe(bytesPerSecond("hls", true, 1));
    const weighs = { ...at, seatBytes: new Float64Array(5).fill(4), seatChunkBytes: new Float64Array(5).fill(5) };
    const bytesOf = (listeners: number): number => {
      const seating = new Seating(edge, weighs, streams);
      seating.add(listeners, false);
      return seating.load().bytes / listeners;
    };
    expect([bytesOf(11_000), bytesOf(12_000)]).toEqual([5, 4]);
  });

  test("RH-127 workers share the cores; of fewer workers than cores each has one", () => {
    const asked = { ...question, listeners: people(40_000), lasts: minutes(1), mix: streams };
    const joins = onlyJoins(0.0005);
    const busiest = (workers: number): number =>
      run({ ...asked, edge: { ...edge, workers } }, 1, joins, steadfast).curves.peak("cpuMost").value;
    expect(busiest(1)).toBe(1);
    expect(busiest(8)).toBeCloseTo(busiest(4), 6);
    expect(() => run({ ...asked, edge: { ...edge, workers: 0 } }, 1)).toThrow("workers");
  });

  test("RH-127 without levels everybody is seated for whom there is a descriptor, and the sound of all is late", () => {
    const asked = { ...question, listeners: people(200_000), lasts: minutes(1), mix: streams };
    const heavy = {
      ...onlyJoins(1e-6),
      seatWork: new Float64Array(5).fill(100e-6),
      chunkWork: new Float64Array(5).fill(100e-6),
    };
    const seated = (spec: typeof edge): number =>
      run({ ...asked, edge: spec }, 1, heavy, steadfast).curves.peak("seated").value;
    expect(seated(edge)).toBeLessThan(40_000);
    const without = run({ ...asked, edge: { ...edge, levels: false } }, 1, heavy, steadfast);
    expect(without.curves.peak("level").value).toBe(0);
    expect(without.curves.peak("seated").value).toBeGreaterThan(40_000);
    expect(without.shortSeconds).toBeGreaterThan(0);
    expect(seated({ ...edge, levels: false, descriptors: 5000 })).toBeLessThanOrEqual(20_000);
  });

  test("RH-128 who comes alone costs more, and the less so the more there is to do", () => {
    const joins = { ...onlyJoins(0.001), lone: new Float64Array(12).fill(0.001) };
    const asked = { ...question, arrivals: { shape: "ramp" }, listeners: people(3000), mix: streams } as const;
    const cpu = (listeners: number, how: typeof joins): number => {
      const { curves } = run({ ...asked, listeners: people(listeners) }, 1, how, steadfast);
      return curves.at("cpuMean", 15) * 4;
    };
    // 25 and 750 a second on each core, of one turn each.
    expect(cpu(3000, joins) / cpu(3000, onlyJoins(0.001) as typeof joins)).toBeCloseTo(1 + aloneShare(25), 1);
    expect(cpu(90_000, joins) / cpu(90_000, onlyJoins(0.001) as typeof joins)).toBeCloseTo(1 + aloneShare(750), 1);
    expect([aloneShare(0), aloneShare(500)]).toEqual([1, Math.exp(-1)]);
    // It takes nothing from those who come when there is no time left.
    const few = run({ ...asked, listeners: people(400_000) }, 1, joins, steadfast);
    expect(few.joins.total).toBeCloseTo(
      run({ ...asked, listeners: people(400_000) }, 1, onlyJoins(0.001), steadfast).joins.total,
      6,
    );
  });

  test("RH-128 a newcomer alone costs more than one of many", () => {
    const some = costs();
    expect(some.lone[0]).toBeGreaterThan(0);
    expect(some.lone[0]).toBeGreaterThan(some.lone[3] ?? Number.NaN);
    expect(new Edge(edge, some, question.mix, behaviour).level).toBe(0);
  });

  test("RH-133 where newcomers were measured whole they cost that at their pace, and others in proportion", () => {
    const paced = (pace: number, value: number) => ({ pace, value, low: value / 2, high: 2 * value, source: "a test" });
    const plain = { pageRequests: 5, paces: [paced(10, 2000), paced(1000, 500)] };
    const known = complete({ ...calibration, newcomers: { plain } });
    const [parts, whole] = [costs(), costsOf(known, "value", false, { ...behaviour, resumedNew: 0 })];
    const newcomer = whole.work[0] ?? Number.NaN;
    for (const [pace, value] of [
      [0, 2000],
      [10, 2000],
      [100, 1250],
      [1000, 500],
      [Number.POSITIVE_INFINITY, 500],
    ] as const)
      expect(whole.times(pace) * newcomer).toBeCloseTo(value / 1e6, 12);
    const most = costsOf(known, "high", false, { ...behaviour, resumedNew: 0 });
    expect(most.times(10) * (most.work[0] ?? 0)).toBeCloseTo(4000 / 1e6, 12);
    // Who has the page already costs less, by their parts; nobody costs more for coming alone.
    expect(whole.work[3]).toBe(parts.work[3]);
    expect(whole.lone.every((one) => one === 0)).toBe(true);
    // Over TLS nothing was measured: the sum of the parts.
    const secure = costsOf(known, "value", true, behaviour);
    expect(secure.times(10)).toBe(1);
    expect(secure.lone[0]).toBeGreaterThan(0);
    expect(known.assumed).toContain("loneConnection");
    expect(complete({ ...calibration, newcomers: { plain, tls: plain } }).assumed).not.toContain("loneConnection");
  });

  test("RH-133 the pace is that of one core: of as many who come, more cores take more, and more workers of one core do not", () => {
    const asked = { ...question, arrivals: { shape: "ramp" }, listeners: people(3000), mix: streams } as const;
    const joins = { ...onlyJoins(0.0002), times: (pace: number) => (pace < 50 ? 3 : 1) };
    // 100 a second: 100 and 25 to each core.
    const work = (cores: number, workers: number): number =>
      cores * run({ ...asked, edge: { ...edge, cores, workers } }, 1, joins, steadfast).curves.at("cpuMean", 15);
    expect(work(4, 4) / work(1, 1)).toBeCloseTo(3, 1);
    expect(work(1, 4) / work(1, 1)).toBeCloseTo(1, 1);
  });

  test("RH-134 the first people of a worker cost more, until it has served many", () => {
    const paces = [{ pace: 100, value: 1000, low: 1000, high: 1000, source: "a test" }];
    const warming = { value: 200_000, low: 200_000, high: 200_000, people: 200, source: "a test" };
    const known = complete({ ...calibration, newcomers: { plain: { pageRequests: 5, paces } }, warming });
    const whole = costsOf(known, "value", false, { ...behaviour, resumedNew: 0 });
    const newcomer = whole.work[0] ?? Number.NaN;
    expect(newcomer * whole.times(100)).toBeCloseTo(0.001, 12);
    expect(newcomer * whole.times(100, 0)).toBeCloseTo(0.002, 12);
    expect(newcomer * whole.times(100, 200)).toBeCloseTo(0.001 + 0.001 / Math.E, 12);
    const asked = { ...question, arrivals: { shape: "ramp" }, listeners: people(3000), mix: streams } as const;
    const work = (served: number): number => {
      const spec = { ...edge, cores: 1, workers: 1, served };
      const { curves } = run(
        { ...asked, edge: spec },
        1,
        { ...onlyJoins(0), work: whole.work, times: whole.times },
        steadfast,
      );
      return Array.from({ length: 31 }, (_, second) => curves.at("cpuMean", second)).reduce((sum, one) => sum + one, 0);
    };
    // 200 ms in all, of a worker that has just begun.
    expect(work(0) - work(1e6)).toBeCloseTo(0.2, 1);
    expect(work(0) - work(1e6)).toBeGreaterThan(0.17);
    expect(work(500) - work(1e6)).toBeLessThan(0.03);
  });
});
