import { once } from "node:events";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { digestHeader, edgePaths, keyHeader } from "../wire/edges.ts";
import { chunksHeader, livePaths } from "../wire/paths.ts";
import { TestEdge, until } from "./edge.test-server.ts";
import {
  above,
  endAbove,
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
  withKey,
} from "./following.test-kit.ts";
import { TestOrigin } from "./origin.test-server.ts";

afterEach(endAbove);

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
  const nowhere = mortal(new TestOrigin(""));
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
