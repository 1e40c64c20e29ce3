import { describe, expect, test } from "vitest";
import { chanceWait } from "./chance-wait.ts";
import { Latencies } from "./latency.ts";
import { meanWait, waitQuantile } from "./queueing.ts";

describe("waiting below capacity", () => {
  test("RH-5 the mean wait is that of Pollaczek and Khinchine, worked out by hand", () => {
    // 100 jobs a second of exactly 5 ms: ρ = 0.5, λ·E[S²] = 100 · 25e-6, so 2.5 ms.
    expect(meanWait(100 * 0.005 ** 2, 0.5)).toBeCloseTo(0.0025, 12);
    // Exponential jobs of 5 ms (M/M/1): E[S²] is twice the square, and the wait is ρ/(μ − λ) = 0.5 / 100 s.
    expect(meanWait(100 * 2 * 0.005 ** 2, 0.5)).toBeCloseTo(0.5 / (200 - 100), 12);
  });

  test("RH-5 its quantiles are exact for M/M/1, and nobody waits who comes when it is idle", () => {
    // P(W > t) = ρ·e^(−(μ−λ)t): with ρ = 0.5, μ − λ = 100 a tenth waits longer than ln(5)/100 s.
    expect(waitQuantile(0.005, 0.5, 0.9)).toBeCloseTo(Math.log(5) / 100, 12);
    expect(waitQuantile(0.005, 0.5, 0.5)).toBe(0);
    expect(waitQuantile(0, 0, 0.99)).toBe(0);
  });

  test("RH-5 who comes during a push waits for half of it on average, and what pushes take is not there for others", () => {
    // Half of the core pushes for 8 ms at a time; nobody else comes.
    const alone = chanceWait({ rate: 0, service: 0.001, playing: 0.5, push: 0.008 });
    expect(alone.mean).toBeCloseTo(0.5 * 0.004, 12);
    expect(alone.service).toBeCloseTo(0.002, 12);
    // 250 a second of 1 ms on the half that is left: as 2 ms each, ρ = 0.5, 1 ms of waiting.
    expect(chanceWait({ rate: 250, service: 0.001, playing: 0.5, push: 0 }).mean).toBeCloseTo(0.001, 12);
    // A push never keeps the loop longer than its bound.
    expect(chanceWait({ rate: 0, service: 0.001, playing: 0.5, push: 5 }).mean).toBeCloseTo(0.0025, 12);
  });

  test("RH-126 who comes during a push waits for a slice of it at each of their turns, and not beyond its end", () => {
    // A fifth of the time is pushed, 200 ms at a time; nobody else comes.
    const worker = { rate: 0, service: 0.001, playing: 0.2, push: 0.2 };
    const [one, ten] = [chanceWait({ ...worker, turns: 1 }), chanceWait({ ...worker, turns: 10 })];
    expect([one.at(0.7), ten.at(0.7)]).toEqual([0, 0]);
    expect(one.at(0.99)).toBeCloseTo(0.0025, 12);
    expect(ten.at(0.99)).toBeCloseTo(0.0475, 12);
    // Of a short push only its rest is waited for: at 0.9 half of the fifth that meets one has waited for half of it at most.
    expect(chanceWait({ ...worker, push: 0.01, turns: 10 }).at(0.9)).toBeCloseTo(0.005, 12);
    expect(chanceWait({ ...worker, playing: 0, turns: 10 }).at(0.99)).toBe(0);
  });

  test("RH-126 slices are the shorter the more the others do, until they fill the loop", () => {
    const behind = (rate: number): number => {
      const worker = { rate, service: 0.001, playing: 0.2, push: 0.2, turns: 10 };
      return chanceWait(worker).at(0.99) - chanceWait({ ...worker, push: 0 }).at(0.99);
    };
    // Half of the loop: a slice of 5 ms, 5 ms of others, 2.5 ms, 2.5 ms of others … 0.02 ms: 9 slices of 10 ms in all.
    expect(behind(500)).toBeCloseTo(((0.01 * (1 - 2 ** -9)) / 9) * 9.5, 9);
    expect(behind(200)).toBeLessThan(behind(1));
    // Above two thirds each slice is longer than the one before.
    expect(behind(800)).toBeGreaterThan(behind(1));
  });

  test("RH-5 percentiles are told to a bin's width, and of nobody there is none", () => {
    const waits = new Latencies();
    expect(waits.quantile(0.5)).toBeUndefined();
    for (let i = 1; i <= 1000; i++) waits.add(i / 1000, 1);
    for (const share of [0.1, 0.5, 0.9, 0.99]) {
      expect(Math.abs(Math.log((waits.quantile(share) ?? 0) / share))).toBeLessThan(0.09);
    }
    waits.add(1e9, 1);
    expect(waits.quantile(1)).toBeLessThan(3000);
    expect(waits.total).toBe(1001);
  });

  test("RH-138 of two waits one after the other each part of one meets each part of the other", () => {
    const [first, second] = [new Latencies(), new Latencies()];
    first.add(0.01, 90);
    first.add(1, 10);
    second.add(0.02, 0.5);
    second.add(3, 0.5);
    const sum = first.followedBy(second);
    expect(sum.total).toBeCloseTo(1, 9);
    // 0.03 s for 45 of 100, 1.02 for 5, 3.01 for 45, 4 for 5; each to two bins' width.
    for (const [quantile, wait] of [
      [0.4, 0.03],
      [0.48, 1.02],
      [0.7, 3.01],
      [0.98, 4],
    ] as const)
      expect(Math.abs(Math.log((sum.quantile(quantile) ?? 0) / wait))).toBeLessThan(0.15);
  });
});
