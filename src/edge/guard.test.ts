import { mkdir, writeFile } from "node:fs/promises";
import { BlockList, connect } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { livePaths } from "../wire/paths.ts";
import { Listener, TestEdge, until } from "./edge.test-server.ts";
import { maxRefusals } from "./guard.ts";
import type { TestOrigin } from "./origin.test-server.ts";
import { Told } from "./told.test-guard.ts";

const open = (origin: TestOrigin): void => origin.open("a", 10);
const state = livePaths.state("a");
const ask = (path: string, headers = ""): string => `GET ${path} HTTP/1.1\r\nHost: here\r\n${headers}\r\n`;

test("ED-112 each new connection is asked for: it comes, is told to come later, or is closed; who plays goes on", async () => {
  const guard = new Told();
  await using edge = await TestEdge.start({ guard }, open);
  using playing = edge.stream(livePaths.stream("a", "opus-32k"));
  await until(() => playing.body.length > 0);
  guard.decision = "later";
  const later = await edge.get(state);
  expect([later.status, JSON.parse(later.body.toString())]).toMatchObject([429, { code: "slow-down" }]);
  expect(Number(later.headers["retry-after"])).toBeGreaterThan(0);
  expect(later.headers.connection).toBe("close");
  guard.decision = "drop";
  using dropped = edge.raw(ask(state));
  await until(() => dropped.closed);
  expect(dropped.bytes).toBe(0);
  expect(guard.arrived).toEqual(Array(3).fill("127.0.0.1"));
  const before = playing.bytes;
  edge.origin.publishSegment("a");
  await until(() => playing.bytes > before);
  await until(() => guard.ticks > 1);
});

test("ED-112 what it is given to look at tells how much a listener has been sent, written directly or not", async () => {
  const guard = new Told();
  await using edge = await TestEdge.start({ guard }, open);
  using first = edge.stream(livePaths.stream("a", "opus-32k"));
  await until(() => first.body.length > 0);
  // Known by its bytes: it never becomes a connection of HTTP's.
  using second = edge.stream(livePaths.stream("a", "opus-32k"));
  await until(() => second.body.length > 0 && edge.metric("rostra_edge_known_joins_total") === 1);
  for (let i = 0; i < 3; i++) edge.origin.publishSegment("a");
  await until(() => second.body.length > 12_000);
  await until(() => guard.connections.every(({ bytesWritten }, i) => bytesWritten === [first, second][i]?.bytes));
  expect(guard.connections.map(({ destroyed }) => destroyed)).toEqual([false, false]);
});

test("ED-113 what costs and serves nobody is told of, each kind by its name", { timeout: 30_000 }, async () => {
  const guard = new Told();
  await using edge = await TestEdge.start({ guard }, open);
  using noise = edge.raw("noise\r\n\r\n");
  using hostless = edge.raw(`GET ${state} HTTP/1.1\r\n\r\n`);
  using tunnel = edge.raw("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => [noise, hostless, tunnel].every(({ ended }) => ended));
  await until(() => guard.counted("bad-request") === 3);
  expect((await edge.get("/nothing")).status).toBe(404);
  expect((await edge.get(state, { method: "DELETE" })).status).toBe(405);
  await until(() => guard.counted("refused") === 2);
  expect((await edge.get(state)).status).toBe(200);
  using slow = edge.raw("GET / HTT");
  using silent = edge.raw("");
  await until(() => slow.ended && silent.ended);
  await until(() => guard.counted("slow-request") === 1 && guard.counted("spare") === 1);
  expect(guard.seen.length).toBe(7);
  expect(new Set(guard.seen.map(([address]) => address))).toEqual(new Set(["127.0.0.1"]));
});

test("ED-113 who takes nothing of a long answer is told of", async () => {
  const guard = new Told();
  await using edge = await TestEdge.start({ guard, undrainedMs: 300 }, async (_, folder) => {
    await mkdir(join(folder, "web"));
    await writeFile(join(folder, "web/large.txt"), Buffer.alloc(24 << 20, "x"));
  });
  using stuck = edge.stream("/large.txt");
  stuck.socket.pause();
  await until(() => guard.counted("undrained") === 1);
});

test("ED-113 a connection that is refused again and again is closed when its address has spent its budget, and no other", async () => {
  const guard = new Told();
  await using edge = await TestEdge.start({ guard }, open);
  using other = edge.raw(ask(state));
  await until(() => other.bytes > 0);
  guard.isSpent = true;
  using client = edge.raw("");
  let asked = 0;
  while (!client.ended && asked < 100) {
    const before = client.bytes;
    client.socket.write(ask("/nothing"));
    asked++;
    await until(() => client.bytes > before || client.ended);
  }
  expect(asked).toBeGreaterThanOrEqual(maxRefusals);
  expect(asked).toBeLessThan(maxRefusals + 5);
  other.socket.write(ask("/nothing"));
  const before = other.bytes;
  await until(() => other.bytes > before);
  expect(other.ended).toBe(false);
});

test("ED-114 behind a believed proxy each request is its client's, and the proxy's connection stays", async () => {
  const guard = new Told();
  const ranges = new BlockList();
  ranges.addAddress("127.0.0.1");
  await using edge = await TestEdge.start({ guard, trust: { ranges } }, open);
  const from = (address: string, path = state) => edge.get(path, { headers: { "x-forwarded-for": address } });
  expect((await from("203.0.113.7")).status).toBe(200);
  expect((await from("203.0.113.8", "/nothing")).status).toBe(404);
  await until(() => guard.seen.length === 1);
  guard.decision = "drop";
  const refused = await from("203.0.113.9");
  expect([refused.status, JSON.parse(refused.body.toString()).code]).toEqual([429, "slow-down"]);
  expect(guard.admitted).toEqual(["203.0.113.7", "203.0.113.8", "203.0.113.9"]);
  expect([guard.seen[0], guard.arrived]).toEqual([["203.0.113.8", "refused"], []]);
});

test("ED-114 an address that nobody believes is forged in vain; one told by a PROXY header counts", async () => {
  const guard = new Told();
  await using plain = await TestEdge.start({ guard }, open);
  await plain.get(state, { headers: { "x-forwarded-for": "203.0.113.7" } });
  expect([guard.arrived, guard.admitted]).toEqual([["127.0.0.1"], []]);
  const behind = new Told();
  const from = new BlockList();
  from.addAddress("127.0.0.1");
  await using edge = await TestEdge.start({ guard: behind, proxyProtocol: from }, open);
  using client = new Listener(connect({ port: edge.port, host: "127.0.0.1" }), "");
  client.socket.write(Buffer.from("0d0a0d0a000d0a515549540a2111000ccb007107c0000201c73801bb", "hex"));
  client.socket.write(ask(state));
  await until(() => client.bytes > 0);
  expect(behind.arrived).toEqual(["203.0.113.7"]);
});

test("ED-115 an edge that shows the key is vouched for", async () => {
  const guard = new Told();
  await using edge = await TestEdge.start({ guard, key: "k".repeat(43) }, open);
  expect((await edge.get("/edge/audience", { method: "POST", headers: { "rostra-key": "wrong" } })).status).toBe(401);
  expect(guard.vouched).toEqual([]);
  await edge.get("/edge/audience", { headers: { "rostra-key": "k".repeat(43) } });
  expect(guard.vouched).toEqual(["127.0.0.1"]);
});
