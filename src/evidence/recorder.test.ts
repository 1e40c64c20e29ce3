import { expect, test } from "vitest";
import { countNames, type EvidenceBody, gaugeNames, type WindowBody } from "../wire/evidence.ts";
import { type Reading, Recorder } from "./recorder.ts";
import { countersIn, ResourceReader } from "./resources.ts";
import { SourceCounter } from "./sources.ts";

function recorded(from = 1_700_000_003_200) {
  const counts = Object.fromEntries(countNames.map((name) => [name, 0])) as Record<(typeof countNames)[number], number>;
  const gauges = Object.fromEntries(gaugeNames.map((name) => [name, 0])) as Reading["gauges"];
  const bodies: EvidenceBody[] = [];
  const time = { wall: from, monotonic: 5000 };
  const recorder = new Recorder({
    append: async (body) => void bodies.push(structuredClone(body)),
    read: () => ({
      counts: { ...counts },
      gauges,
      level: counts.trouble > 5 ? 1 : 0,
      cause: counts.trouble > 5 ? "memory" : "calm",
      origin: true,
      spaces: () => new Map([["a", 3]]),
    }),
    sources: new SourceCounter({ key: Buffer.alloc(32) }),
    resources: async () => ({ cpu: 0, loopP99: 0, loopMax: 0, rss: 0 }),
    now: () => time.wall,
    monotonic: () => time.monotonic,
  });
  const second = async (ms = 1000, wall = ms): Promise<void> => {
    time.wall += wall;
    time.monotonic += ms;
    await recorder.second();
  };
  const windows = (): WindowBody[] => bodies.filter((body) => body.t === "window");
  return { counts, bodies, recorder, second, windows, time };
}

test("EV-20 one value a second, one record every ten at whole tens, and counts add up over records", async () => {
  const { counts, second, windows } = recorded();
  for (let i = 0; i < 47; i++) {
    counts.requests += i;
    if (i === 20) counts.joins++;
    await second();
  }
  expect(windows().map(({ from }) => from % 10_000)).toEqual([3200, 200, 200, 200, 200]);
  expect(windows().map(({ gauges }) => gauges.took?.length)).toEqual([7, 10, 10, 10, 10]);
  expect(windows().flatMap(({ counts: { requests } }) => requests ?? [])).toEqual(
    Array.from({ length: 47 }, (_, i) => i),
  );
  expect(windows().map(({ counts: { joins } }) => joins?.length)).toEqual([
    undefined,
    undefined,
    10,
    undefined,
    undefined,
  ]);
  expect(windows()[0]).toMatchObject({ spaces: { a: 3 }, level: 0, origin: true });
});

test("EV-21 a second that took longer says so, and a clock that stands still makes no endless record", async () => {
  const { second, windows } = recorded(1_700_000_000_000);
  await second();
  await second(4000);
  for (let i = 0; i < 5; i++) await second();
  expect(windows()[0]?.gauges.took).toEqual([1000, 4000, 1000, 1000, 1000, 1000, 1000]);
  for (let i = 0; i < 45; i++) await second(1000, 0);
  expect(
    windows()
      .slice(1)
      .map(({ gauges }) => gauges.took?.length),
  ).toEqual([20, 20]);
});

test("EV-22 a Space is written when something becomes of it, a level when it changes, and the end with what there is", async () => {
  const { bodies, recorder, second, counts } = recorded();
  const space = { id: "a", slug: "talk", title: "T", status: "lobby", hold: true, startAt: 5 };
  for (let i = 0; i < 9; i++) recorder.space(space);
  recorder.space({ ...space, status: "live" });
  counts.trouble = 6;
  await second();
  await second();
  await recorder.end("stopped");
  expect(bodies.map(({ t }) => t)).toEqual(["space", "space", "level", "window", "end"]);
  expect(bodies[2]).toMatchObject({ level: 1, cause: "memory" });
  expect(bodies[3]).toMatchObject({ counts: { trouble: [6, 0] } });
  expect(bodies[4]).toEqual({ t: "end", why: "stopped" });
  for (let i = 0; i < 500; i++) recorder.space({ ...space, id: `s${i}` });
  expect(recorder.overflow).toBeGreaterThan(250);
});

test("EV-20 the kernel's counters are found by name, and a reader tells a process's own", async () => {
  const text = "Tcp: A AttemptFails B\nTcp: 1 22 3\nTcpExt: ListenDrops\nTcpExt: 7\n";
  expect(countersIn(text, "Tcp").get("AttemptFails")).toBe(22);
  expect(countersIn(text, "TcpExt").get("ListenDrops")).toBe(7);
  expect(countersIn("", "Tcp").size).toBe(0);
  const reader = new ResourceReader();
  const resources = await reader.take();
  reader.end();
  expect(resources.rss).toBeGreaterThan(1e6);
  expect(resources.cpu).toBeGreaterThanOrEqual(0);
});
