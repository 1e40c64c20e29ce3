import { once } from "node:events";
import http from "node:http";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { createLog } from "../foundation/log.ts";
import { digestHeader, edgeIdHeader, edgePaths, keyHeader } from "../wire/edges.ts";
import { chunksHeader, livePaths } from "../wire/paths.ts";
import type { FeedLine } from "../wire/timelines.ts";
import { TestEdge, until } from "./edge.test-server.ts";
import { initOf, TestOrigin } from "./origin.test-server.ts";
import type { EdgeOptions } from "./server.ts";

const rendition = "opus-32k";
const path = livePaths.stream("a", rendition);
const key = "k".repeat(43);
const withKey = { headers: { [keyHeader]: key } };
/** Quick to judge, so that tests are. */
const feedTiming = { silenceMs: 400, lostMs: 900, lookBackMs: 60, wellMs: 250 };
const urlOf = ({ port }: { port: number }): string => `http://127.0.0.1:${port}`;
const quickTicks = (origin: TestOrigin): void => void (origin.tickMs = 50);

const follows = (upstreams: readonly string[], more: Partial<EdgeOptions> = {}): Promise<TestEdge> =>
  TestEdge.start({ upstreams, control: undefined, key, feedTiming, ...more });

const dying: TestOrigin[] = [];
/** All tell of the same timeline. */
const epochMs = Date.now();
afterEach(async () => {
  await Promise.all(dying.splice(0).map((origin) => origin.die()));
});

/** What stands for an edge above: the same bytes at each, under a URL of its own. */
async function above(from = 10): Promise<TestOrigin & { url: string }> {
  const origin = new TestOrigin("");
  quickTicks(origin);
  origin.open("a", from, { epochMs });
  dying.push(origin);
  return Object.assign(origin, { url: await origin.listen() });
}

const streamed = (origin: TestOrigin, from: number, to: number): Buffer =>
  Buffer.concat([
    initOf(rendition),
    ...Array.from({ length: to - from + 1 }, (_, i) => origin.segment("a", rendition, from + i)),
  ]);

const publish = async (origins: readonly TestOrigin[], chunks: number): Promise<void> => {
  for (let i = 0; i < chunks; i++) {
    for (const origin of origins) origin.publishChunk("a");
    await sleep(15);
  }
};

test("ED-50 edges below edges give the same bytes, and ask once for each segment however many listen", async () => {
  await using main = await TestEdge.start({ key }, (origin) => {
    quickTicks(origin);
    origin.open("a", 10);
  });
  await using middle = await follows([urlOf(main)]);
  const leaves = await Promise.all([follows([urlOf(middle)]), follows([urlOf(middle)])]);
  const listeners = [middle, ...leaves].flatMap((edge) => Array.from({ length: 5 }, () => edge.stream(path)));
  const [first] = listeners;
  await until(() => listeners.every(({ body }) => body.equals(streamed(main.origin, 9, 9))));
  await publish([main.origin], 9);
  const all = streamed(main.origin, 9, 12);
  await until(() => listeners.every(({ body }) => body.length >= all.length));
  for (const { body } of listeners) expect(body.equals(first?.body ?? all)).toBe(true);
  expect(first?.body.equals(all)).toBe(true);
  for (const n of [10, 11, 12]) expect(main.origin.fetches.get(livePaths.segment("a", rendition, n))).toBe(1);
  for (const leaf of leaves) {
    const whole = await leaf.get(livePaths.segment("a", rendition, 12));
    expect(whole.body.equals(main.origin.segment("a", rendition, 12))).toBe(true);
    expect(whole.headers[digestHeader]).toMatch(/^sha-256=:.{44}:$/);
    expect(JSON.parse((await leaf.get(livePaths.state("a"))).body.toString())).toMatchObject({
      latest: 12,
      slug: "slug-a",
    });
    await leaf[Symbol.asyncDispose]();
  }
});

test("ED-50 an edge below gets a segment chunk by chunk while it comes, and the digest behind it", async () => {
  await using edge = await TestEdge.start({ key }, (origin) => origin.open("a", 10));
  const { promise, resolve } = Promise.withResolvers<http.IncomingMessage>();
  http.get(
    {
      port: edge.port,
      path: livePaths.segment("a", rendition, 10),
      headers: { [keyHeader]: key, [chunksHeader]: "1" },
    },
    resolve,
  );
  await until(() => edge.origin.fetches.has(livePaths.segment("a", rendition, 10)));
  edge.origin.publishChunk("a");
  const response = await promise;
  let got = Buffer.alloc(0);
  response.on("data", (data: Buffer) => (got = Buffer.concat([got, data])));
  await until(() => got.equals(edge.origin.chunk("a", rendition, 10, 0)), "the first chunk alone");
  edge.origin.publishChunk("a");
  edge.origin.publishChunk("a");
  await once(response, "end");
  expect(got.equals(edge.origin.segment("a", rendition, 10))).toBe(true);
  expect(response.trailers[digestHeader]).toMatch(/^sha-256=:/);
});

test("ED-51 without the key there is no feed, no report, no chunks and no other address", async () => {
  await using edge = await TestEdge.start({ key }, (origin) => origin.open("a", 10));
  for (const headers of [{}, { [keyHeader]: "wrong" }, { [keyHeader]: "" }, { authorization: `Bearer ${key}` }]) {
    for (const method of ["GET", "POST"]) {
      for (const one of [edgePaths.feed, edgePaths.audience]) {
        const answer = await edge.get(one, { method, headers });
        expect([one, answer.status, JSON.parse(answer.body.toString()).code]).toEqual([one, 401, "edge-key-needed"]);
        expect(answer.body.toString()).not.toContain(key);
      }
    }
  }
  const ask = edge.get(livePaths.segment("a", rendition, 10), { headers: { [chunksHeader]: "1" } });
  await until(() => edge.metric("rostra_edge_held_requests") === 1);
  edge.origin.publishSegment("a");
  expect((await ask).headers["content-length"]).toBe(String(edge.origin.segment("a", rendition, 10).length));
  await using keyless = await TestEdge.start({}, (origin) => origin.open("a", 10));
  expect((await keyless.get(edgePaths.feed, withKey)).status).toBe(401);
});

test("ED-51 what an edge below says of its listener's address is believed, and goes on without the key", async () => {
  let heard: http.IncomingHttpHeaders = {};
  const control = http.createServer((request, response) => {
    heard = request.headers;
    response.end("{}");
  });
  await using main = await TestEdge.start({ key }, async (_origin, folder) => {
    await new Promise<void>((resolve) => control.listen(`${folder}/control.sock`, resolve));
  });
  await using leaf = await follows([urlOf(main)], { trust: { hops: 1 } });
  const headers = { "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", host: "leaf.example" };
  expect((await leaf.get("/api/v1/spaces", { headers: { ...headers, authorization: "Bearer theirs" } })).status).toBe(
    200,
  );
  expect(heard).toMatchObject({
    "x-forwarded-for": "203.0.113.9",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "leaf.example",
    authorization: "Bearer theirs",
  });
  expect(heard[keyHeader]).toBeUndefined();
  await main.get("/api/v1/spaces", { headers: { ...headers, [keyHeader]: "wrong" } });
  expect(heard).toMatchObject({ "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http" });
  expect(heard[keyHeader]).toBeUndefined();
  control.close();
});

/** The lines of an edge's feed, as they come. */
async function readFeed(port: number, more: http.OutgoingHttpHeaders = {}) {
  const lines: FeedLine[] = [];
  const request = http.get({ port, path: edgePaths.feed, headers: { [keyHeader]: key, ...more }, agent: false });
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  let rest = "";
  response.on("data", (data: Buffer) => {
    const parts = (rest + data.toString()).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) lines.push(JSON.parse(part) as FeedLine);
  });
  response.on("error", () => {});
  return { lines, status: response.statusCode, [Symbol.dispose]: () => void request.destroy() };
}

test("ED-52 an edge tells what it knows, then what it hears, and its ticks are the origin's", async () => {
  const origin = await above();
  origin.open("b", 3);
  await using edge = await follows([origin.url]);
  origin.say({ t: "salt", id: "a", salt: "AAAA" });
  await until(() => edge.edge.directory.find("a")?.salt === "AAAA");
  using feed = await readFeed(edge.port);
  await until(() => feed.lines.some(({ t }) => t === "synced"));
  expect(feed.lines[0]).toMatchObject({ t: "path" });
  const told = feed.lines.flatMap((line) => (line.t === "state" ? [line.state.id] : []));
  expect(told.toSorted()).toEqual(["a", "b"]);
  expect(feed.lines).toContainEqual({ t: "salt", id: "a", salt: "AAAA" });
  origin.publishSegment("a");
  origin.change("b", { title: "Another" });
  origin.forget("b");
  await until(() => feed.lines.some(({ t }) => t === "gone"));
  expect(feed.lines).toContainEqual(expect.objectContaining({ t: "latest", id: "a", latest: 10 }));
  await until(() => feed.lines.filter(({ t }) => t === "tick").length > 2);
  await origin.die();
  await until(() => !edge.edge.directory.synced);
  const before = feed.lines.length;
  using late = await readFeed(edge.port);
  await until(() => late.lines.some(({ t }) => t === "synced"));
  expect(late.lines).toContainEqual(
    expect.objectContaining({ t: "state", state: expect.objectContaining({ id: "a", latest: 10 }) }),
  );
  await sleep(150);
  expect(feed.lines.slice(before)).toEqual([]);
});

test("ED-52 an edge that knows nothing yet says so, and readers are capped", async () => {
  const nowhere = new TestOrigin("");
  dying.push(nowhere);
  const url = await nowhere.listen();
  nowhere.intercept = (_request, response) => !response.writeHead(503).end().destroyed;
  const edge = await startUnsynced([url]);
  const answer = await edge.get(edgePaths.feed, withKey);
  expect([answer.status, JSON.parse(answer.body.toString()).code]).toEqual([503, "edge-not-synced"]);
  await edge[Symbol.asyncDispose]();
  await using known = await TestEdge.start({ key, maxFeedReaders: 1 });
  using first = await readFeed(known.port);
  expect(first.status).toBe(200);
  expect((await known.get(edgePaths.feed, withKey)).status).toBe(503);
});

/** An edge that has nobody to hear from. */
const startUnsynced = (upstreams: readonly string[], more: Partial<EdgeOptions> = {}, port = 0): Promise<TestEdge> =>
  TestEdge.start({ upstreams, control: undefined, key, feedTiming, ...more }, () => {}, { synced: false, port });

test("ED-53 what edges below count is told upward as one with one's own", async () => {
  await using main = await TestEdge.start({ key, name: "main" }, (origin) => {
    quickTicks(origin);
    origin.open("a", 10);
  });
  await using middle = await follows([urlOf(main)], { name: "middle", urls: ["https://middle.example"] });
  await using leaf = await follows([urlOf(middle)], { name: "leaf", urls: ["https://leaf.example"] });
  const listeners = [main, middle, leaf].flatMap((edge) => Array.from({ length: 2 }, () => edge.stream(path)));
  await until(() => (main.origin.audiences.at(-1)?.listeners["a"] ?? 0) >= 6);
  expect(main.origin.audiences.at(-1)).toMatchObject({ edge: "main", listeners: { a: 6 } });
  // An edge that asks for segments is nobody who listens.
  expect((await main.get(livePaths.segment("a", rendition, 9), withKey)).status).toBe(200);
  const reports = main.origin.audiences.length;
  await until(() => main.origin.audiences.length > reports);
  expect(main.origin.audiences.filter(({ numbered }) => (numbered?.["a"] ?? 0) > 0)).toEqual([]);
  expect(main.origin.audiences.at(-1)?.urls).toEqual(
    expect.arrayContaining(["https://middle.example", "https://leaf.example"]),
  );
  for (const listener of listeners) listener[Symbol.dispose]();
  const bad = await main.get(edgePaths.audience, { method: "POST", ...withKey }, '{"edge":5}');
  expect(bad.status).toBe(400);
});

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
  const again = new TestOrigin("");
  dying.push(again);
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
