import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { SwarmSecond } from "./contract.ts";
import { Run } from "./run.test-kit.ts";
import { TestSpace, type TestSpaceOptions } from "./space.test-server.ts";

const faults = ({ gaps, disorder, wrong, unchecked, cut, timeouts, refused, refusedConnects }: SwarmSecond) => ({
  gaps,
  disorder,
  wrong,
  unchecked,
  cut,
  timeouts,
  refused,
  refusedConnects,
});
const none = { gaps: 0, disorder: 0, wrong: 0, unchecked: 0, cut: 0, timeouts: 0, refused: {}, refusedConnects: 0 };

const flipped = (chunk: Buffer): Buffer => {
  const other = Buffer.from(chunk);
  other[chunk.length - 9]! ^= 16;
  return other;
};
const isStream = (path: string): boolean => path.endsWith("stream.mp4");

describe.concurrent("a process of the swarm", { timeout: 60_000 }, () => {
  test.each([
    ["stream", { push: "chunk" }],
    ["stream", { push: "segment", chunked: true }],
    ["numbered", { together: 10 }],
    ["hls", { together: 10 }],
  ] as const)("RH-35 by %s they get every segment once, right and in order", async (way, options: TestSpaceOptions) => {
    await using space = await TestSpace.start(options);
    const run = new Run(space, { behaviour: { mix: { stream: 0, numbered: 0, hls: 0, [way]: 1 } } });
    await run.until(({ segments }) => segments > 100);
    const end = await run.end();
    // Requests that are held for what is not published any more may be given up meanwhile.
    const { timeouts } = end;
    expect(faults(end)).toEqual({ ...none, timeouts });
    expect(end).toMatchObject({ t: "end", arrived: 10, heard: 10, playing: 0, waiting: 0 });
    expect(end.attempts).toBeLessThanOrEqual(10 + timeouts);
    const compared = space.asked.filter(({ path, from }) => path.endsWith(".m4s") && from === "127.0.0.1");
    expect(new Set(compared.map(({ path }) => path)).size).toBe(compared.length);
    const numbers = compared.map(({ path }) => Number(/(\d+)\.m4s$/.exec(path)?.[1]));
    expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i));
  });

  test.each([
    ["left out", (chunks: Buffer[]) => chunks.slice(3), { gaps: 10 }],
    ["sent twice", (chunks: Buffer[]) => [...chunks, ...chunks], { disorder: 10 }],
    ["sent with a flipped bit", (chunks: Buffer[]) => [...chunks.slice(0, 2), flipped(chunks[2]!)], { wrong: 10 }],
  ] as const)("RH-31 a segment that is %s is counted for each listener, once", async (_, fault, counts) => {
    let from = 0;
    const alter = (n: number, chunks: Buffer[]): Buffer[] => (n === from ? fault(chunks) : chunks);
    await using space = await TestSpace.start({ alter });
    const run = new Run(space);
    await run.until(({ playing }) => playing === 10);
    from = space.latest + 2;
    while (space.latest < from + 3) await sleep(10);
    expect(faults(await run.end())).toEqual({ ...none, ...counts });
  });

  test("RH-32, RH-44 connections that end are cuts, and what is missed meanwhile is fetched by number", async () => {
    await using space = await TestSpace.start({}, 1e9);
    const run = new Run(space);
    const have = (each: number): Promise<void> => run.until(({ segments }) => segments >= 10 * each);
    await have(1);
    space.publish();
    await have(2);
    space.cut();
    for (let i = 0; i < 3; i++) space.publish();
    await have(5);
    space.publish();
    await have(6);
    const end = await run.end();
    expect(faults(end)).toEqual({ ...none, cut: 10 });
    expect(end).toMatchObject({ segments: 60, attempts: 20, heard: 10, reloads: 0, moves: 0 });
    const filled = space.crowd.filter(({ path }) => path.endsWith(".m4s")).map(({ path }) => path);
    const missed = [22, 23].flatMap((n) => Array.from({ length: 10 }, () => `/live/demo/opus-32k/${n}.m4s`));
    expect(filled.toSorted()).toEqual(missed);
  });

  test("RH-32 what is not to be had again is a gap", async () => {
    const fault = (path: string) => (path.endsWith("/22.m4s") ? ({ status: 404 } as const) : undefined);
    await using space = await TestSpace.start({ fault }, 1e9);
    const run = new Run(space);
    const have = (each: number): Promise<void> => run.until(({ segments }) => segments >= 10 * each);
    await have(1);
    space.cut();
    for (let i = 0; i < 3; i++) space.publish();
    await run.until(({ gaps }) => gaps >= 10);
    const end = await run.end();
    expect(faults(end)).toEqual({ ...none, cut: 10, gaps: 10, refused: { "404": 10 } });
    expect(end.segments).toBe(30);
  });

  test("RH-44 a Space that is over cuts nobody: they look, and go", async () => {
    await using space = await TestSpace.start();
    const run = new Run(space);
    await run.until(({ playing }) => playing === 10);
    space.end();
    await run.until(({ left }) => left === 10);
    expect(await run.end()).toMatchObject({ cut: 0, gaps: 0, wrong: 0, unchecked: 0, left: 10, gaveUp: 0 });
  });

  test("RH-44 what is silence in place of the programme is counted beside", async () => {
    await using space = await TestSpace.start();
    const run = new Run(space);
    await run.until(({ playing }) => playing === 10);
    space.publish([{ t: "status", status: "live", hold: true }]);
    space.publish([{ t: "status", status: "live", hold: false }]);
    const end = await run.end();
    expect(faults(end)).toEqual(none);
    expect(end.hold).toBe(10);
  });

  test("RH-36 who opens the page asks for it, its files and the state, and then for sound on another connection", async () => {
    await using space = await TestSpace.start();
    const run = new Run(space, { people: 1, behaviour: { pageShare: 1 } });
    await run.until(({ playing }) => playing === 1);
    await run.stop();
    expect(space.crowd.map(({ path }) => path)).toEqual([
      "/s/demo",
      "/assets/a.css",
      "/assets/b.js",
      "/live/demo/state.json",
      "/live/demo/opus-32k/stream.mp4",
    ]);
    const ports = space.crowd.map(({ port }) => port);
    expect([new Set(ports.slice(0, 4)).size, new Set(ports).size]).toEqual([1, 2]);
  });

  test("RH-37 who is told to come back later does not come sooner", async () => {
    const refused = new Set<string>();
    const fault: TestSpaceOptions["fault"] = (path, { headers }) => {
      const who = headers["user-agent"] ?? "";
      if (!isStream(path) || refused.has(who)) return undefined;
      refused.add(who);
      return { status: 503, retryAfter: 1 };
    };
    await using space = await TestSpace.start({ fault });
    const run = new Run(space);
    await run.until(({ playing }) => playing === 10);
    const end = await run.end();
    expect(faults(end)).toEqual({ ...none, refused: { "503": 10 } });
    expect(end).toMatchObject({ heard: 10, attempts: 20 });
    for (const who of refused) {
      const asked = space.crowd.filter(({ path, headers }) => isStream(path) && headers["user-agent"] === who);
      expect(asked[1]!.at - asked[0]!.at).toBeGreaterThanOrEqual(1000);
    }
  });

  test("RH-37 who gets no answer, or finds nobody there, tries again elsewhere", async () => {
    await using space = await TestSpace.start();
    await using silent = await TestSpace.start({ fault: (path) => (isStream(path) ? "never" : undefined) });
    const dead = await TestSpace.start();
    const bases = [space.url, silent.url, dead.url];
    await dead[Symbol.asyncDispose]();
    const run = new Run(space, { target: { bases }, people: 9 });
    await run.until(({ playing }) => playing === 9);
    const end = await run.stop();
    // Who began at the silent one meets the dead one, too.
    expect(end).toMatchObject({ heard: 9, timeouts: 3, cut: 0, gaps: 0, wrong: 0 });
    expect(end.refusedConnects).toBeGreaterThanOrEqual(3);
    expect(end.moves).toBeGreaterThanOrEqual(6);
  });

  test("RH-37 who is cut before any sound has failed, and tries with pauses that grow", async () => {
    await using space = await TestSpace.start({ fault: (path) => (isStream(path) ? "cut" : undefined) });
    const run = new Run(space);
    await run.until(({ refusedConnects }) => refusedConnects >= 30);
    const end = await run.stop();
    expect(end).toMatchObject({ heard: 0, cut: 0, segments: 0, gaps: 0 });
    expect(end.attempts - end.refusedConnects).toBeLessThanOrEqual(10);
    // At once it would be thousands of times a second.
    expect(end.attempts).toBeLessThan(150);
  });

  test("RH-38 who has no sound reloads after a while, and gives up", async () => {
    await using space = await TestSpace.start({ fault: () => ({ status: 503 }) });
    const run = new Run(space, { people: 20, behaviour: { patience: 0.2, reloadAfter: 0.2, giveUpAfter: 0.4 } });
    await run.until(({ gaveUp }) => gaveUp === 20);
    const end = await run.stop();
    expect(end).toMatchObject({ heard: 0, gaveUp: 20, waiting: 0, attempts: 0 });
    expect(end.reloads).toBeGreaterThan(0);
  });

  test("RH-39 people leave, some come back, and that is no gap", async () => {
    await using space = await TestSpace.start();
    const run = new Run(space, { people: 20, behaviour: { leaveAfter: 0.3, returnShare: 0.7, returnAfter: 0.2 } });
    await run.until(({ heard, returned }) => heard === 20 && returned > 10);
    const end = await run.stop();
    expect(end).toMatchObject({ arrived: 20, heard: 20, gaps: 0, disorder: 0, wrong: 0, cut: 0, timeouts: 0 });
    expect(end.left).toBeGreaterThan(end.returned);
    expect(end.attempts - 20).toBeLessThanOrEqual(end.returned);
  });

  test("RH-39 at the end everybody leaves, and asks for the state once more", async () => {
    await using space = await TestSpace.start();
    const began = performance.now();
    const end = await new Run(space, { until: 4, behaviour: { endWithin: 1 } }).over();
    expect(faults(end)).toEqual(none);
    const later = space.crowd.filter(({ at }) => at > began + 4000).map(({ path }) => path);
    expect(later).toEqual(Array.from({ length: 10 }, () => "/live/demo/state.json"));
  });

  test("RH-40 no more connections than allowed: the others wait, and have their turn", async () => {
    await using space = await TestSpace.start();
    const sources = ["127.0.0.11", "127.0.0.12"];
    const run = new Run(space, { people: 20, most: 4, sources, behaviour: { leaveAfter: 0.2 } });
    await run.until(({ heard }) => heard === 20);
    const end = await run.stop();
    // The server hears of a connection's end a little later than its client.
    expect(space.most).toBeLessThanOrEqual(2 * 4);
    expect(end.heldBack).toBeGreaterThan(0);
    const from = sources.map((source) => space.crowd.filter((one) => one.from === source).length);
    expect(Math.abs(from[0]! - from[1]!)).toBeLessThanOrEqual(2);
  });

  test("RH-42, RH-43 each second is told, counters only grow, and the signal ends it and leaves nothing open", async () => {
    await using space = await TestSpace.start();
    const run = new Run(space);
    await run.until(({ playing }) => playing === 10 && run.told.length > 2);
    expect(space.sockets.size).toBeGreaterThanOrEqual(10);
    const told = [...run.told];
    const end = await run.stop();
    expect(end).toMatchObject({ t: "end", playing: 0, waiting: 0, left: 0, gaveUp: 0, cut: 0 });
    while (space.sockets.size > 0) await sleep(10);
    const growing = [...told, end].map(({ arrived, segments, bytes, cpu }) => [arrived, segments, bytes, cpu]);
    for (const [i, now] of growing.entries())
      for (const [k, value] of now.entries()) expect(value).toBeGreaterThanOrEqual(growing[i - 1]?.[k] ?? 0);
    expect(new Set(told.map(({ t }) => t))).toEqual(new Set(["second"]));
    const samples = (name: "firstByte" | "firstSound" | "behind") =>
      told.reduce((sum, second) => sum + second[name].buckets.reduce((so, [, count]) => so + count, 0), 0);
    expect([samples("firstByte"), samples("firstSound")]).toEqual([10, 10]);
    expect(samples("behind")).toBeGreaterThanOrEqual(10);
  });
});
