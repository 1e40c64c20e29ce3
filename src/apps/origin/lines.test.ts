import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { commitmentTo } from "../../door/line.ts";
import type { Link } from "../../foundation/link.ts";
import { silentLog } from "../../foundation/log.ts";
import { Meter } from "../../foundation/meter.ts";
import { folder, spec } from "../../origin/origin.test-kit.ts";
import { clock, put, type StartedOrigin, startOrigin } from "../../origin/origin.test-server.ts";
import type { FeedLine, KeptLine, LineLine } from "../../wire/timelines.ts";
import { openLines } from "./lines.ts";

const start = async (data: string): Promise<StartedOrigin> =>
  startOrigin(data, await openLines(join(data, "lines"), clock, silentLog, new Meter()));
const report = async (link: Link, places: [number, number][], seats: number): Promise<void> => {
  const body = { edge: "a", listeners: {}, line: { s1: { places, seated: 0 } }, seats };
  expect((await link.request({ method: "POST", path: "/audience", body })).status).toBe(204);
};
function follow(link: Link): { readonly lines: FeedLine[]; last(): LineLine | undefined } {
  const lines: FeedLine[] = [];
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  void link.follow("/feed", (line) => lines.push(line as FeedLine), { signal: stop.signal, log: silentLog });
  return { lines, last: () => lines.findLast((line) => line.t === "line") };
}

test("DR-32 the feed tells how a line stands behind its Space; it is kept as nobody else can read it, and outlives the process", async () => {
  const data = await folder();
  const first = await start(data);
  const epochMs = Math.floor(clock.now());
  const body = spec({ id: "s1", slug: "s1", epochMs, startAt: epochMs - 60_000 });
  const feed = follow(first.link);
  await vi.waitFor(() => expect(feed.lines).toContainEqual({ t: "synced" }));
  await put(first.link, body);
  await vi.waitFor(() => expect(feed.last()?.buckets).toEqual([]), 10_000);
  const at = (t: string): number => feed.lines.findIndex((line) => line.t === t);
  expect(at("line")).toBeGreaterThan(at("state"));
  await report(first.link, [[0, 100]], 30);
  await vi.waitFor(() => expect(feed.last()?.called.part).toBeGreaterThan(0), 10_000);
  const told = feed.last();
  expect(told).toMatchObject({ id: "s1", called: { from: 0, part: 0.3 }, calledLastMinute: 30 });
  await first.scope.end();

  const path = join(data, "lines", "s1.json");
  const kept = JSON.parse(await readFile(path, "utf8")) as KeptLine;
  expect([(await stat(path)).mode & 0o777, commitmentTo(kept.seed)]).toEqual([0o600, told?.commitment]);
  const second = await start(data);
  const again = follow(second.link);
  await vi.waitFor(() => expect(again.lines).toContainEqual({ t: "synced" }));
  const { commitment, seed, buckets, called } = again.last() ?? {};
  expect({ commitment, seed, buckets, called }).toEqual({
    commitment: told?.commitment,
    seed: told?.seed,
    buckets: told?.buckets,
    called: told?.called,
  });
  await second.scope.end();

  await writeFile(path, "{");
  const third = await start(data);
  onTestFinished(() => third.scope.end());
  const anew = follow(third.link);
  await vi.waitFor(() => expect(anew.lines).toContainEqual({ t: "synced" }));
  expect(anew.last()?.commitment).toMatch(/^[0-9a-f]{64}$/);
  expect(anew.last()?.commitment).not.toBe(told?.commitment);
});

test("DR-32 before the hour nobody is told the seed", async () => {
  const { link, scope } = await start(await folder());
  onTestFinished(() => scope.end());
  const feed = follow(link);
  const epochMs = Math.floor(clock.now());
  await put(link, spec({ id: "s1", slug: "s1", epochMs, startAt: epochMs + 3_600_000 }));
  await report(link, [[0, 5]], 1000);
  await vi.waitFor(() => expect(feed.last()?.buckets).toEqual([[0, Math.ceil(epochMs / 1000) + 3600, 5]]), 10_000);
  for (const line of feed.lines) if (line.t === "line") expect([line.seed, line.calledLastMinute]).toEqual([null, 0]);
});
