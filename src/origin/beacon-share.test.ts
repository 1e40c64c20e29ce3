import { expect, test } from "vitest";
import { beaconEveryMs, maxBeaconHalvings } from "../wire/state.ts";
import { beaconError, beaconsWanted, BeaconShare, shareBelievedMs } from "./beacon-share.ts";

const seconds = beaconEveryMs / 1000;
/** Players learn a new share when they read the state, which they do this often while they play. */
const learnsEvery = 20;

/** The same numbers in every run: mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Second {
  readonly estimate: number;
  readonly players: number;
  /** Beacons in this second. */
  readonly load: number;
  readonly share: number;
}

/** A crowd of players that draw once, say each ten seconds that they listen, and learn the share each twenty. */
function crowd(size: (second: number) => number, runs: number): Second[] {
  const draw = random(1);
  const share = new BeaconShare();
  const most = Math.max(...Array.from({ length: runs }, (_, second) => size(second)));
  const draws = Float64Array.from({ length: most }, draw);
  const known = new Float64Array(most);
  const window: number[][] = [];
  const told: Second[] = [];
  for (let second = 0; second < runs; second++) {
    const players = size(second);
    const counts: number[] = [];
    let load = 0;
    // Each in its own second of the ten, and every second time it has just read the state.
    for (let i = second % seconds; i < players; i += seconds) {
      if (known[i] === 0 || i % learnsEvery === second % learnsEvery) known[i] = share.share;
      const own = known[i] ?? 1;
      if ((draws[i] ?? 1) >= own) continue;
      const k = -Math.log2(own);
      counts[k] = (counts[k] ?? 0) + 1;
      load++;
    }
    window.push(counts);
    if (window.length > seconds) window.shift();
    const sums = Array.from({ length: maxBeaconHalvings + 1 }, (_, k) =>
      window.reduce((sum, one) => sum + (one[k] ?? 0), 0),
    );
    const estimate = share.estimate(sums, second * 1000);
    told.push({ estimate, players, load, share: share.share });
  }
  return told;
}

test.each([1, 30, 400])("OR-70 of %i players all say that they listen, and the count is exact", (players) => {
  for (const { estimate, share } of crowd(() => players, 60).slice(seconds)) {
    expect(share).toBe(1);
    expect(estimate).toBe(players);
  }
});

test.each([1_000, 20_000, 1_000_000])(
  "OR-71 %i players cause a constant load, and their estimate keeps to its error",
  (players) => {
    const settled = crowd(() => players, 90).slice(50);
    for (const { estimate, load } of settled) {
      expect(load).toBeLessThan(beaconsWanted * 2);
      expect(Math.abs(estimate / players - 1)).toBeLessThan(3 * beaconError);
    }
    // One crowd gives one estimate: it does not flicker.
    const estimates = settled.map(({ estimate }) => estimate);
    expect(Math.max(...estimates) - Math.min(...estimates)).toBeLessThan(0.02 * players);
    expect(new Set(settled.map(({ share }) => share)).size).toBe(1);
  },
);

test("OR-71 while players learn a new share, growing or shrinking, the estimate follows the crowd without a jump", () => {
  const grown = crowd((second) => Math.round(Math.min(200_000, 500 * 1.06 ** second)), 160);
  const shrunk = crowd((second) => Math.round(Math.max(600, 200_000 / 1.04 ** Math.max(0, second - 40))), 220);
  for (const run of [grown, shrunk]) {
    expect(new Set(run.map(({ share }) => share)).size).toBeGreaterThan(5);
    for (const [second, { estimate, players }] of run.entries()) {
      if (second < 40) continue;
      // What is told is of the last ten seconds.
      const lately = run.slice(Math.max(0, second - seconds), second + 1).map((one) => one.players);
      const [least, most] = [Math.min(players, ...lately), Math.max(players, ...lately)];
      expect(estimate).toBeGreaterThan(least * (1 - 3 * beaconError));
      expect(estimate).toBeLessThan(most * (1 + 3 * beaconError));
    }
  }
});

test("OR-71 the share stays while the load is near what is wanted", () => {
  const share = new BeaconShare();
  const told = (players: number, now: number): number => {
    const k = -Math.log2(share.share);
    share.estimate([...Array<number>(k).fill(0), players / 2 ** k], now);
    return share.share;
  };
  expect(told(1400, 0)).toBe(1);
  expect(told(1600, 1)).toBe(1 / 2);
  expect(told(1100, 2)).toBe(1 / 2);
  expect(told(2900, 3)).toBe(1 / 2);
  expect(told(900, 4)).toBe(1);
  expect(told(1e12, 5)).toBe(2 ** -maxBeaconHalvings);
});

test("OR-72 a beacon stands for no more players than a share that was told lately", () => {
  const share = new BeaconShare();
  expect(share.estimate([10, 0, 0, 0, 5], 0)).toBe(15);
  share.estimate([100_000], 1000);
  expect(share.share).toBeLessThan(1);
  const k = -Math.log2(share.share);
  expect(share.estimate([...Array<number>(k).fill(0), 1000], 2000)).toBe(1000 * 2 ** k);
  expect(share.estimate([0, ...Array<number>(k).fill(0), 10], 2000)).toBe(10 * 2 ** k);
  share.estimate([10], 3000);
  expect(share.share).toBe(1);
  expect(share.estimate([...Array<number>(k).fill(0), 1], 4000)).toBe(2 ** k);
  expect(share.estimate([...Array<number>(k).fill(0), 1], 4000 + shareBelievedMs)).toBe(1);
});
