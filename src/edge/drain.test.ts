import http from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { ms } from "../foundation/duration.ts";
import { closeServer, listenUnix } from "../foundation/link.ts";
import { silentLog } from "../foundation/log.ts";
import { livePaths } from "../wire/paths.ts";
import { segmentMs } from "../wire/timeline.ts";
import { get, TestEdge, until } from "./edge.test-server.ts";
import { Leaving } from "./leaving.ts";
import { initOf, type TestOrigin } from "./origin.test-server.ts";
import { FrameEnds } from "./websocket-frames.ts";

const rendition = "opus-32k";
const path = livePaths.stream("a", rendition);
const leavesIn = (window: number) => ({ farewell: () => ({ window: ms(window) }) });

test("ED-60 an edge that ends takes no more connections, and says goodbye on those it has", async () => {
  await using edge = await TestEdge.start(leavesIn(600), (origin) => origin.open("a", 10));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ask = () => get({ host: "127.0.0.1", port: edge.port, path: "/healthz", agent });
  expect((await ask()).headers["connection"]).toBe("keep-alive");
  const ended = edge.scope.end();
  const refused = await new Promise((resolve) => {
    const socket = connect({ port: edge.port, host: "127.0.0.1" });
    socket.on("connect", () => resolve("connected"));
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  expect(refused).toBe("ECONNREFUSED");
  // Idle while the port was closed, and still there.
  const last = await ask();
  expect([last.status, last.headers["connection"]]).toEqual([200, "close"]);
  await ended;
  agent.destroy();
});

test("ED-92 who comes back on a kept connection to an edge that is leaving is sent to a new one; a first request is answered", async () => {
  await using edge = await TestEdge.start(leavesIn(900), (origin) => origin.open("a", 10));
  const kept = edge.raw("GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n");
  const fresh = edge.raw("");
  await until(() => kept.body.toString() === "ok\n");
  const ended = edge.scope.end();
  const before = kept.bytes;
  for (const one of [kept, fresh]) one.socket.write(`GET ${path} HTTP/1.1\r\nhost: here\r\n\r\n`);
  await until(() => kept.closed && fresh.body.length > 0);
  expect(kept.bytes).toBe(before);
  await ended;
});

test("ED-60 whoever asks once a segment has a last answer by the end, and one of every few at the beginning", () => {
  let now = 0;
  let drawn = 0;
  const leaving = new Leaving(
    () => now,
    () => drawn,
  );
  expect(leaving.isLastAnswer()).toBe(false);
  leaving.begin(5 * segmentMs);
  const lastFor = (chance: number): boolean => {
    drawn = chance;
    return leaving.isLastAnswer();
  };
  expect([lastFor(0.19), lastFor(0.21)]).toEqual([true, false]);
  now = 3 * segmentMs;
  expect([lastFor(0.49), lastFor(0.51)]).toEqual([true, false]);
  now = 4 * segmentMs;
  expect(lastFor(0.99)).toBe(true);
  now = 9 * segmentMs;
  expect(lastFor(0.99)).toBe(true);
});

test("ED-61 endless responses end at segments' ends, some with each, and not all at once", async () => {
  await using edge = await TestEdge.start(leavesIn(3500), (origin) => origin.open("a", 10));
  const { origin } = edge;
  const listeners = Array.from({ length: 60 }, () => edge.stream(path));
  await until(() => listeners.every(({ body }) => body.length > 0));
  const ended = edge.scope.end();
  while (!listeners.every((one) => one.ended)) {
    origin.publishChunk("a");
    await sleep(60);
  }
  await ended;
  const latest = origin.state("a").latest ?? 0;
  const lengths = new Map(wholes(origin, latest).map((bytes, i) => [bytes.length, { bytes, n: 9 + i }]));
  const byLast = new Map<number, number>();
  for (const { body } of listeners) {
    const whole = lengths.get(body.length);
    expect(whole?.bytes.equals(body)).toBe(true);
    byLast.set(whole?.n ?? 0, (byLast.get(whole?.n ?? 0) ?? 0) + 1);
  }
  expect(byLast.size).toBeGreaterThanOrEqual(3);
  expect(Math.max(...byLast.values())).toBeLessThan(45);
});

/** What a listener has that began with segment 9 and ended with 9, 10, … */
const wholes = (origin: TestOrigin, latest: number): Buffer[] => {
  let bytes: Buffer = initOf(rendition);
  return Array.from({ length: latest - 8 }, (_, i) => {
    bytes = Buffer.concat([bytes, origin.segment("a", rendition, 9 + i)]);
    return bytes;
  });
};

test("ED-61 what has not ended when the window is over is cut off", async () => {
  await using edge = await TestEdge.start(leavesIn(200), (origin) => origin.open("a", 10));
  using listener = edge.stream(path);
  await until(() => listener.body.length > 0);
  const before = listener.body.length;
  edge.origin.publishChunk("a");
  await until(() => listener.body.length > before);
  await edge.scope.end();
  await until(() => listener.closed);
});

test("ED-62 WebSockets are told to come again, between two frames", async () => {
  await using edge = await TestEdge.start(leavesIn(400));
  const server = await listenUnix(join(edge.folder, "control.sock"), (_, response) => void response.end(), silentLog);
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => sockets.handleUpgrade(request, socket, head, () => {}));
  const codes: number[] = [];
  const clients = Array.from({ length: 5 }, () => {
    const client = new WebSocket(`ws://127.0.0.1:${edge.port}/api/v1/spaces/town-hall/room`);
    client.on("close", (code) => codes.push(code));
    return client;
  });
  await until(() => sockets.clients.size === clients.length);
  await edge.scope.end();
  await until(() => codes.length === clients.length);
  expect(codes).toEqual(clients.map(() => 1012));
  await until(() => sockets.clients.size === 0);
  await closeServer(server, 0);
});

test.each([
  ["short", Buffer.from([0x81, 3, 1, 2, 3])],
  ["16 bits of length", Buffer.concat([Buffer.from([0x82, 126, 1, 44]), Buffer.alloc(300)])],
  ["64 bits of length", Buffer.concat([Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]), Buffer.alloc(65_536)])],
  ["masked", Buffer.from([0x81, 0x81, 9, 9, 9, 9, 1])],
  ["empty", Buffer.from([0x8a, 0])],
])("ED-62 a frame's end is known however its bytes are cut: %s", (_, frame) => {
  for (const cut of [0, 1, 2, 3, 5, frame.length - 1]) {
    if (cut >= frame.length) continue;
    const frames = new FrameEnds();
    frames.push(frame.subarray(0, cut));
    expect(frames.atEnd).toBe(cut === 0);
    frames.push(frame.subarray(cut));
    expect(frames.atEnd).toBe(true);
    frames.push(Buffer.concat([frame, frame.subarray(0, 1)]));
    expect(frames.atEnd).toBe(false);
  }
});

test("ED-63 requests that are held when an edge ends are answered", async () => {
  await using edge = await TestEdge.start(leavesIn(700), (origin) => origin.open("a", 10));
  const ask = (n: number) => edge.get(livePaths.segment("a", rendition, n));
  const [comes, doesNot] = [ask(10), ask(11)];
  await until(() => edge.metric("rostra_edge_held_requests") === 2);
  const ended = edge.scope.end();
  edge.origin.publishSegment("a");
  expect((await comes).status).toBe(200);
  const refused = await doesNot;
  expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "1"]);
  await ended;
});
