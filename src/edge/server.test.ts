import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closeServer, listenUnix } from "../foundation/link.ts";
import { silentLog } from "../foundation/log.ts";
import { livePaths } from "../wire/paths.ts";
import { TestEdge, until } from "./edge.test-server.ts";

const state = livePaths.state("a");

test("ED-29 another method is 405 with what is allowed, and a preflight is answered", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10, { replay: true }));
  for (const path of [state, livePaths.stream("a", "opus-32k"), "/replay/a/index.m3u8", "/", "/healthz"]) {
    const answer = await edge.get(path, { method: "DELETE" });
    expect([path, answer.status, answer.headers.allow]).toEqual([path, 405, "GET, HEAD, OPTIONS"]);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: "method-not-allowed", status: 405 });
  }
  const preflight = await edge.get(state, { method: "OPTIONS" });
  expect(preflight.status).toBe(204);
  expect(preflight.headers["access-control-allow-origin"]).toBe("*");
});

test("ED-30 health is public, metrics are not", async () => {
  await using edge = await TestEdge.start();
  const health = await edge.get("/healthz");
  expect([health.status, health.body.toString()]).toEqual([200, "ok\n"]);
  expect((await edge.get("/metrics")).status).toBe(404);
});

test("ED-31 the origin hears who listens, streams and requests together", async () => {
  await using edge = await TestEdge.start({}, (origin) => {
    origin.open("a", 10);
    origin.open("b", 10);
  });
  using stream = edge.stream(livePaths.stream("a", "opus-32k"));
  using other = edge.stream(livePaths.stream("a", "aac-64k"));
  await until(() => stream.body.length > 0 && other.body.length > 0);
  for (const agent of ["one", "two", "two"])
    for (const n of [9, 9]) await edge.get(livePaths.segment("b", "opus-16k", n), { headers: { "user-agent": agent } });
  await edge.get(livePaths.segment("a", "opus-16k", 9), { headers: { "user-agent": "three" } });
  const before = edge.origin.audiences.length;
  await until(() => edge.origin.audiences.length > before);
  expect(edge.origin.audiences.at(-1)).toMatchObject({
    edge: "edge-test",
    listeners: { a: 3, b: 2 },
    numbered: { a: 1, b: 2 },
  });
});

test("ED-32 what is no HTTP, or has too large a head, is refused and counted", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  using noise = edge.raw("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n");
  using large = edge.raw(`GET ${state} HTTP/1.1\r\nHost: x\r\nCookie: ${"x".repeat(20_000)}\r\n\r\n`);
  using long = edge.raw(`GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
  using hostless = edge.raw(`GET ${state} HTTP/1.1\r\n\r\n`);
  await until(() => [noise, large, long, hostless].every(({ ended }) => ended));
  expect(noise.head).toMatch(/^HTTP\/1\.1 400 /);
  expect(large.head).toMatch(/^HTTP\/1\.1 431 /);
  expect(long.head).toMatch(/^HTTP\/1\.1 431 /);
  expect(hostless.head).toMatch(/^HTTP\/1\.1 400 /);
  expect(JSON.parse(noise.body.toString())).toMatchObject({ code: "not-http", status: 400 });
  expect(JSON.parse(large.body.toString())).toMatchObject({ code: "head-too-large", status: 431 });
  expect(JSON.parse(hostless.body.toString())).toMatchObject({ code: "host-header", status: 400 });
  expect(edge.metric("rostra_edge_bad_requests_total")).toBe(4);
  expect((await edge.get(state)).status).toBe(200);
});

test("ED-32 pipelined requests are answered in order, and an absolute target counts by its path", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const one = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  using client = edge.raw(
    one("/healthz") +
      one("http://elsewhere.example/healthz") +
      one("/nothing") +
      one(livePaths.segment("a", "opus-32k", 10)) +
      one("/healthz"),
  );
  await until(() => edge.metric("rostra_edge_held_requests") === 1);
  edge.origin.publishSegment("a");
  const statuses = (): string[] =>
    [...client.received.toString("latin1").matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, s = ""]) => s);
  await until(() => statuses().length === 5);
  expect(statuses()).toEqual(["200", "200", "404", "200", "200"]);
});

test("ED-32 a stream pipelined behind a request that is held is refused, not mixed up with it", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const one = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  using client = edge.raw(one(livePaths.segment("a", "opus-32k", 10)) + one(livePaths.stream("a", "opus-32k")));
  await until(() => edge.metric("rostra_edge_held_requests") === 1);
  edge.origin.publishSegment("a");
  await until(() => client.ended);
  const text = client.received.toString("latin1");
  expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(["200", "400"]);
  expect(edge.metric("rostra_edge_listeners")).toBe(0);
});

test("ED-18 an edge ends twice as once, and takes no new connection after", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  expect((await edge.get(state)).status).toBe(200);
  await Promise.all([edge.scope.end(), edge.scope.end()]);
  await expect(edge.get(state)).rejects.toThrow(/ECONNREFUSED/);
});

test("ED-35 who waits for an answer is not taken for one who does not read it", async () => {
  await using edge = await TestEdge.start({ undrainedMs: 150, stallMs: 60_000 });
  const control = await listenUnix(
    join(edge.folder, "control.sock"),
    (_, response) => void setTimeout(() => response.end("at last"), 1000),
    silentLog,
  );
  expect((await edge.get("/api/v1/spaces")).body.toString()).toBe("at last");
  expect(edge.metric("rostra_edge_slow_closes_total")).toBe(0);
  await closeServer(control, 0);
});

test("ED-35 who does not read an answer is closed and counted, and nobody else is", async () => {
  await using edge = await TestEdge.start({ stallMs: 300 }, async (_origin, folder) => {
    await mkdir(join(folder, "web"));
    await writeFile(join(folder, "web/large.txt"), Buffer.alloc(24 << 20, "x"));
  });
  using stuck = edge.stream("/large.txt");
  stuck.socket.pause();
  await until(() => edge.metric("rostra_edge_slow_closes_total") === 1);
  expect((await edge.get("/large.txt")).body.length).toBe(24 << 20);
  expect(edge.metric("rostra_edge_slow_closes_total")).toBe(1);
});
