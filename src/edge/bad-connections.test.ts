import { mkdir, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { livePaths } from "../wire/paths.ts";
import { Bystanders } from "./bystanders.test-clients.ts";
import { idleAfterMs, maxPipelined } from "./connections.ts";
import { queuedBytes } from "./direct-writes.ts";
import { Listener, TestEdge, until } from "./edge.test-server.ts";
import type { TestOrigin } from "./origin.test-server.ts";
import type { EdgeOptions } from "./server.ts";

const segment = (n: number, space = "a"): string => livePaths.segment(space, "opus-32k", n);
const stream = livePaths.stream("a", "opus-32k");
const playlist = livePaths.playlist("a", "opus-32k");
const large = 8 << 20;
const ask = (path: string, headers = ""): string => `GET ${path} HTTP/1.1\r\nHost: here\r\n${headers}\r\n`;

async function prepare(origin: TestOrigin, folder: string): Promise<void> {
  await mkdir(join(folder, "web"));
  await writeFile(join(folder, "web/large.txt"), Buffer.alloc(large, "x"));
  origin.open("a", 10, { replay: true });
  // One whose chunks are large, and that stands still.
  origin.open("b", 10);
  origin.replay = (request, response) => {
    if (!request.url?.endsWith(".m4a"))
      return void response
        .writeHead(200, { "cache-control": "public, max-age=31536000, immutable" })
        .end(Buffer.alloc(large));
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(100_000))) continue;
      if (!response.destroyed) response.once("drain", more);
    };
    response.writeHead(200, { "content-length": 1e9 });
    more();
  };
}

const start = (options: Partial<EdgeOptions> = {}): Promise<TestEdge> => TestEdge.start(options, prepare);

/** An edge's own ends of the connections that come from now on. */
function watched(edge: TestEdge): Socket[] {
  const sockets: Socket[] = [];
  edge.edge.server.on("connection", (socket: Socket) => void (sockets.includes(socket) || sockets.push(socket)));
  return sockets;
}

/** Nothing is left of those who misbehaved. */
async function nobodyLeft(edge: TestEdge): Promise<void> {
  const names = ["listeners", "held_requests", "kept_connections", "connections", "api_in_flight", "websockets"];
  for (const name of names) await until(() => edge.metric(`rostra_edge_${name}`) === 0, `no ${name}`);
}

test.concurrent.each([
  ["a large page", ask("/large.txt")],
  ["a segment of a replay", ask("/replay/a/opus-32k/7.m4s")],
  ["a download", ask("/replay/a/audio.m4a")],
  ["playlists, pipelined", ask(playlist).repeat(200)],
  ["states, pipelined", ask(livePaths.state("a")).repeat(200)],
  ["past segments, pipelined", ask(segment(9)).repeat(200)],
  ["early segments, pipelined", ask(segment(10)).repeat(200)],
])("ED-100 one who asks for %s and never reads is bounded and closed", async (_, request) => {
  await using edge = await start({ stallMs: 1000 });
  const ends = watched(edge);
  await using playing = new Bystanders(edge);
  await playing.haveAll(1);
  const before = ends.length;
  using client = edge.raw("");
  client.socket.pause();
  await until(() => ends.length > before);
  const end = ends.at(-1) as Socket;
  let most = 0;
  for (let i = 0; i < 100 && !client.closed; i++) {
    client.socket.write(request);
    most = Math.max(most, queuedBytes(end));
    await sleep(10);
  }
  await until(() => end.destroyed, "its connection's end");
  // What is in memory anyway is queued by reference, and once.
  expect(most).toBeLessThan(large + (1 << 20));
  await playing.haveAll();
});

test.concurrent("ED-104 early requests that one connection pipelines take few of the places for those who wait", async () => {
  await using edge = await start();
  using client = edge.raw(ask(segment(10)).repeat(maxPipelined * 4));
  await until(() => client.closed);
  expect(edge.metric("rostra_edge_pipeline_overflow_total")).toBe(1);
  using patient = edge.raw(ask(segment(10)).repeat(maxPipelined));
  await until(() => edge.metric("rostra_edge_held_requests") >= maxPipelined);
  edge.origin.publishSegment("a");
  const { length } = edge.origin.segment("a", "opus-32k", 10);
  await until(() => patient.bytes > maxPipelined * length);
  const all = patient.received.toString("latin1").matchAll(/HTTP\/1\.1 (\d+) [A-Z]/g);
  expect([...all].map(([, status]) => status)).toEqual(Array.from({ length: maxPipelined }, () => "200"));
  await until(() => edge.metric("rostra_edge_held_requests") === 0);
  expect(edge.metric("rostra_edge_pipeline_overflow_total")).toBe(1);
});

/** Where a client may be when it goes. */
const phases: readonly (readonly [string, string])[] = [
  ["before its request", ""],
  ["in the head of its request", ask(segment(9)).slice(0, -10)],
  ["in the middle of a body", `POST /api/v1/spaces HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nabc`],
  ["in the middle of a body nobody wants", `${ask("/healthz", "Content-Length: 10\r\n")}abc`],
  ["with its request", ask(segment(9))],
  ["with a second request", ask(segment(9)) + ask(segment(9))],
  ["while it is held", ask(segment(10, "b"))],
  ["while it is held for a playlist", ask(`${livePaths.playlist("b", "opus-32k")}?_HLS_msn=10`)],
  ["while requests wait behind one that is held", ask(segment(10, "b")) + ask(segment(9)).repeat(5)],
  ["with a request for a stream", ask(stream)],
  ["with more behind a request for a stream", ask(stream) + ask(stream)],
  ["while a download comes", ask("/replay/a/audio.m4a")],
  ["while control is away", ask("/api/v1/spaces")],
  ["while an upgrade waits", ask("/api/v1/spaces/a/room", "Connection: Upgrade\r\nUpgrade: websocket\r\n")],
];
const ways: readonly (readonly [string, (socket: Socket) => void])[] = [
  ["resets", (socket) => void socket.resetAndDestroy()],
  ["closes its sending side", (socket) => void socket.end()],
];

test.concurrent.each(ways)(
  "ED-101 who %s, wherever it is, leaves nothing behind and disturbs nobody",
  async (_, leave) => {
    await using edge = await start();
    await using playing = new Bystanders(edge);
    await playing.haveAll(1);
    const before = edge.metric("rostra_edge_kept_connections");
    const clients: Listener[] = [];
    for (const [, request] of phases)
      // At once, in the next turns of the loop, and when all has come to rest.
      for (const wait of [0, 1, 5, 60]) {
        const client = edge.raw(request);
        clients.push(client);
        if (wait === 0) client.socket.once("connect", () => leave(client.socket));
        else setTimeout(() => leave(client.socket), wait);
      }
    await until(() => clients.every(({ closed, ended }) => closed || ended), "everybody's end");
    await until(() => edge.metric("rostra_edge_connections") === 2, "those who play are left");
    expect(edge.metric("rostra_edge_listeners")).toBe(1);
    expect(edge.metric("rostra_edge_kept_connections")).toBe(before);
    await playing.haveAll();
    await playing[Symbol.asyncDispose]();
    await nobodyLeft(edge);
  },
);

test.concurrent("ED-101 who goes in the middle of being kept, or given back, leaves nothing behind", async () => {
  await using edge = await start();
  for (const [, leave] of ways) {
    for (let turns = 0; turns < 4; turns++) {
      using client = edge.raw(ask(segment(9)));
      await until(() => edge.metric("rostra_edge_kept_connections") === 1 && client.body.length > 0);
      client.socket.write(ask(turns % 2 === 0 ? livePaths.state("a") : segment(10)));
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      leave(client.socket);
      await nobodyLeft(edge);
    }
  }
});

const idle = async (edge: TestEdge, count: number, request: string): Promise<Listener[]> => {
  const clients = Array.from({ length: count }, (_, i) => {
    const localAddress = `127.0.0.${2 + (i % 8)}`;
    return new Listener(connect({ host: "127.0.0.1", port: edge.port, localAddress }), request);
  });
  await until(
    () => clients.every(({ bytes, socket }) => (request === "" ? !socket.connecting : bytes > 0)),
    "all idle ones",
  );
  return clients;
};
const closedOf = (clients: readonly Listener[]): number => clients.filter(({ closed }) => closed).length;

test.concurrent(
  "ED-102 with no room left the idle ones go, those first who asked longest ago, and those who play stay",
  { timeout: 30_000 },
  async () => {
    await using edge = await start({ maxConnections: 2000 });
    await using playing = new Bystanders(edge, 100);
    const older = await idle(edge, 600, ask(livePaths.state("a")));
    const kept = await idle(edge, 400, ask(segment(9)));
    const younger = await idle(edge, 600, ask(livePaths.state("a")));
    await until(() => edge.metric("rostra_edge_connections") >= 1602);
    expect(edge.metric("rostra_edge_kept_connections")).toBeGreaterThan(350);
    await sleep(idleAfterMs - 500);
    // They come until there is no more room: those who have just asked are nobody's prey.
    const many = await idle(edge, 300, ask(livePaths.state("a")));
    await until(() => edge.metric("rostra_edge_idle_closes_total") > 0, "room is made");
    // They come within one look or several; each that finds nearly all taken makes room, down to four fifths.
    await until(() => edge.metric("rostra_edge_connections") <= 1800);
    await until(() => closedOf(older) === edge.metric("rostra_edge_idle_closes_total"));
    expect(closedOf(older)).toBeGreaterThanOrEqual(200);
    expect(closedOf(older)).toBeLessThan(400);
    expect(closedOf([...many, ...younger, ...kept])).toBe(0);
    const before = closedOf(older);
    // The oldest of the older were the first.
    expect(closedOf(older.slice(0, before))).toBe(before);
    expect(edge.metric("rostra_edge_connections_refused_total")).toBe(0);
    await playing.haveAll();
    for (const { socket } of [...older, ...kept, ...younger, ...many]) socket.destroy();
  },
);

test.concurrent("ED-102 kept connections on which nobody asks make room as well; one above the cap is closed at once", async () => {
  await using edge = await start({ maxConnections: 100 });
  await using playing = new Bystanders(edge, 100);
  const kept = await idle(edge, 88, ask(segment(9)));
  const talking = edge.raw(ask(livePaths.state("a")));
  await until(() => talking.bytes > 0);
  const more = Array.from({ length: 40 }, () => edge.raw(ask(livePaths.state("a"))));
  await until(() => edge.metric("rostra_edge_connections_refused_total") > 0);
  await until(() => more.filter(({ bytes, closed }) => bytes > 0 || closed).length === 40);
  expect(closedOf(more)).toBeGreaterThanOrEqual(edge.metric("rostra_edge_connections_refused_total"));
  // What is used goes on: it asks now and then.
  await until(() => {
    talking.socket.write(ask(livePaths.state("a")));
    return closedOf(kept) > 0;
  }, "room");
  expect(talking.closed).toBe(false);
  expect((await edge.get(livePaths.state("a"))).status).toBe(200);
  await playing.haveAll();
  for (const { socket } of [...kept, ...more, talking]) socket.destroy();
});

test.concurrent(
  "ED-110 a head that comes too slowly is cut off with 408, and so is a body; silence is as well",
  { timeout: 30_000 },
  async () => {
    await using edge = await start();
    await using playing = new Bystanders(edge, 100);
    using silent = edge.raw("");
    using slow = edge.raw("GET / HT");
    using body = edge.raw("POST /api/v1/spaces HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\n");
    const dripping = setInterval(() => [slow, body].map(({ socket }) => socket.write("x")), 100);
    using half = edge.raw(`${ask(segment(9)).slice(0, -2)}X-Slow: `);
    await until(() => [silent, slow, half].every(({ ended, closed }) => ended || closed));
    await until(() => body.ended || body.closed);
    clearInterval(dripping);
    for (const client of [silent, half, body]) expect(client.received.toString("latin1")).toContain("request-too-slow");
    await playing.haveAll();
  },
);
