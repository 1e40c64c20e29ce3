import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { livePaths } from "../wire/paths.ts";
import { Arrivals } from "./arrivals.ts";
import { TestEdge, until } from "./edge.test-server.ts";
import type { KnownRequests } from "./known-requests.ts";
import { initOf } from "./origin.test-server.ts";

const rendition = "opus-32k";
const stream = livePaths.stream("a", rendition);
const ask = (target: string, headers = "", version = "1.1"): string =>
  `GET ${target} HTTP/${version}\r\nHost: here\r\nUser-Agent: a test\r\n${headers}\r\n`;
const known = (edge: TestEdge): number => edge.metric("rostra_edge_known_joins_total");
const joins = (edge: TestEdge): number => edge.metric("rostra_edge_joins_total");

/** An edge at which one listener has joined already. */
async function start(options: Parameters<typeof TestEdge.start>[0] = {}): Promise<TestEdge> {
  const edge = await TestEdge.start(options, (origin) => {
    origin.open("a", 10);
    origin.open("b", 10);
  });
  const first = edge.raw(ask(stream));
  await until(() => joins(edge) === 1 && first.body.length > 0);
  return edge;
}
const burst = (edge: TestEdge): Buffer => Buffer.concat([initOf(rendition), edge.origin.segment("a", rendition, 9)]);

test("ED-48 who asks for an endless response as somebody did before gets the same one, without HTTP in between", async () => {
  await using edge = await start();
  const listeners = Array.from({ length: 20 }, () => edge.raw(ask(stream)));
  await until(() => listeners.every(({ body }) => body.length > 0));
  expect([joins(edge), known(edge)]).toEqual([21, 20]);
  for (const { head, body } of listeners) {
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(body.equals(burst(edge))).toBe(true);
  }
  edge.origin.publishSegment("a");
  const all = Buffer.concat([burst(edge), edge.origin.segment("a", rendition, 10)]);
  await until(() => listeners.every(({ body }) => body.equals(all)));
  // One sends on, one hangs up, one breaks, and one is ended with the Space.
  listeners[0]?.socket.write("more".repeat(100_000));
  listeners[1]?.socket.end();
  listeners[2]?.socket.resetAndDestroy();
  await until(() => edge.metric("rostra_edge_listeners") === 19 && listeners[1]?.closed === true);
  edge.origin.change("a", { status: "ended", endedAt: Date.now() });
  await until(() => listeners.every(({ ended, closed }) => ended || closed));
});

test.each([
  ["another path", ask(livePaths.state("a")), 200, 0],
  ["another Space", ask(livePaths.stream("b", rendition)), 200, 1],
  ["another header", ask(stream, "X-Other: 1\r\n"), 200, 1],
  ["HTTP/1.0", ask(stream, "", "1.0"), 200, 1],
  ["a body", `${ask(stream, "Content-Length: 3\r\n")}abc`, 400, 0],
  ["more behind it", ask(stream) + ask(livePaths.state("a")), 200, 1],
  ["a path that is none", ask("/live/a/../b"), 404, 0],
  ["no HTTP", "hello\r\n\r\n", 400, 0],
])("ED-48 %s is answered by HTTP", async (_, request, status, joined) => {
  await using edge = await start();
  using client = edge.raw(request);
  await until(() => client.head !== "");
  expect(client.head.split(" ", 2)[1]).toBe(String(status));
  expect([joins(edge), known(edge)]).toEqual([1 + joined, 0]);
});

test("ED-48 a request in pieces, and one that comes late, are answered by HTTP", async () => {
  await using edge = await start();
  const text = ask(stream);
  using pieces = edge.raw(text.slice(0, 20));
  using late = edge.raw("");
  await sleep(50);
  pieces.socket.write(text.slice(20));
  await until(() => pieces.body.equals(burst(edge)));
  await sleep(1500);
  late.socket.write(text);
  await until(() => late.body.equals(burst(edge)));
  expect([joins(edge), known(edge)]).toEqual([3, 0]);
});

test("ED-48 who leaves before asking leaves nothing behind", async () => {
  await using edge = await start();
  const clients = [edge.raw(""), edge.raw(""), edge.raw("")] as const;
  await until(() => edge.edge.server.listening && clients.every(({ socket }) => !socket.connecting));
  clients[0].socket.end();
  clients[1].socket.resetAndDestroy();
  clients[2].socket.destroy();
  await until(() => clients[0].closed);
  const open = (): Promise<number> =>
    new Promise((resolve) => edge.edge.server.getConnections((_, count) => resolve(count)));
  while ((await open()) > 1) await sleep(10);
});

test("ED-48 what cannot be begun now is refused as HTTP has it", async () => {
  await using edge = await start({ maxConnections: 3 });
  using second = edge.raw(ask(stream));
  await until(() => known(edge) === 1 && second.body.length > 0);
  using refused = edge.raw(ask(stream));
  await until(() => refused.head !== "");
  expect(refused.head).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 2/i);
  refused.socket.destroy();
  edge.origin.change("a", { status: "ended", endedAt: Date.now() });
  await until(() => second.ended);
  using ended = edge.raw(ask(stream));
  await until(() => ended.body.length > 0);
  expect(ended.head).toMatch(/^HTTP\/1\.1 404 /);
  expect(JSON.parse(ended.body.toString())).toMatchObject({ code: "ended" });
});

test("ED-48 requests with cookies and the like are not remembered", async () => {
  await using edge = await start();
  for (const header of ["Cookie: a=b", "Authorization: Basic eA==", "X-Forwarded-For: 192.0.2.1"])
    for (let i = 0; i < 2; i++) {
      const client = edge.raw(ask(stream, `${header}\r\n`));
      await until(() => client.body.length > 0);
    }
  expect([joins(edge), known(edge)]).toEqual([7, 0]);
});

test("ED-104 in a rush who sends too many requests at once is closed unread; fewer, and in calm any number, are handed on", async () => {
  let most = 3;
  const refused: Socket[] = [];
  const arrivals = new Arrivals({
    known: { size: 1, find: () => undefined } as unknown as KnownRequests,
    join: () => false,
  });
  arrivals.inRush({ most: () => most, refused: (socket) => refused.push(socket) });
  const came: string[] = [];
  const server = createServer((socket) => {
    socket.on("data", (bytes: Buffer) => {
      came.push(bytes.toString());
      socket.end();
    });
  });
  arrivals.watch(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const send = async (text: string): Promise<void> => {
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    client.on("error", () => {}).resume();
    client.write(text);
    await once(client, "close");
  };
  const [few, many] = [ask("/a").repeat(3), ask("/a").repeat(4)];
  await send(few);
  await send(many);
  expect([came, refused.length]).toEqual([[few], 1]);
  most = Infinity;
  await send(many);
  expect([came, refused.length]).toEqual([[few, many], 1]);
  server.close();
});
