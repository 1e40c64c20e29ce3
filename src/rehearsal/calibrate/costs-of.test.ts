import { describe, expect, test } from "vitest";
import { readCalibration } from "../model/calibration.ts";
import { chunkBytes, segmentBytes, segmentsPerSecond } from "../model/traffic.ts";
import { reference } from "../model/reference.ts";
import { costsOf, costWords } from "./costs-of.ts";
import type { Samples, Steady } from "./samples.ts";

/** What would be measured at a worker on which everything costs what is said here, µs. */
const true_ = { idle: 5000, fetch: 300, accept: 50, full: 600, resumed: 450, state: 30, page: 35, join: 80, api: 200 };
const writeOf = (bytes: number): number => 9 + 0.001 * bytes;
const secureOf = (bytes: number): number => 15 + 0.003 * bytes;
const three = (value: number): number[] => [value * 0.99, value, value * 1.01];
const exact = (value: number): number[] => [value, value, value];

function steady(tls: boolean, listeners: number, chunks: 1 | 3): Steady {
  const bytesPerWrite = 4590 / chunks;
  const writesPerSecond = listeners * segmentsPerSecond * chunks;
  const each = (tls ? secureOf : writeOf)(bytesPerWrite);
  const all = true_.idle + true_.fetch * segmentsPerSecond + writesPerSecond * each;
  return { tls, listeners, bytesPerWrite, writesPerSecond, windows: exact(all) };
}

const samples: Samples = {
  idle: exact(true_.idle),
  pulling: {
    renditions: 3,
    windows: exact(true_.idle + 3 * segmentsPerSecond * (true_.fetch + 3 * writeOf(chunkBytes(32_000)))),
  },
  rounds: {
    stateKept: exact(true_.state),
    pageKept: three(true_.page),
    apiKept: exact(true_.api),
    stateAlone: exact(true_.accept + true_.state),
    streamAlone: exact(true_.accept + true_.join),
    stateTls: exact(true_.accept + true_.state + true_.full),
    stateResumed: exact(true_.accept + true_.state + true_.resumed),
    stateLone: exact(true_.accept + true_.state + 90),
    keptLone: exact(true_.state + 20),
  },
  steady: [steady(false, 1500, 3), steady(false, 3300, 1), steady(true, 1000, 3), steady(true, 3100, 1)],
  numbered: {
    answersPerSecond: 1000,
    windows: exact(true_.idle + true_.fetch * segmentsPerSecond + 1000 * 25),
  },
};

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
    // At 100 a second, of two turns and of one, not quite all come alone.
    expect(value("loneConnection")).toBeCloseTo(90 / Math.exp(-0.4), -0.5);
    expect(value("loneRequest")).toBeCloseTo(20 / Math.exp(-0.2), 1);
    // A fetch and the few writes beside it are told apart to a few per cent.
    expect(value("upstreamFetch") / true_.fetch).toBeGreaterThan(0.9);
    expect(value("upstreamFetch") / true_.fetch).toBeLessThan(1.1);
    for (const [name, bytes, of] of [
      ["write", segmentBytes(32_000), writeOf],
      ["writeChunk", chunkBytes(32_000), writeOf],
      ["writeTls", segmentBytes(32_000), secureOf],
      ["writeChunkTls", chunkBytes(32_000), secureOf],
    ] as const)
      expect(value(name) / of(bytes)).toBeCloseTo(1, 1);
    expect(value("numberedRequest")).toBeCloseTo(25, 0);
    expect(value("numberedRequestTls")).toBeCloseTo(25 + value("writeTls") - value("write"), 0);
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
    const fewer = costsOf({ ...rest, rounds: some, steady: samples.steady.slice(0, 2), numbered: undefined }, "a test");
    expect(Object.keys(fewer)).not.toContain("handshakeFull");
    expect(Object.keys(fewer)).not.toContain("writeTls");
    expect(Object.keys(fewer)).not.toContain("numberedRequest");
    expect(fewer.write?.value).toBe(costs.write?.value);
    expect(fewer.memoryStream?.value).toBe(reference.costs.memoryStream?.value);
    expect(Object.keys(costsOf({ ...rest, rounds: {}, steady: [], numbered: undefined }, "a test"))).not.toContain(
      "join",
    );
  });
});
