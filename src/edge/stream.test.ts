import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { livePaths } from "../wire/paths.ts";
import { type Listener, TestEdge, until } from "./edge.test-server.ts";
import { initOf, type TestOrigin } from "./origin.test-server.ts";

const rendition = "opus-32k";
const path = livePaths.stream("a", rendition);

/** What a listener has after the init segment when it began with segment `from` and has all up to `to`. */
const expected = (origin: TestOrigin, from: number, to: number): Buffer =>
  Buffer.concat([
    initOf(rendition),
    ...Array.from({ length: to - from + 1 }, (_, i) => origin.segment("a", rendition, from + i)),
  ]);

const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

async function publish(origin: TestOrigin, chunks: number): Promise<void> {
  for (let i = 0; i < chunks; i++) {
    origin.publishChunk("a");
    await sleep(4);
  }
}

const segmentFetches = (origin: TestOrigin): number[] =>
  [...origin.fetches].filter(([url]) => url.endsWith(".m4s")).map(([, count]) => count);

test("ED-4 ED-11 fifty listeners get the same bytes, and each segment is fetched once", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const { origin } = edge;
  const listeners = Array.from({ length: 50 }, () => edge.stream(path));
  await until(() => listeners.every(({ body }) => body.equals(expected(origin, 9, 9))), "the first burst");
  await publish(origin, 12);
  const all = digest(expected(origin, 9, 13));
  await until(() => listeners.every(({ body }) => body.length >= expected(origin, 9, 13).length), "all chunks");
  expect(new Set(listeners.map(({ body }) => digest(body)))).toEqual(new Set([all]));
  expect(segmentFetches(origin).every((count) => count === 1)).toBe(true);
  expect(edge.metric("rostra_edge_joins_total")).toBe(50);
  expect(edge.metric("rostra_edge_listeners")).toBe(50);
  for (const listener of listeners) listener.socket.destroy();
  await until(() => edge.metric("rostra_edge_listeners") === 0);
});

test("ED-11 a newcomer in the middle of a segment gets the one before and the chunks so far, and misses nothing", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const { origin } = edge;
  using first = edge.stream(path);
  await until(() => first.body.length > 0);
  await publish(origin, 4);
  await until(() => first.body.equals(Buffer.concat([expected(origin, 9, 10), origin.chunk("a", rendition, 11, 0)])));
  using second = edge.stream(path);
  const atOnce = Buffer.concat([expected(origin, 10, 10), origin.chunk("a", rendition, 11, 0)]);
  await until(() => second.body.length >= atOnce.length);
  expect(digest(second.body)).toBe(digest(atOnce));
  await publish(origin, 5);
  await until(() => second.body.length >= expected(origin, 10, 12).length);
  expect(digest(second.body)).toBe(digest(expected(origin, 10, 12)));
  expect(digest(first.body)).toBe(digest(expected(origin, 9, 12)));
});

test("ED-12 segments are pushed whole from a number of listeners on, changing at a segment's start", async () => {
  await using edge = await TestEdge.start({ push: { segmentFrom: 2, chunkBelow: 2 } }, (origin) =>
    origin.open("a", 10),
  );
  const { origin } = edge;
  using first = edge.stream(path);
  await until(() => first.body.equals(expected(origin, 9, 9)));
  await publish(origin, 1);
  await until(() => first.body.length > expected(origin, 9, 9).length, "the first chunk alone");
  using second = edge.stream(path);
  const pushOf = async (): Promise<unknown> =>
    (JSON.parse((await edge.get(livePaths.state("a"))).body.toString()) as { push: unknown }).push;
  await until(() => second.body.length > 0);
  while ((await pushOf()) !== "segment") await sleep(20);
  await publish(origin, 2);
  await until(() => first.body.equals(expected(origin, 9, 10)), "the segment begun by chunk ends by chunk");
  await publish(origin, 2);
  await sleep(50);
  expect(first.body.equals(expected(origin, 9, 10))).toBe(true);
  await publish(origin, 1);
  await until(() => first.body.equals(expected(origin, 9, 11)) && second.body.equals(expected(origin, 9, 11)));
  second.socket.destroy();
  while ((await pushOf()) !== "chunk") await sleep(20);
});

test("ED-13 the response has no framing and no length, and works with HTTP/1.0", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  using old = edge.raw(`GET ${path} HTTP/1.0\r\n\r\n`);
  await until(() => old.body.equals(expected(edge.origin, 9, 9)));
  expect(old.head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(old.head).toMatch(/^content-type: audio\/mp4$/im);
  expect(old.head).toMatch(/^cache-control: no-store$/im);
  expect(old.head).toMatch(/^access-control-allow-origin: \*$/im);
  expect(old.head).toMatch(/^connection: close$/im);
  expect(old.head).not.toMatch(/^(?:content-length|transfer-encoding):/im);
  const head = await edge.get(path, { method: "HEAD" });
  expect(head.status).toBe(200);
  expect(head.headers["content-type"]).toBe("audio/mp4");
});

test("ED-13 one who closes its sending side has hung up; one who resets leaves no trace", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  using half = edge.stream(path);
  using reset = edge.stream(path);
  using other = edge.stream(path);
  await until(() => [half, reset, other].every(({ body }) => body.length > 0));
  half.socket.end();
  reset.socket.resetAndDestroy();
  await until(() => edge.metric("rostra_edge_listeners") === 1);
  await until(() => half.ended && half.closed);
  expect(half.body.equals(expected(edge.origin, 9, 9))).toBe(true);
  await publish(edge.origin, 6);
  await until(() => other.body.equals(expected(edge.origin, 9, 11)));
});

test("ED-13 what a listener sends later is read and thrown away", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  using chatty = edge.stream(path);
  await until(() => chatty.body.length > 0);
  chatty.socket.write(`GET ${livePaths.state("a")} HTTP/1.1\r\nHost: here\r\n\r\n${"x".repeat(100_000)}`);
  await publish(edge.origin, 3);
  await until(() => chatty.body.equals(expected(edge.origin, 9, 10)));
});

test("ED-13 a stream asked for with a body is refused", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const answer = await edge.get(path, { headers: { "content-length": 5 } }, "hello");
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.body.toString())).toMatchObject({ code: "stream-needs-own-connection" });
});

test("ED-14 a slow listener is skipped to a segment's start and holds up nobody", async () => {
  await using edge = await TestEdge.start({}, (origin) => {
    origin.chunkBytes = 100_000;
    origin.open("a", 10);
  });
  const { origin } = edge;
  using slow = edge.stream(path);
  using quick = edge.stream(path);
  await until(() => slow.body.length > 280_000 && quick.body.length > 280_000);
  const burst = quick.bytes;
  const perSegment = origin.segment("a", rendition, 10).length;
  let last = 9;
  const publishNext = async (): Promise<void> => {
    origin.publishSegment("a");
    last++;
    await until(() => quick.bytes >= burst + (last - 9) * perSegment, "the quick one goes on");
  };
  slow.socket.pause();
  while (edge.metric("rostra_edge_slow_skips_total") === 0) await publishNext();
  for (let more = 0; more < 3; more++) await publishNext();
  slow.socket.resume();
  const atLiveEdge = (): boolean => slow.received.subarray(-perSegment).equals(origin.segment("a", rendition, last));
  while (!atLiveEdge()) {
    await publishNext();
    await sleep(50);
  }
  const numbers = segmentsOf(slow, origin, 9, last);
  expect(numbers.length).toBeLessThan(last - 9 + 1);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(edge.metric("rostra_edge_slow_skips_total")).toBe(1);
  expect(quick.body.equals(expected(origin, 9, last))).toBe(true);
});

/** Which whole segments a listener has, in order; fails when there is anything else between them. */
function segmentsOf(listener: Listener, origin: TestOrigin, from: number, to: number): number[] {
  const found: number[] = [];
  let at = initOf(rendition).length;
  for (let n = from; n <= to; n++) {
    const bytes = origin.segment("a", rendition, n);
    if (!listener.body.subarray(at, at + bytes.length).equals(bytes)) continue;
    found.push(n);
    at += bytes.length;
  }
  expect(at).toBe(listener.body.length);
  return found;
}

test("ED-15 when the origin dies listeners stay, and go on where they were when it is back", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const { origin } = edge;
  using listener = edge.stream(path);
  await until(() => listener.body.equals(expected(origin, 9, 9)));
  await publish(origin, 4);
  await until(() => listener.body.length > expected(origin, 9, 10).length, "one chunk of segment 11");
  await origin.die();
  await until(() => !edge.edge.directory.synced);
  expect((await edge.get(livePaths.state("a"))).status).toBe(200);
  expect((await edge.get(livePaths.segment("a", rendition, 10))).body.equals(origin.segment("a", rendition, 10))).toBe(
    true,
  );
  using newcomer = edge.stream(path);
  await until(() => newcomer.body.length > 0, "a newcomer is welcome meanwhile");
  await origin.start();
  await until(() => edge.edge.directory.synced);
  await publish(origin, 5);
  await until(() => listener.body.length >= expected(origin, 9, 12).length);
  expect(digest(listener.body)).toBe(digest(expected(origin, 9, 12)));
  expect(digest(newcomer.body)).toBe(digest(expected(origin, 10, 12)));
  expect(edge.metric("rostra_edge_jumps_total")).toBe(0);
});

test("ED-15 what a restarted origin has lost is left out, and counted", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const { origin } = edge;
  using listener = edge.stream(path);
  await until(() => listener.body.equals(expected(origin, 9, 9)));
  await origin.die();
  origin.skipTo("a", 40);
  await origin.start();
  await until(() => listener.body.length >= 2 * expected(origin, 9, 9).length - initOf(rendition).length);
  await publish(origin, 3);
  const wanted = Buffer.concat([expected(origin, 9, 9), expected(origin, 39, 40).subarray(initOf(rendition).length)]);
  await until(() => listener.body.length >= wanted.length);
  expect(digest(listener.body)).toBe(digest(wanted));
  expect(edge.metric("rostra_edge_jumps_total")).toBe(1);
});

test("ED-16 when a Space ends its streams end after the last segment", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const { origin } = edge;
  using listener = edge.stream(path);
  await until(() => listener.body.length > 0);
  await publish(origin, 3);
  await until(() => listener.body.equals(expected(origin, 9, 10)));
  origin.change("a", { status: "ended", endedAt: Date.now() });
  await until(() => listener.ended);
  expect(digest(listener.body)).toBe(digest(expected(origin, 9, 10)));
  const after = await edge.get(path);
  expect(after.status).toBe(404);
  expect(JSON.parse(after.body.toString())).toMatchObject({ code: "ended" });
  expect(after.headers["retry-after"]).toBeUndefined();
});

test("ED-16 a Space without sound has no stream", async () => {
  await using edge = await TestEdge.start({}, (origin) =>
    origin.open("a", 0, { status: "scheduled", epochMs: null, renditions: [] }),
  );
  const answer = await edge.get(path);
  expect(answer.status).toBe(404);
  expect(JSON.parse(answer.body.toString())).toMatchObject({ code: "not-open-yet" });
  expect(answer.headers["retry-after"]).toMatch(/^\d+$/); // RFC 9110, 10.2.3: whole seconds
  expect(segmentFetches(edge.origin)).toEqual([]);
});

test("ED-16 a Space that is taken away ends its streams", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  using listener = edge.stream(path);
  await until(() => listener.body.length > 0);
  edge.origin.forget("a");
  await until(() => listener.ended);
  expect((await edge.get(path)).status).toBe(404);
});

test("ED-18 when the edge ends an endless response ends at a segment's end", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const { origin } = edge;
  using listener = edge.stream(path);
  await until(() => listener.body.equals(expected(origin, 9, 9)));
  await publish(origin, 1);
  await until(() => listener.body.length > expected(origin, 9, 9).length);
  const ended = edge.scope.end();
  await publish(origin, 3);
  await until(() => listener.ended);
  expect(digest(listener.body)).toBe(digest(expected(origin, 9, 10)));
  await ended;
});

test("ED-18 a stream whose segment does not come is closed within the bound", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  using listener = edge.stream(path);
  await until(() => listener.body.length > 0);
  edge.origin.publishChunk("a");
  await until(() => listener.body.length > expected(edge.origin, 9, 9).length);
  await edge.scope.end();
  await until(() => listener.ended || listener.closed);
});

test("ED-47 above its cap an endless response is refused with the time to come again, and nobody else is hurt", async () => {
  await using edge = await TestEdge.start({ maxConnections: 20 }, (origin) => origin.open("a", 10));
  const listeners = Array.from({ length: 19 }, () => edge.stream(path));
  await until(() => edge.metric("rostra_edge_listeners") === 19);
  const refused = await edge.get(path);
  expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "2"]);
  expect(JSON.parse(refused.body.toString())).toMatchObject({ code: "overloaded" });
  await publish(edge.origin, 3);
  await until(() => listeners.every(({ body }) => body.equals(expected(edge.origin, 9, 10))));
  listeners[0]?.socket.destroy();
  await until(() => edge.metric("rostra_edge_listeners") === 18);
  using next = edge.stream(path);
  await until(() => next.body.length > 0);
  for (const listener of listeners) listener.socket.destroy();
});
