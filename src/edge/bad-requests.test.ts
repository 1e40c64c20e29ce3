import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { livePaths } from "../wire/paths.ts";
import { Bystanders } from "./bystanders.test-clients.ts";
import { type Listener, TestEdge, until } from "./edge.test-server.ts";
import type { TestOrigin } from "./origin.test-server.ts";

const segment = livePaths.segment("a", "opus-32k", 9);
const early = livePaths.segment("a", "opus-32k", 10);
const stream = livePaths.stream("a", "opus-32k");
const replayed = "/replay/a/opus-32k/7.m4s";
const download = "/replay/a/audio.m4a";
const bytes = Buffer.from("the bytes of a replay");

async function prepare(origin: TestOrigin, folder: string): Promise<void> {
  await mkdir(join(folder, "web"));
  await writeFile(join(folder, "web/index.html"), "<!doctype html><title>Home</title>");
  origin.open("a", 10, { replay: true });
  origin.replay = (_, response) => {
    const headers = {
      "content-type": "audio/mp4",
      "cache-control": "public, max-age=31536000, immutable",
      etag: '"7"',
    };
    response.writeHead(200, { ...headers, "content-length": bytes.length }).end(bytes);
  };
}

const start = (): Promise<TestEdge> => TestEdge.start({}, prepare);
const ask = (path: string, headers = "Host: here\r\n", line = `GET ${path} HTTP/1.1`): string =>
  `${line}\r\n${headers}\r\n`;
/** The statuses of the answers that came; what is in their bodies does not begin a line. */
const statuses = ({ received }: Listener): number[] =>
  [...received.toString("latin1").matchAll(/HTTP\/1\.1 (\d+) [A-Z]/g)].map(([, status]) => Number(status));
const code = ({ received }: Listener): string | undefined => /"code":"([^"]*)"/.exec(received.toString("latin1"))?.[1];

test("ED-105 HEAD is answered with the head of a GET and nothing more, OPTIONS with what is allowed, everywhere", async () => {
  await using edge = await start();
  const paths = {
    state: livePaths.state("a"),
    master: livePaths.master("a"),
    playlist: livePaths.playlist("a", "opus-32k"),
    init: livePaths.init("a", "opus-32k"),
    segment,
    replayed,
    page: "/",
    health: "/healthz",
    nothing: "/nothing",
    unknown: livePaths.state("b"),
  };
  for (const [kind, path] of Object.entries({ ...paths, stream })) {
    const head = await edge.get(path, { method: "HEAD" });
    expect([kind, head.body.length]).toEqual([kind, 0]);
    if (kind !== "stream") {
      const whole = await edge.get(path);
      expect([kind, head.status, head.headers["content-length"]]).toEqual([
        kind,
        whole.status,
        String(whole.body.length),
      ]);
    }
    if (kind === "nothing" || kind === "unknown") continue;
    const options = await edge.get(path, { method: "OPTIONS" });
    expect([kind, options.status, options.headers.allow]).toEqual([kind, 204, "GET, HEAD, OPTIONS"]);
  }
  // One that is held is no other: the head comes with the segment.
  const held = edge.get(early, { method: "HEAD" });
  await until(() => edge.metric("rostra_edge_held_requests") === 1);
  edge.origin.publishSegment("a");
  expect([(await held).status, (await held).body.length]).toEqual([200, 0]);
  const past = edge.get(livePaths.segment("a", "opus-32k", 99), { method: "HEAD" });
  expect([(await past).status, (await past).body.length]).toEqual([404, 0]);
  using server = edge.raw(ask("*", "Host: here\r\n", "OPTIONS * HTTP/1.1"));
  await until(() => statuses(server)[0] === 204);
  const beacon = await edge.get(livePaths.beacon("a", 1), { method: "OPTIONS" });
  expect([beacon.status, beacon.headers.allow]).toEqual([204, "POST, OPTIONS"]);
  expect(edge.metric("rostra_edge_listeners")).toBe(0);
});

test.concurrent.each([
  ["no Host", ask(segment, ""), 400, "host-header"],
  ["two Hosts", ask(segment, "Host: a\r\nhost: a\r\n"), 400, "host-header"],
  ["a Host that is none", ask(segment, "Host: a b/@\r\n"), 400, "host-header"],
  ["no Host, for a stream", ask(stream, ""), 400, "host-header"],
  ["no Host, and an unknown expectation", ask(segment, "Expect: x\r\n"), 400, "host-header"],
  ["fifteen hundred headers", ask(segment, `Host: a\r\n${"abcd: efghij\r\n".repeat(1500)}`), 431, "head-too-large"],
  ["two and a half thousand headers", ask(segment, `Host: a\r\n${"a: 1\r\n".repeat(2500)}`), 431, "head-too-large"],
  ["a header of 9 KB", ask(segment, `Host: a\r\nX: ${"x".repeat(9000)}\r\n`), 431, "head-too-large"],
  ["a header's name of 9 KB", ask(segment, `Host: a\r\n${"x".repeat(9000)}: 1\r\n`), 431, "head-too-large"],
  ["an address of 9 KB", ask(`/${"x".repeat(9000)}`), 431, "head-too-large"],
  ["a megabyte without an end", "x".repeat(1 << 20), 400, "not-http"],
  ["two lengths that differ", ask(segment, "Host: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n"), 400, "not-http"],
  ["two lengths alike", ask(segment, "Host: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n"), 400, "not-http"],
  [
    "a length and chunks",
    ask(segment, "Host: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
    400,
    "not-http",
  ],
  ["a negative length", ask(segment, "Host: a\r\nContent-Length: -3\r\n"), 400, "not-http"],
  ["a length of 26 digits", ask(segment, `Host: a\r\nContent-Length: ${"9".repeat(26)}\r\n`), 400, "not-http"],
  ["chunks in other coding", ask(segment, "Host: a\r\nTransfer-Encoding: chunked, gzip\r\n"), 400, "not-http"],
  ["ends of lines without CR", ask(segment).replaceAll("\r", ""), 400, "not-http"],
  ["ends of lines without LF", ask(segment).replaceAll("\n", ""), 400, "not-http"],
  ["a NUL", ask(segment, "Host: a\r\nX: a\0b\r\n"), 400, "not-http"],
  ["a folded header", ask(segment, "Host: a\r\nX: a\r\n b\r\n"), 400, "not-http"],
  ["a space before a colon", ask(segment, "Host : a\r\n"), 400, "not-http"],
  ["a header without a name", ask(segment, "Host: a\r\n: x\r\n"), 400, "not-http"],
  ["letters beyond ASCII in the address", ask("/live/\xe4"), 400, "not-http"],
  ["a method in lower case", ask("", "Host: a\r\n", `get ${segment} HTTP/1.1`), 400, "not-http"],
  ["a method that nobody knows", ask("", "Host: a\r\n", `BREW ${segment} HTTP/1.1`), 400, "not-http"],
  ["a version that is none", ask("", "Host: a\r\n", `GET ${segment} HTTP/1.2`), 400, "not-http"],
  ["a version to come", ask("", "Host: a\r\n", `GET ${segment} HTTP/2.0`), 505, "http-version"],
  ["HTTP/0.9", `GET ${segment}\r\n\r\n`, 505, "http-version"],
  ["HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "not-http"],
  ["TLS's hello", `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${"\x01".repeat(508)}`, 400, "not-http"],
  ["a tunnel", ask("", "Host: a\r\n", "CONNECT example.com:443 HTTP/1.1"), 405, "method-not-allowed"],
] as const)("ED-106 %s: refused with a problem and closed, counted once", async (_, request, status, problem) => {
  await using edge = await start();
  await using playing = new Bystanders(edge);
  using client = edge.raw(request);
  await until(() => client.ended);
  expect([statuses(client), code(client)]).toEqual([[status], problem]);
  expect(edge.metric("rostra_edge_bad_requests_total")).toBe(1);
  await playing.haveAll(1);
});

test.concurrent.each([
  ["an empty Host", ask(segment, "Host:\r\n"), 200, undefined],
  [
    "HTTP/1.0 that keeps its connection",
    ask("", "Connection: keep-alive\r\n", `GET ${segment} HTTP/1.0`),
    200,
    undefined,
  ],
  ["empty lines before", `\r\n\r\n\r\n${ask(segment)}`, 200, undefined],
  ["a whole address", ask(`http://elsewhere.example${segment}`), 200, undefined],
  ["a whole address in capitals", ask(`HTTPS://ELSEWHERE.EXAMPLE${segment}`), 200, undefined],
  ["a fragment", ask(`${segment}#x`), 404, "not-found"],
  [
    "a Connection that names headers",
    ask(segment, "Host: a\r\nConnection: host, content-length, x\r\n"),
    200,
    undefined,
  ],
  [
    "a wish for HTTP/2",
    ask(segment, "Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"),
    200,
    undefined,
  ],
  [
    "a wish for a WebSocket elsewhere",
    ask(segment, "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"),
    200,
    undefined,
  ],
  ["a wish to continue", ask(segment, "Host: a\r\nExpect: 100-continue\r\n"), 100, undefined],
  ["another wish", ask(segment, "Host: a\r\nExpect: the impossible\r\n"), 417, "expectation-failed"],
  ["TRACE", ask("", "Host: a\r\n", `TRACE ${segment} HTTP/1.1`), 405, "method-not-allowed"],
  ["a method of WebDAV", ask("", "Host: a\r\n", `PROPFIND ${segment} HTTP/1.1`), 405, "method-not-allowed"],
] as const)("ED-107 %s: answered, and the connection goes on", async (_, request, status, problem) => {
  await using edge = await start();
  using client = edge.raw(request);
  await until(() => statuses(client).at(-1) !== 100 && statuses(client).length > 0);
  expect([statuses(client)[0], code(client)]).toEqual([status, problem]);
  const before = client.bytes;
  client.socket.write(ask("/healthz"));
  await until(() => client.bytes > before && client.received.subarray(-3).toString() === "ok\n");
});

test("ED-107 HTTP/1.0 gets the same bytes, and the connection's end behind them", async () => {
  await using edge = await start();
  for (const path of [segment, livePaths.state("a"), replayed, "/", "/nothing"]) {
    using client = edge.raw(ask("", "", `GET ${path} HTTP/1.0`));
    await until(() => client.ended);
    const { status, body } = await edge.get(path);
    expect([path, statuses(client)[0]]).toEqual([path, status]);
    if (path !== livePaths.state("a")) expect(client.body.equals(body)).toBe(true);
    expect(client.head).not.toMatch(/^transfer-encoding:/im);
  }
  using held = edge.raw(ask("", "", `GET ${early} HTTP/1.0`));
  await until(() => edge.metric("rostra_edge_held_requests") === 1);
  edge.origin.publishSegment("a");
  await until(() => held.ended);
  expect(held.body.equals(edge.origin.segment("a", "opus-32k", 10))).toBe(true);
});

const withBody = (path: string, headers: string, body: string): string => ask(path, `Host: here\r\n${headers}`) + body;

test("ED-108 a body on a GET is thrown away; the next request begins behind it", async () => {
  await using edge = await start();
  await using playing = new Bystanders(edge);
  for (const path of [segment, livePaths.state("a"), replayed, "/", "/healthz", "/nothing"])
    for (const body of [
      withBody(path, "Content-Length: 5\r\n", "hello"),
      withBody(path, "Transfer-Encoding: chunked\r\n", "5;a=b\r\nhello\r\n0\r\nX: trailer\r\n\r\n"),
      withBody(path, `Content-Length: ${1 << 20}\r\n`, "GET / HTTP/1.1\r\n\r\n".padEnd(1 << 20, "x")),
    ]) {
      using client = edge.raw(body + ask("/healthz"));
      await until(() => client.received.subarray(-3).toString() === "ok\n" && statuses(client).length === 2);
      expect(statuses(client)).toEqual([path === "/nothing" ? 404 : 200, 200]);
    }
  await playing.haveAll();
});

test("ED-108 what a body lies about harms its connection alone", async () => {
  await using edge = await start();
  await using playing = new Bystanders(edge);
  // Shorter than told: what follows is its rest, and no request. Longer: the rest is no HTTP. A chunk's size that is none.
  using short = edge.raw(withBody(segment, "Content-Length: 1000\r\n", ask("/healthz")));
  using long = edge.raw(withBody(segment, "Content-Length: 2\r\n", "hello\r\n\r\n"));
  using broken = edge.raw(withBody(segment, "Transfer-Encoding: chunked\r\n", "zz\r\nhello\r\n0\r\n\r\n"));
  using endless = edge.raw(withBody("/healthz", "Content-Length: 99999999999\r\n", ""));
  const more = Buffer.alloc(1 << 20);
  for (let i = 0; i < 64; i++) endless.socket.write(more);
  await until(() => long.closed && broken.closed);
  // Answered, or found to be none before their turn has come.
  for (const client of [long, broken]) expect([200, 400]).toContain(statuses(client)[0]);
  await until(
    () => statuses(endless).length === 1 && endless.socket.writableLength === 0,
    "64 MB are taken and thrown away",
  );
  expect(statuses(short)).toEqual([200]);
  await playing.haveAll();
});

test("ED-108 noise in the middle of an answer does not become part of it", async () => {
  await using edge = await TestEdge.start({}, async (_, folder) => {
    await mkdir(join(folder, "web"));
    await writeFile(join(folder, "web/large.txt"), Buffer.alloc(24 << 20, "x"));
  });
  using client = edge.raw(ask("/large.txt"));
  client.socket.pause();
  await until(() => client.socket.bytesWritten > 0);
  client.socket.write("noise\r\n\r\n");
  await until(() => edge.metric("rostra_edge_bad_requests_total") === 1);
  client.socket.resume();
  await until(() => client.closed);
  expect(client.body.every((byte) => byte === 120)).toBe(true);
  expect(client.body.length).toBeLessThan(24 << 20);
});

test("ED-109 a Range counts only in a GET for what has a length, and with If-Range only for what is the same", async () => {
  await using edge = await start();
  const ranged = { range: "bytes=1-3" };
  for (const path of [segment, replayed, livePaths.init("a", "opus-32k")]) {
    const { body } = await edge.get(path);
    const part = await edge.get(path, { headers: ranged });
    expect([path, part.status, part.body.equals(body.subarray(1, 4))]).toEqual([path, 206, true]);
    const past = await edge.get(path, { headers: { range: `bytes=${body.length}-` } });
    expect([path, past.status, past.headers["content-range"]]).toEqual([path, 416, `bytes */${body.length}`]);
    for (const headers of [
      { range: "bytes=0-0,2-3" },
      { range: "lines=1-3" },
      { range: "bytes=3-1" },
      { range: `bytes=${"1-2,".repeat(1500)}1-2` },
      { ...ranged, "if-range": '"another"' },
      { ...ranged, "if-range": "Wed, 21 Oct 2015 07:28:00 GMT" },
    ]) {
      const whole = await edge.get(path, { headers });
      expect([path, whole.status, whole.body.equals(body)]).toEqual([path, 200, true]);
    }
    const head = await edge.get(path, { method: "HEAD", headers: ranged });
    expect([path, head.status, head.headers["content-length"]]).toEqual([path, 200, String(body.length)]);
  }
  const same = await edge.get(replayed, { headers: { ...ranged, "if-range": '"7"' } });
  expect([same.status, same.body.toString()]).toEqual([206, "he "]);
  for (const path of [livePaths.state("a"), livePaths.master("a"), "/", "/healthz"])
    expect([path, (await edge.get(path, { headers: ranged })).status]).toEqual([path, 200]);
  const held = edge.get(early, { headers: ranged });
  await until(() => edge.metric("rostra_edge_held_requests") === 1);
  edge.origin.publishSegment("a");
  expect((await held).body.equals(edge.origin.segment("a", "opus-32k", 10).subarray(1, 4))).toBe(true);
  using listener = edge.raw(ask(stream, "Host: here\r\nRange: bytes=1-3\r\n"));
  await until(() => listener.body.length > 1000);
  expect(statuses(listener)).toEqual([200]);
  expect((await edge.get(download, { headers: ranged })).status).toBe(200);
});
