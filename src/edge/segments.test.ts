import http from "node:http";
import { gunzipSync } from "node:zlib";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { livePaths } from "../wire/paths.ts";
import type { LiveState } from "../wire/state.ts";
import { type Answer, TestEdge, until } from "./edge.test-server.ts";
import { initOf } from "./origin.test-server.ts";

const rendition = "aac-64k";
const path = (n: number, space = "a"): string => livePaths.segment(space, rendition, n);
const code = (answer: Answer): unknown => (JSON.parse(answer.body.toString()) as { code: unknown }).code;
const held = (edge: TestEdge): number => edge.metric("rostra_edge_held_requests");

test("ED-2 the state is answered from memory with a fresh clock, by id and by slug", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10, { now: 5, title: "Ça va" }));
  const fetched = new Map(edge.origin.fetches);
  const answer = await edge.get(livePaths.state("a"));
  const state = JSON.parse(answer.body.toString()) as LiveState;
  expect(state).toEqual({ ...edge.origin.state("a"), now: state.now });
  expect(Math.abs(state.now - Date.now())).toBeLessThan(60_000);
  expect(answer.headers["cache-control"]).toMatch(
    /^public, max-age=1, stale-while-revalidate=\d+, stale-if-error=\d+$/,
  );
  expect(answer.headers["access-control-allow-origin"]).toBe("*");
  const zipped = await edge.get(livePaths.state("slug-a"), { headers: { "accept-encoding": "br, gzip" } });
  expect(zipped.headers["content-encoding"]).toBe("gzip");
  expect(JSON.parse(gunzipSync(zipped.body).toString())).toMatchObject({ id: "a", title: "Ça va", latest: 9 });
  edge.origin.change("a", { title: "Another" });
  await until(() => edge.edge.directory.find("a")?.state.title === "Another");
  expect((await edge.get(livePaths.state("a"))).body.toString()).toContain('"Another"');
  for (const [url, count] of edge.origin.fetches) if (url !== "/audience") expect(count).toBe(fetched.get(url));
});

test("ED-1 what the feed does not name after a reconnection goes, the rest stays meanwhile", async () => {
  await using edge = await TestEdge.start({}, (origin) => {
    origin.open("a", 10);
    origin.open("b", 10);
  });
  await edge.origin.die();
  await until(() => !edge.edge.directory.synced);
  for (const name of ["a", "slug-a", "b"]) expect((await edge.get(livePaths.state(name))).status).toBe(200);
  edge.origin.forget("a");
  await edge.origin.start();
  await until(() => edge.edge.directory.synced);
  expect((await edge.get(livePaths.state("a"))).status).toBe(404);
  expect((await edge.get(livePaths.state("slug-a"))).status).toBe(404);
  expect((await edge.get(livePaths.state("b"))).status).toBe(200);
});

test("ED-3 what is outside the grammar or unknown is 404 and asks the origin nothing", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const before = new Map(edge.origin.fetches);
  const outside = [
    "/live/a",
    "/live/a/opus-64k/1.m4s",
    "/live/a/aac-64k/-1.m4s",
    "/live/a/aac-64k/01.m4s",
    "/live/a/aac-64k/99999999999.m4s",
    "/live/%61/state.json",
    "/live/%2561/state.json",
    "/live/a%2fstate.json",
    "/live/a/../a/state.json",
    "/live/nobody/state.json",
    "/live/nobody/aac-64k/9.m4s",
    "/live/nobody/aac-64k/stream.mp4",
    "/live/nobody/index.m3u8",
    "/replay/nobody/index.m3u8",
    "/replay/a/index.m3u8",
    "/nothing",
    "///",
    "/s/A",
    "/metrics",
    "/feed",
  ];
  for (const one of outside) {
    const answer = await edge.get(one);
    expect([one, answer.status, code(answer)]).toEqual([one, 404, "not-found"]);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
  }
  expect(edge.metric("rostra_edge_not_found_total")).toBe(outside.length);
  for (const [url, count] of edge.origin.fetches) if (url !== "/audience") expect(count).toBe(before.get(url));
});

test("ED-4 ED-7 many early requests are held, answered on publication, and cost one fetch", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const { origin } = edge;
  const early = Promise.all(Array.from({ length: 100 }, (_, i) => edge.get(path(10 + (i % 2)))));
  await until(() => held(edge) === 100);
  origin.publishSegment("a");
  await until(() => held(edge) === 50);
  origin.publishSegment("a");
  const answers = await early;
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  for (const [i, { body }] of answers.entries())
    expect(body.equals(origin.segment("a", rendition, 10 + (i % 2)))).toBe(true);
  expect(origin.fetches.get(path(10))).toBe(1);
  expect(origin.fetches.get(path(11))).toBe(1);
  expect(held(edge)).toBe(0);
});

test("ED-7 too early and too old are 404 for one second, without a fetch", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 100));
  for (const n of [102, 5000, 0, 69]) {
    const answer = await edge.get(path(n));
    expect([n, answer.status, answer.headers["cache-control"]]).toEqual([n, 404, "public, max-age=1"]);
    expect(edge.origin.fetches.get(path(n))).toBeUndefined();
  }
});

test("ED-7 a client that leaves is not held any more", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const gone = http.get({ host: "127.0.0.1", port: edge.port, path: path(10), agent: false });
  gone.on("error", () => {});
  await until(() => held(edge) === 1);
  gone.destroy();
  await until(() => held(edge) === 0);
});

test("ED-8 above the cap an early request is told to come again", async () => {
  await using edge = await TestEdge.start({ maxHeld: 3 }, (origin) => origin.open("a", 10));
  const first = Promise.all([10, 10, 11].map((n) => edge.get(path(n))));
  await until(() => held(edge) === 3);
  const refused = await edge.get(path(10));
  expect([refused.status, code(refused), refused.headers["retry-after"]]).toEqual([503, "overloaded", "1"]);
  const playlist = await edge.get(`${livePaths.playlist("a", rendition)}?_HLS_msn=10`);
  expect([playlist.status, code(playlist)]).toEqual([503, "overloaded"]);
  expect(edge.metric("rostra_edge_hold_overflow_total")).toBe(2);
  edge.origin.publishSegment("a");
  edge.origin.publishSegment("a");
  expect((await first).map(({ status }) => status)).toEqual([200, 200, 200]);
});

test("ED-8 a held request whose segment does not come is told so", async () => {
  await using edge = await TestEdge.start({ heldMs: 300 }, (origin) => origin.open("a", 10));
  const answer = await edge.get(path(10));
  expect([answer.status, code(answer), answer.headers["retry-after"]]).toEqual([503, "origin-away", "1"]);
  expect(answer.headers["cache-control"]).toBe("no-store");
});

test("ED-9 a segment is immutable and open; HEAD, Range and If-Range-less parts work", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const bytes = edge.origin.segment("a", rendition, 9);
  const whole = await edge.get(path(9));
  expect(whole.status).toBe(200);
  expect(whole.body.equals(bytes)).toBe(true);
  expect(whole.headers).toMatchObject({
    "content-type": "audio/mp4",
    "cache-control": "public, max-age=31536000, immutable",
    "access-control-allow-origin": "*",
    "accept-ranges": "bytes",
    "content-length": String(bytes.length),
  });
  const head = await edge.get(path(9), { method: "HEAD" });
  expect([head.status, head.body.length, head.headers["content-length"]]).toEqual([200, 0, String(bytes.length)]);
  const part = await edge.get(path(9), { headers: { range: "bytes=10-19" } });
  expect([part.status, part.headers["content-range"]]).toEqual([206, `bytes 10-19/${bytes.length}`]);
  expect(part.body.equals(bytes.subarray(10, 20))).toBe(true);
  const several = await edge.get(path(9), { headers: { range: "bytes=0-1,4-5" } });
  expect([several.status, several.body.length]).toEqual([200, bytes.length]);
  const past = await edge.get(path(9), { headers: { range: `bytes=${bytes.length}-` } });
  expect([past.status, past.headers["content-range"]]).toEqual([416, `bytes */${bytes.length}`]);
  expect(JSON.parse(past.body.toString())).toMatchObject({ code: "range-not-there", status: 416 });
  const init = await edge.get(livePaths.init("a", rendition));
  expect(init.body.equals(initOf(rendition))).toBe(true);
  expect(init.headers["cache-control"]).toContain("immutable");
});

test("ED-10 a past segment is fetched once for many, and kept", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 60));
  const answers = await Promise.all(Array.from({ length: 20 }, () => edge.get(path(50))));
  expect(answers.every(({ body }) => body.equals(edge.origin.segment("a", rendition, 50)))).toBe(true);
  await edge.get(path(50));
  expect(edge.origin.fetches.get(path(50))).toBe(1);
});

test("ED-10 a past segment while the origin is away is 503", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 60));
  await edge.origin.die();
  const answer = await edge.get(path(50));
  expect([answer.status, code(answer)]).toEqual([503, "origin-away"]);
});

test("ED-33 what an ended Space has let go of is 404 and asks the origin nothing", async () => {
  await using edge = await TestEdge.start({}, (origin) => {
    origin.open("a", 10, { status: "ended", first: null, latest: null });
    origin.open("b", 100);
  });
  for (const n of [0, 9, 12, 500]) expect((await edge.get(path(n))).status).toBe(404);
  for (let i = 0; i < 10; i++) edge.origin.publishSegment("b");
  await until(() => edge.edge.directory.find("b")?.state.latest === 109);
  expect(edge.edge.directory.find("b")?.state.first).toBeLessThan(78);
  expect((await edge.get(path(77, "b"))).status).toBe(404);
  expect((await edge.get(path(78, "b"))).status).toBe(200);
  const asked = [...edge.origin.fetches.keys()].filter((url) => url.endsWith(".m4s"));
  expect(asked.filter((url) => url.startsWith("/live/a/") || url.endsWith("/77.m4s"))).toEqual([]);
});

test("ED-33 a stream whose Space ended and was let go of while the origin was away is ended", async () => {
  const epochMs = Date.now() - 500 * 960;
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10, { epochMs }));
  using listener = edge.stream(livePaths.stream("a", rendition));
  await until(() => listener.body.length > 0);
  await edge.origin.die();
  edge.origin.change("a", { status: "ended", first: null, latest: null });
  await edge.origin.start();
  await until(() => listener.ended);
});

test("ED-17 a rendition that nobody wants is not pulled", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  await edge.get(livePaths.state("a"));
  await edge.get(livePaths.master("a"));
  await edge.get(livePaths.init("a", rendition));
  for (const outside of [99, 9_999_999_999]) expect((await edge.get(path(outside))).status).toBe(404);
  for (let i = 0; i < 5; i++) edge.origin.publishSegment("a");
  await sleep(50);
  expect([...edge.origin.fetches.keys()].filter((url) => url.startsWith("/live/"))).toEqual([]);
});

test("ED-42 queries, cookies and other headers change nothing, however many there are", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 60));
  const odd = (i: number): Record<string, string> => ({
    cookie: `session=${i}`,
    "cache-control": "no-cache",
    "if-none-match": `"${i}"`,
    "accept-encoding": i % 2 ? "gzip" : "identity",
    origin: `https://${i}.example`,
  });
  const ask = (n: number, i: number): Promise<Answer> =>
    edge.get(`${path(n)}?${i}=${"x".repeat(i)}&_HLS_msn=${i}`, { headers: odd(i) });
  const numbers = [50, 59, 60, 99, 3];
  const asked = numbers.map((n) => Promise.all(Array.from({ length: 20 }, (_, i) => ask(n, i))));
  await until(() => held(edge) === 20);
  edge.origin.publishSegment("a");
  for (const [i, answers] of (await Promise.all(asked)).entries()) {
    const n = numbers[i] as number;
    for (const { status, headers, body } of answers) {
      if (n > 60 || n < 20) {
        expect([n, status, headers["cache-control"]]).toEqual([n, 404, "public, max-age=1"]);
      } else {
        expect([n, status, headers.vary, headers["set-cookie"]]).toEqual([n, 200, undefined, undefined]);
        expect(body.equals(edge.origin.segment("a", rendition, n))).toBe(true);
      }
    }
  }
  for (const n of numbers) expect(edge.origin.fetches.get(path(n))).toBe(n > 60 || n < 20 ? undefined : 1);
  expect([...edge.origin.fetches.keys()].filter((url) => url.includes("?"))).toEqual([]);
});
