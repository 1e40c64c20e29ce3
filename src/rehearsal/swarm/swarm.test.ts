import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { SwarmBehaviour, SwarmOrder, SwarmSecond } from "./contract.ts";
import { listenersAddress, TestSpace, type TestSpaceOptions } from "./space.test-server.ts";
import { runSwarm } from "./swarm.ts";

const steadfast: SwarmBehaviour = {
  mix: { stream: 1, numbered: 0, hls: 0 },
  pageShare: 0,
  patience: 60,
  reloadAfter: 600,
  giveUpAfter: 600,
  leaveAfter: 1e9,
  returnShare: 0,
  returnAfter: 600,
  endWithin: 0,
};

interface Wanted extends Partial<Omit<SwarmOrder, "behaviour" | "target">> {
  readonly people?: number;
  readonly behaviour?: Partial<SwarmBehaviour>;
  readonly bases?: readonly string[];
  readonly ca?: string;
  readonly signal?: AbortSignal;
  readonly say?: (second: SwarmSecond) => void;
}

function run(space: TestSpace, { people = 10, behaviour, bases, ca, signal, say, ...order }: Wanted = {}) {
  const target = { bases: bases ?? [space.url], space: "demo", ...(ca === undefined ? {} : { ca }) };
  return runSwarm(
    {
      target,
      behaviour: { ...steadfast, ...behaviour },
      arrivals: Array.from({ length: people }, (_, i) => i / 100),
      until: 1.5,
      sources: [listenersAddress],
      most: 1000,
      seed: 1,
      beginsAt: Date.now(),
      ...order,
    },
    say ?? (() => {}),
    signal ?? new AbortController().signal,
  );
}

const all = ({ segments, gaps, disorder, wrong, unchecked, cut, timeouts, refused, refusedConnects }: SwarmSecond) => ({
  sound: segments > 0,
  gaps,
  disorder,
  wrong,
  unchecked,
  cut,
  timeouts,
  refused,
  refusedConnects,
});
const well = {
  sound: true,
  gaps: 0,
  disorder: 0,
  wrong: 0,
  unchecked: 0,
  cut: 0,
  timeouts: 0,
  refused: {},
  refusedConnects: 0,
};

const flipped = (chunk: Buffer): Buffer => {
  const other = Buffer.from(chunk);
  other[chunk.length - 9]! ^= 16;
  return other;
};

describe.concurrent("a process of the swarm", () => {
  test.each([
    ["stream", { push: "chunk" }],
    ["stream", { push: "segment", chunked: true }],
    ["numbered", {}],
    ["hls", {}],
  ] as const)("RH-35 by %s they get every segment once, right and in order", async (way, options: TestSpaceOptions) => {
    await using space = await TestSpace.start(options);
    const mix = { stream: 0, numbered: 0, hls: 0, [way]: 1 };
    const end = await run(space, { behaviour: { mix } });
    expect(all(end)).toEqual(well);
    expect(end).toMatchObject({ t: "end", arrived: 10, attempts: 10, heard: 10, playing: 0, waiting: 0 });
    const published = space.latest - 20;
    expect(end.segments).toBeGreaterThan(5 * published);
    // Nothing is asked for twice but by another listener, and only the reference's process-wide requests are not the crowd's.
    const segments = space.asked.filter(({ path, from }) => path.endsWith(".m4s") && from === "127.0.0.1");
    expect(new Set(segments.map(({ path }) => path)).size).toBe(segments.length);
  });

  test.each([
    ["left out", (chunks: Buffer[]) => chunks.slice(3), { gaps: 10 }],
    ["sent twice", (chunks: Buffer[]) => [...chunks, ...chunks], { disorder: 10 }],
    ["sent with a flipped bit", (chunks: Buffer[]) => [...chunks.slice(0, 2), flipped(chunks[2]!)], { wrong: 10 }],
  ] as const)("RH-31 a segment that is %s is counted for each listener, once", async (_, fault, counts) => {
    let from = 0;
    const alter = (n: number, chunks: Buffer[]): Buffer[] => (n === from ? fault(chunks) : chunks);
    await using space = await TestSpace.start({ alter });
    const running = run(space);
    await sleep(600);
    from = space.latest + 2;
    expect(all(await running)).toEqual({ ...well, ...counts });
  });

  test("RH-32, RH-44 connections that end are cuts, and what is missed meanwhile is fetched by number", async () => {
    await using space = await TestSpace.start({}, 1e9);
    const abort = new AbortController();
    let segments = 0;
    const say = (second: SwarmSecond): void => void ({ segments } = second);
    const running = run(space, { until: 600, signal: abort.signal, say });
    const have = async (each: number): Promise<void> => {
      while (segments < 10 * each) await sleep(20);
    };
    await have(1);
    space.publish();
    await have(2);
    space.cut();
    for (let i = 0; i < 3; i++) space.publish();
    await have(5);
    space.publish();
    await have(6);
    abort.abort();
    const end = await running;
    expect(all(end)).toEqual({ ...well, cut: 10 });
    expect(end).toMatchObject({ segments: 60, attempts: 20, heard: 10, reloads: 0, moves: 0 });
    const filled = space.crowd.filter(({ path }) => path.endsWith(".m4s")).map(({ path }) => path);
    expect(filled.toSorted()).toEqual([22, 23].flatMap((n) => Array(10).fill(`/live/demo/opus-32k/${n}.m4s`)));
  });

  test("RH-44 a Space that is over cuts nobody: they look, and go", async () => {
    await using space = await TestSpace.start();
    const running = run(space, { until: 3 });
    await sleep(800);
    space.end();
    const end = await running;
    expect(end).toMatchObject({ cut: 0, gaps: 0, wrong: 0, unchecked: 0, left: 10 });
  });

  test("RH-44 what is silence in place of the programme is counted beside", async () => {
    await using space = await TestSpace.start();
    const running = run(space);
    await sleep(600);
    space.publish([{ t: "status", status: "live", hold: true }]);
    space.publish([{ t: "status", status: "live", hold: false }]);
    const end = await running;
    expect(all(end)).toEqual(well);
    expect(end.hold).toBe(10);
  });
});

describe.concurrent("what people do", () => {
  test("RH-36 who opens the page asks for it, its files and the state, and then for sound on another connection", async () => {
    await using space = await TestSpace.start();
    await run(space, { people: 1, behaviour: { pageShare: 1 } });
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
    const fault = (path: string, { headers }: { headers: { "user-agent"?: string } }) => {
      const who = headers["user-agent"] ?? "";
      if (!path.endsWith("stream.mp4") || refused.has(who)) return undefined;
      refused.add(who);
      return { status: 503, retryAfter: 1 };
    };
    await using space = await TestSpace.start({ fault });
    const end = await run(space, { until: 4 });
    expect(all(end)).toEqual({ ...well, refused: { "503": 10 } });
    expect(end).toMatchObject({ heard: 10, attempts: 20 });
    for (const who of refused) {
      const asked = space.crowd.filter(({ path, headers }) => path.endsWith("mp4") && headers["user-agent"] === who);
      expect(asked[1]!.at - asked[0]!.at).toBeGreaterThanOrEqual(1000);
    }
  });

  test("RH-37 who gets no answer tries again elsewhere", async () => {
    await using space = await TestSpace.start();
    await using silent = await TestSpace.start({
      fault: (path) => (path.endsWith("stream.mp4") ? "never" : undefined),
    });
    await using dead = await TestSpace.start();
    const bases = [silent.url, dead.url, space.url];
    await dead[Symbol.asyncDispose]();
    const end = await run(space, { bases, people: 9, until: 7 });
    expect(all(end)).toEqual({ ...well, timeouts: 3, refusedConnects: end.refusedConnects });
    expect(end.refusedConnects).toBeGreaterThanOrEqual(3);
    expect(end).toMatchObject({ heard: 9 });
    expect(end.moves).toBeGreaterThanOrEqual(6);
  });

  test("RH-37 who is cut before any sound has failed, and tries with pauses that grow", async () => {
    await using space = await TestSpace.start({ fault: (path) => (path.endsWith("stream.mp4") ? "cut" : undefined) });
    const end = await run(space, { until: 3 });
    expect(end).toMatchObject({ heard: 0, cut: 0, segments: 0, gaps: 0 });
    expect(end.attempts - end.refusedConnects).toBeLessThanOrEqual(10);
    // At once it would be thousands of times in three seconds.
    expect(end.attempts).toBeGreaterThan(20);
    expect(end.attempts).toBeLessThan(150);
  });

  test("RH-38 who has no sound reloads after a while, and gives up", async () => {
    await using space = await TestSpace.start({ fault: () => ({ status: 503 }) });
    const impatient = { patience: 0.2, reloadAfter: 0.2, giveUpAfter: 0.3 };
    const end = await run(space, { until: 5, behaviour: impatient });
    expect(end).toMatchObject({ heard: 0, gaveUp: 10, waiting: 0, attempts: 0 });
    expect(end.reloads).toBeGreaterThan(0);
  });

  test("RH-39 people leave, some come back, and that is no gap", async () => {
    await using space = await TestSpace.start();
    const restless = { leaveAfter: 0.3, returnShare: 0.7, returnAfter: 0.2 };
    const end = await run(space, { until: 3, people: 20, behaviour: restless });
    expect(all(end)).toEqual(well);
    expect(end.left).toBeGreaterThan(20);
    expect(end.returned).toBeGreaterThan(5);
    expect(end).toMatchObject({ arrived: 20, heard: 20, attempts: 20 + end.returned });
  });

  test("RH-39 at the end everybody leaves, and asks for the state once more within the time that is given", async () => {
    await using space = await TestSpace.start();
    const began = performance.now();
    const end = await run(space, { until: 1.5, behaviour: { endWithin: 1 } });
    expect(all(end)).toEqual(well);
    const herd = space.crowd.filter(({ path, at }) => path.endsWith("state.json") && at > began + 1500);
    expect(herd).toHaveLength(10);
    expect(space.crowd.filter(({ at, path }) => at > began + 1500 && !path.endsWith("state.json"))).toEqual([]);
  });

  test("RH-40 no more connections than allowed: the others wait, and have their turn", async () => {
    await using space = await TestSpace.start();
    const brief = { leaveAfter: 0.2 };
    const sources = ["127.0.0.11", "127.0.0.12"];
    const end = await run(space, { until: 5, people: 20, most: 4, sources, behaviour: brief });
    // The server hears of a connection's end a little later than its client.
    expect(space.most).toBeLessThanOrEqual(2 * 4);
    expect(end.heldBack).toBeGreaterThan(10);
    expect(end.heard).toBeGreaterThan(10);
    const from = sources.map((source) => space.crowd.filter((one) => one.from === source).length);
    expect(Math.abs(from[0]! - from[1]!)).toBeLessThanOrEqual(1);
  });

  test("RH-43 each second is told, counters only grow, and the signal ends it all at once", async () => {
    await using space = await TestSpace.start();
    const told: SwarmSecond[] = [];
    const abort = new AbortController();
    const running = run(space, { until: 600, signal: abort.signal, say: (second) => told.push(second) });
    while (told.length < 3) await sleep(20);
    expect(space.sockets.size).toBeGreaterThan(9);
    abort.abort();
    const end = await running;
    expect(end).toMatchObject({ t: "end", playing: 0, waiting: 0, left: 0, gaveUp: 0, cut: 0 });
    while (space.sockets.size > 0) await sleep(20);
    const growing = [...told, end].map(({ arrived, segments, bytes, cpu }) => [arrived, segments, bytes, cpu]);
    for (const [i, now] of growing.entries())
      for (const [k, value] of now.entries()) expect(value).toBeGreaterThanOrEqual(growing[i - 1]?.[k] ?? 0);
    expect(told.map(({ t }) => t)).toEqual(told.map(() => "second"));
    expect(told.at(-1)).toMatchObject({ playing: 10, waiting: 0 });
    const samples = (name: "firstByte" | "firstSound" | "behind") =>
      told.reduce((sum, second) => sum + second[name].buckets.reduce((so, [, count]) => so + count, 0), 0);
    expect([samples("firstByte"), samples("firstSound")]).toEqual([10, 10]);
    expect(samples("behind")).toBeLessThanOrEqual(end.segments);
  });
});
