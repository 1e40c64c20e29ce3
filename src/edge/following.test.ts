import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createLog } from "../foundation/log.ts";
import { edgeIdHeader, edgePaths, keyHeader } from "../wire/edges.ts";
import { livePaths } from "../wire/paths.ts";
import { until } from "./edge.test-server.ts";
import {
  above,
  endAbove,
  feedTiming,
  follows,
  key,
  mortal,
  path,
  publish,
  quickTicks,
  readFeed,
  rendition,
  startUnsynced,
  streamed,
  urlOf,
} from "./following.test-kit.ts";
import { TestOrigin } from "./origin.test-server.ts";

afterEach(endAbove);

test("ED-54 when the source that is followed dies the next is asked at once, and no chunk is missing or twice", async () => {
  const [one, two] = [await above(), await above()];
  await using edge = await follows([one.url, two.url]);
  using listener = edge.stream(path);
  await until(() => listener.body.equals(streamed(two, 9, 9)));
  await publish([one, two], 4);
  await until(() => listener.body.length > streamed(two, 9, 10).length, "a chunk of segment 11");
  expect(two.fetches.get(livePaths.segment("a", rendition, 10))).toBeUndefined();
  await one.die();
  await publish([two], 8);
  await until(() => listener.body.length >= streamed(two, 9, 13).length);
  expect(listener.body.equals(streamed(two, 9, 13))).toBe(true);
  expect(edge.metric("rostra_edge_jumps_total")).toBe(0);
  await until(() => edge.edge.directory.synced);
  expect(edge.metric("rostra_edge_upstream_rank")).toBe(1);
});

test("ED-54 another source that is a moment behind takes nothing back", async () => {
  const [one, two] = [await above(12), await above(11)];
  await using edge = await follows([one.url, two.url]);
  using feed = await readFeed(edge.port);
  await until(() => feed.lines.some(({ t }) => t === "synced"));
  await one.die();
  await until(() => edge.edge.directory.synced && edge.metric("rostra_edge_upstream_rank") === 1);
  expect(edge.edge.directory.find("a")?.state.latest).toBe(11);
  two.publishSegment("a");
  two.publishSegment("a");
  await until(() => edge.edge.directory.find("a")?.state.latest === 12);
  const told = feed.lines.flatMap((line) =>
    line.t === "latest" ? [line.latest] : line.t === "state" ? [line.state.latest ?? 0] : [],
  );
  expect(told).toEqual(told.toSorted((x, y) => x - y));
});

test("ED-54 a source that falls silent in the middle of a segment, its connections open, is left as well", async () => {
  const [one, two] = [await above(), await above()];
  const told: string[] = [];
  const log = createLog({ process: "test", write: (line) => void told.push(line) });
  await using edge = await follows([one.url, two.url], { feedTiming: { ...feedTiming, lostMs: 60_000 }, log });
  using listener = edge.stream(path);
  await until(() => listener.body.equals(streamed(two, 9, 9)));
  await publish([one, two], 1);
  await until(() => listener.body.length > streamed(two, 9, 9).length, "a chunk of segment 10");
  // From now on the first publishes nothing and says nothing more.
  one.hush();
  one.intercept = () => true;
  await publish([two], 5);
  await until(() => listener.body.length >= streamed(two, 9, 11).length);
  expect(listener.body.equals(streamed(two, 9, 11))).toBe(true);
  await until(() => edge.metric("rostra_edge_upstream_rank") === 1 && edge.edge.directory.synced);
  expect(told.filter((line) => line.includes("upstream-moved")).join()).toContain("it said nothing for");
  expect(told.join()).not.toContain(key);
});

test("ED-54 a source whose segments fail again and again is left, though its feed is well", async () => {
  const [one, two] = [await above(), await above()];
  one.intercept = (request, response) => {
    if (!request.url?.endsWith(".m4s")) return false;
    response.writeHead(500).end();
    return true;
  };
  await using edge = await follows([one.url, two.url]);
  const listeners = (["opus-32k", "opus-16k", "aac-64k"] as const).map((name) =>
    edge.stream(livePaths.stream("a", name)),
  );
  await publish([one, two], 6);
  await until(() => listeners.every(({ body }) => body.length > 2000));
  await until(() => edge.metric("rostra_edge_upstream_rank") === 1);
  for (const listener of listeners) listener[Symbol.dispose]();
});

test("ED-55 a preferred source is followed again once it has been well for a while, and not before", async () => {
  const [one, two] = [await above(), await above()];
  const port = Number(new URL(one.url).port);
  await using edge = await follows([one.url, two.url]);
  await using patient = await follows([one.url, two.url], { feedTiming: { ...feedTiming, wellMs: 1e9 } });
  await one.die();
  await until(() => patient.metric("rostra_edge_upstream_rank") === 1);
  await until(() => edge.edge.directory.synced && edge.metric("rostra_edge_upstream_rank") === 1);
  const again = mortal(new TestOrigin(""));
  again.open("a", 10);
  again.tickMs = 1e9;
  await again.listen(port);
  await until(
    () => (again.fetches.get(edgePaths.feed) ?? 0) >= 2,
    "it is looked at more than once while it does not tick",
  );
  expect(edge.metric("rostra_edge_upstream_rank")).toBe(1);
  quickTicks(again);
  await until(() => edge.metric("rostra_edge_upstream_rank") === 0 && edge.edge.directory.synced);
  expect(edge.edge.health().upstream).toBe(one.url);
  expect(patient.metric("rostra_edge_upstream_rank")).toBe(1);
});

test("ED-56 while all are away what there is is served, listeners stay, and go on without a segment twice", async () => {
  const [one, two] = [await above(), await above()];
  const ports = [one, two].map(({ url }) => Number(new URL(url).port));
  await using edge = await follows([one.url, two.url]);
  using listener = edge.stream(path);
  await until(() => listener.body.equals(streamed(one, 9, 9)));
  await publish([one, two], 4);
  await until(() => listener.body.length > streamed(one, 9, 10).length);
  await Promise.all([one.die(), two.die()]);
  await until(() => !edge.edge.directory.synced);
  expect((await edge.get(livePaths.state("a"))).status).toBe(200);
  expect((await edge.get(livePaths.init("a", rendition))).status).toBe(200);
  expect((await edge.get(livePaths.playlist("a", rendition))).body.toString()).toContain("10.m4s");
  expect((await edge.get(livePaths.segment("a", rendition, 10))).body.equals(one.segment("a", rendition, 10))).toBe(
    true,
  );
  using newcomer = edge.stream(path);
  await until(() => newcomer.body.length > 0);
  expect(listener.closed || newcomer.closed).toBe(false);
  await two.listen(ports[1]);
  await publish([two], 5);
  await until(() => listener.body.length >= streamed(two, 9, 12).length);
  expect(listener.body.equals(streamed(two, 9, 12))).toBe(true);
  await until(() => edge.edge.directory.synced);
});

test("ED-57 an edge that would follow itself is refused, and says so", async () => {
  const port = await freePort();
  await using edge = await startUnsynced([`http://127.0.0.1:${port}`], { id: "abcdef" }, port);
  await until(() => edge.edge.health().trouble?.includes("508: edge-loop") ?? false);
  const headers = { [keyHeader]: key, [edgeIdHeader]: "abcdef" };
  const answer = await edge.get(edgePaths.feed, { headers });
  expect([answer.status, JSON.parse(answer.body.toString()).code]).toEqual([508, "edge-loop"]);
});

test("ED-57 two edges that follow each other notice it, over a third one too, and go on where the origin is", async () => {
  const origin = await above();
  await using a = await follows([origin.url], { id: "aaaaaa" });
  await using b = await follows([urlOf(a)], { id: "bbbbbb" });
  await using c = await follows([urlOf(b), origin.url], { id: "cccccc" });
  await until(() => c.edge.directory.synced);
  for (const id of ["aaaaaa", "bbbbbb", "cccccc"]) {
    using feed = await readFeed(c.port, { "rostra-edge": id });
    expect([id, feed.status]).toEqual([id, 508]);
  }
});

test("ED-57 a tick that comes round in a circle is not told on", async () => {
  const origin = await above();
  origin.hush();
  await using edge = await follows([origin.url]);
  using feed = await readFeed(edge.port);
  await until(() => feed.lines.some(({ t }) => t === "synced"));
  const now = Date.now() + 10_000;
  for (const tick of [now, now, now - 5, now + 1000, now, now + 2000]) origin.say({ t: "tick", now: tick });
  // A clock that was set back is believed.
  origin.say({ t: "tick", now: now - 3_600_000 });
  await until(() => feed.lines.filter(({ t }) => t === "tick").length >= 4);
  const ticks = feed.lines.flatMap((line) => (line.t === "tick" ? [line.now - now] : []));
  expect(ticks).toEqual([0, 1000, 2000, -3_600_000]);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}
