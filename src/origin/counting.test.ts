import { expect, onTestFinished, test, vi } from "vitest";
import type { Link } from "../foundation/link.ts";
import { silentLog } from "../foundation/log.ts";
import { HyperLogLog } from "../sketch/hyperloglog.ts";
import { livePaths } from "../wire/paths.ts";
import type { LiveState } from "../wire/state.ts";
import type { FeedLine } from "../wire/timelines.ts";
import { folder, spec } from "./origin.test-kit.ts";
import { clock, put, startOrigin } from "./origin.test-server.ts";

/** All that the feed tells from now on. */
function follow(link: Link): FeedLine[] {
  const lines: FeedLine[] = [];
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  void link.follow("/feed", (line) => lines.push(line as FeedLine), { signal: stop.signal, log: silentLog });
  return lines;
}

const saltOf = (lines: readonly FeedLine[], id: string): string | undefined =>
  lines.flatMap((line) => (line.t === "salt" && line.id === id ? [line.salt] : [])).at(-1);
const open = (id: string) => spec({ id, slug: id, epochMs: Math.floor(clock.now()) });

test("OR-76 a Space that opens gets a salt, told behind its state to those who follow; one that is scheduled has none", async () => {
  const { link, scope } = await startOrigin(await folder());
  onTestFinished(() => scope.end());
  const lines = follow(link);
  await vi.waitFor(() => expect(lines).toContainEqual({ t: "synced" }));
  await put(link, spec({ id: "later", slug: "later", status: "scheduled", epochMs: null }));
  await put(link, open("s1"));
  await vi.waitFor(() => expect(saltOf(lines, "s1")).toMatch(/^[A-Za-z0-9+/]{22}==$/));
  const state = lines.findIndex((line) => line.t === "state" && line.state.id === "s1");
  expect(lines.findIndex((line) => line.t === "salt" && line.id === "s1")).toBeGreaterThan(state);
  expect(saltOf(lines, "later")).toBeUndefined();
  const late = follow(link);
  await vi.waitFor(() => expect(late).toContainEqual({ t: "synced" }));
  expect(saltOf(late, "s1")).toBe(saltOf(lines, "s1"));
});

test("OR-77 an origin that is started again has the salt and the count it had", async () => {
  const data = await folder();
  const sketch = new HyperLogLog();
  for (let i = 0; i < 50; i++) sketch.add(i * 2 ** 44 + 9);
  const first = await startOrigin(data);
  await put(first.link, open("s1"));
  const body = { edge: "a", listeners: { s1: 3 }, uniques: { s1: String(sketch) } };
  expect((await first.link.request({ method: "POST", path: "/audience", body })).status).toBe(204);
  const heard = async (link: Link): Promise<number> =>
    (await link.json<LiveState>({ path: livePaths.state("s1") })).heard;
  await vi.waitFor(async () => expect(await heard(first.link)).toBeGreaterThan(40), 5000);
  const before = follow(first.link);
  await vi.waitFor(() => expect(saltOf(before, "s1")).toBeDefined());
  const count = await heard(first.link);
  await first.scope.end();

  const second = await startOrigin(data);
  onTestFinished(() => second.scope.end());
  expect(await heard(second.link)).toBe(count);
  const after = follow(second.link);
  await vi.waitFor(() => expect(saltOf(after, "s1")).toBe(saltOf(before, "s1")));
});
