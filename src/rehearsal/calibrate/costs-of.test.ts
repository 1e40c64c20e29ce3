import { describe, expect, test } from "vitest";
import { type Newcomers, readCalibration } from "../model/calibration.ts";
import { segmentsPerSecond } from "../model/traffic.ts";
import { reference } from "../model/reference.ts";
import { costsOf, costWords, newcomersOf, newcomerWords, warmingOf } from "./costs-of.ts";
import type { Coming, Pace, Samples, Span, Steady } from "./samples.ts";

/** What would be measured at a worker on which everything costs what is said here, µs. */
const true_ = { idle: 5000, fetch: 300, accept: 50, full: 600, resumed: 450, state: 30, page: 35, join: 80, api: 200 };
/** A chunk may well cost more than a segment, which is written to many more at once. */
const writes = { plain: { chunk: 18, segment: 13 }, tls: { chunk: 26, segment: 29 } } as const;
const three = (value: number): number[] => [value * 0.99, value, value * 1.01];
const exact = (value: number): number[] => [value, value, value];

function steady(tls: boolean, listeners: number, chunks: 1 | 3): Steady {
  const bytesPerWrite = 4590 / chunks;
  const writesPerSecond = listeners * segmentsPerSecond * chunks;
  const push = chunks === 3 ? "chunk" : "segment";
  const each = writes[tls ? "tls" : "plain"][push];
  const all = true_.idle + true_.fetch * segmentsPerSecond + writesPerSecond * each;
  return { tls, push, listeners, bytesPerWrite, writesPerSecond, windows: exact(all) };
}

const samples: Samples = {
  idle: exact(true_.idle),
  pulling: {
    renditions: 3,
    windows: exact(true_.idle + 3 * segmentsPerSecond * (true_.fetch + 3 * writes.plain.chunk)),
  },
  rounds: {
    stateKept: exact(true_.state),
    pageKept: three(true_.page),
    apiKept: exact(true_.api),
    stateAlone: exact(true_.accept + true_.state),
    streamAlone: exact(true_.accept + true_.join),
    stateTls: exact(true_.accept + true_.state + true_.full),
    stateResumed: exact(true_.accept + true_.state + true_.resumed),
  },
  steady: [steady(false, 1500, 3), steady(false, 3300, 1), steady(true, 1000, 3), steady(true, 3100, 1)],
  numbered: {
    answersPerSecond: 1000,
    windows: exact(true_.idle + true_.fetch * segmentsPerSecond + 1000 * 25),
  },
  hls: { answersPerSecond: 500, windows: exact(true_.idle + true_.fetch * segmentsPerSecond + 500 * 90) },
  coming: [coming(false, 1000, 600), coming(true, 3000, 2000)],
  first: undefined,
};

/** People of whom each takes so much, a tenth of it only when all have come. */
function coming(tls: boolean, slow: number, fast: number): Coming {
  const { idle, fetch } = true_;
  const each = writes[tls ? "tls" : "plain"].chunk * 3 * segmentsPerSecond;
  const span = (came: number, played: number, work: number): Span => {
    const busy = idle + fetch * segmentsPerSecond + played * each + work;
    return { seconds: 1, busy, came, played };
  };
  const pace = (count: number, there: number, cost: number): Pace => ({
    pace: count,
    windows: [0, 1].map((n) => span(count, there + n * count + count / 2, 0.9 * cost * count)),
    after: span(0, there + 2 * count, 2 * 0.1 * cost * count),
  });
  return { tls, pageRequests: 7, paces: [pace(20, 0, slow), pace(100, 40, fast)] };
}

describe("costs from measurements", () => {
  const costs = costsOf(samples, "a test");

  test("RH-122 what was measured at a worker of known costs gives these costs", () => {
    const value = (name: keyof typeof costs): number => costs[name]?.value ?? Number.NaN;
    expect(value("accept")).toBeCloseTo(true_.accept, 6);
    expect(value("handshakeFull")).toBeCloseTo(true_.full, 6);
    expect(value("handshakeResumed")).toBeCloseTo(true_.resumed, 6);
    expect(value("stateRequest")).toBeCloseTo(true_.state, 6);
    expect(value("pageRequest")).toBeCloseTo(true_.page, 6);
    expect(value("join")).toBeCloseTo(true_.join, 6);
    expect(value("apiCall")).toBeCloseTo(true_.api, 6);
    expect(value("workerIdle")).toBeCloseTo(true_.idle, 6);
    // A fetch and the few writes beside it are told apart to a few per cent.
    expect(value("upstreamFetch") / true_.fetch).toBeGreaterThan(0.9);
    expect(value("upstreamFetch") / true_.fetch).toBeLessThan(1.1);
    for (const [name, cost] of [
      ["write", writes.plain.segment],
      ["writeChunk", writes.plain.chunk],
      ["writeTls", writes.tls.segment],
      ["writeChunkTls", writes.tls.chunk],
    ] as const)
      expect(value(name) / cost).toBeCloseTo(1, 1);
    expect(value("numberedRequest")).toBeCloseTo(25, 0);
    expect(value("numberedRequestTls")).toBeCloseTo(25 + value("writeTls") - value("write"), 0);
    expect(value("hlsSegment")).toBeCloseTo(90, 0);
    expect(value("hlsSegmentTls")).toBeCloseTo(90 + 2 * (value("writeTls") - value("write")), 0);
  });

  test("RH-121 a write by chunk and one by segment are each what was measured of it, and a segment is a chunk where none was", () => {
    const value = (name: keyof typeof costs): number => costs[name]?.value ?? Number.NaN;
    expect(value("writeChunk")).toBeGreaterThan(value("write"));
    const chunks = costsOf({ ...samples, steady: samples.steady.filter(({ push }) => push === "chunk") }, "a test");
    expect(chunks.write?.value).toBe(chunks.writeChunk?.value);
    const segments = costsOf({ ...samples, steady: samples.steady.filter(({ push }) => push === "segment") }, "a test");
    expect([segments.writeChunk, segments.writeChunkTls]).toEqual([undefined, undefined]);
  });

  test("RH-133 a newcomer costs what the worker takes more while they come, by how many do", () => {
    const found = newcomersOf(samples, costs, "a test");
    const paces = (of: Newcomers | undefined): number[][] => (of?.paces ?? []).map(({ pace, value }) => [pace, value]);
    for (const [of, slow, fast] of [
      [found?.plain, 1000, 600],
      [found?.tls, 3000, 2000],
    ] as const) {
      const [first, second] = paces(of);
      expect(first?.[0]).toBe(20);
      // The fetch of a rendition was told apart from a few writes to a few per cent only.
      expect((first?.[1] ?? Number.NaN) / slow).toBeCloseTo(1, 1);
      expect(second?.[0]).toBe(100);
      expect((second?.[1] ?? Number.NaN) / fast).toBeCloseTo(1, 1);
      expect(of?.pageRequests).toBe(7);
    }
    const { machine } = reference;
    const record = { v: 1, name: "a test", measured: "2026-11-22", machine, costs, newcomers: found };
    expect(readCalibration(JSON.parse(JSON.stringify(record)), "it")).toEqual(record);
    expect(newcomerWords({ newcomers: found })[0]).toMatch(/^newcomer plain 20\/s +\d+ µs \(/);
    expect(newcomersOf({ ...samples, coming: [] }, costs, "a test")).toBeUndefined();
    expect(newcomersOf(samples, {}, "a test")).toBeUndefined();
  });

  test("RH-122 rounds that differ have a range, and a plan takes the record", () => {
    expect(costs.pageRequest).toMatchObject({ low: 34.6, value: 35, high: 35.4 });
    expect(costs.pageRequest?.source).toContain("a test");
    const { machine } = reference;
    const record = { v: 1, name: "a test", measured: "2026-11-22", machine, costs };
    expect(readCalibration(JSON.parse(JSON.stringify(record)), "it")).toEqual(record);
    expect(costWords("pageRequest", costs.pageRequest ?? expect.fail())).toContain("35 µs (34.6 to 35.4)");
  });

  test("RH-122 what could not be measured is left out, and memory is the program's", () => {
    const { rounds, ...rest } = samples;
    const { stateTls: _, stateResumed: __, ...some } = rounds;
    const fewer = costsOf(
      { ...rest, rounds: some, steady: samples.steady.slice(0, 2), numbered: undefined, hls: undefined },
      "a test",
    );
    expect(Object.keys(fewer)).not.toContain("handshakeFull");
    expect(Object.keys(fewer)).not.toContain("writeTls");
    expect(Object.keys(fewer)).not.toContain("numberedRequest");
    expect(fewer.write?.value).toBe(costs.write?.value);
    expect(fewer.memoryStream?.value).toBe(reference.costs.memoryStream?.value);
    expect(
      Object.keys(costsOf({ ...rest, rounds: {}, steady: [], numbered: undefined, hls: undefined }, "a test")),
    ).not.toContain("join");
  });

  test("RH-134 what the first people of a worker cost more in all, and over how many that fades, is found", () => {
    const { idle, fetch } = true_;
    const [all, people, pace] = [300_000, 150, 100];
    const more = (from: number, to: number): number => all * (Math.exp(-from / people) - Math.exp(-to / people));
    const windows = Array.from({ length: 8 }, (_, n): Span => {
      const busy = idle + fetch * segmentsPerSecond + pace * 600 + more(n * pace, (n + 1) * pace);
      return { seconds: 1, busy, came: pace, played: 0 };
    });
    const after = { seconds: 1, busy: idle + fetch * segmentsPerSecond, came: 0, played: 0 };
    const first: Coming = { tls: false, pageRequests: 7, paces: [{ pace, windows, after }] };
    const newcomers = newcomersOf(samples, costs, "a test");
    const found = warmingOf({ ...samples, first }, costs, newcomers, "a test");
    expect((found?.value ?? Number.NaN) / all).toBeCloseTo(1, 1);
    expect(Math.abs((found?.people ?? Number.NaN) - people)).toBeLessThan(15);
    expect(found!.low).toBeLessThanOrEqual(found!.value);
    expect(found!.high).toBeGreaterThanOrEqual(found!.value);
    expect(newcomerWords({ warming: found! })[0]).toMatch(/^warming +\d+ µs .* over some \d+ people$/);
    const { machine } = reference;
    const record = { v: 1, name: "a test", measured: "2026-11-22", machine, costs, newcomers, warming: found };
    expect(readCalibration(JSON.parse(JSON.stringify(record)), "it")).toEqual(record);
    // Without those who come later nobody knows what is more; and who costs no more was not cold.
    expect(warmingOf({ ...samples, first }, costs, undefined, "a test")).toBeUndefined();
    const few = windows.map((one) => ({ ...one, busy: one.busy / 2 }));
    const cheap = { ...first, paces: [{ pace, windows: few, after }] };
    expect(warmingOf({ ...samples, first: cheap }, costs, newcomers, "a test")).toBeUndefined();
  });
});
