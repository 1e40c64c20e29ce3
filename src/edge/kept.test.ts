import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ms } from "../foundation/duration.ts";
import { livePaths } from "../wire/paths.ts";
import type { EdgeOptions } from "./server.ts";
import type { TestOrigin } from "./origin.test-server.ts";
import { type Answer, type Listener, TestEdge, until } from "./edge.test-server.ts";

const rendition = "opus-32k";
const path = (n: number, space = "a"): string => livePaths.segment(space, rendition, n);
const ask = (target: string, headers = "", line = `GET ${target} HTTP/1.1`): string =>
  `${line}\r\nHost: here\r\nUser-Agent: a test\r\n${headers}\r\n`;
const kept = (edge: TestEdge): number => edge.metric("rostra_edge_kept_connections");
const keptAnswers = (edge: TestEdge): number => edge.metric("rostra_edge_kept_answers_total");
const held = (edge: TestEdge): number => edge.metric("rostra_edge_held_requests");

/** An edge whose window has the segments 20 to 29 of Space a. */
async function start(options: Partial<EdgeOptions> = {}, prepare?: (origin: TestOrigin) => void): Promise<TestEdge> {
  const edge = await TestEdge.start(options, (origin) => {
    prepare?.(origin);
    origin.open("a", 30);
    origin.open("b", 30);
  });
  for (let n = 20; n < 30; n++) expect((await edge.get(path(n))).status).toBe(200);
  return edge;
}

/** The answers that a client has got whole; HEAD and 304 apart, all of ours tell their length. */
function answers({ received }: Listener): Answer[] {
  const found: Answer[] = [];
  for (let at = 0; at < received.length;) {
    const end = received.indexOf("\r\n\r\n", at);
    if (end < 0) break;
    const [line = "", ...fields] = received.subarray(at, end).toString("latin1").split("\r\n");
    const headers = Object.fromEntries(
      fields.map((field) =>
        field
          .toLowerCase()
          .split(/: (.*)/s)
          .slice(0, 2),
      ),
    );
    const from = end + 4;
    const to = from + Number(headers["content-length"]);
    if (to > received.length) break;
    found.push({ status: Number(line.split(" ")[1]), headers, body: received.subarray(from, to) });
    at = to;
  }
  return found;
}

/** Asks on a connection, and waits for the answer. */
async function next(client: Listener, request: string): Promise<Answer> {
  const before = answers(client).length;
  client.socket.write(request, "latin1");
  await until(() => answers(client).length > before, `an answer to ${request.split("\r\n", 1)[0]}`);
  return answers(client)[before] as Answer;
}

const statuses = (client: Listener): number[] => answers(client).map(({ status }) => status);

test("ED-43 one who asks for segment after segment is answered without a parser, and alike", async () => {
  await using edge = await start();
  const parsed = await edge.get(path(20));
  expect([kept(edge), keptAnswers(edge)]).toEqual([0, 0]);
  using client = edge.raw(ask(path(20)));
  await until(() => answers(client).length === 1);
  for (const n of [21, 22, 29, 22]) {
    const { status, headers, body } = await next(client, ask(path(n)));
    expect([n, status, body.equals(edge.origin.segment("a", rendition, n))]).toEqual([n, 200, true]);
    const { date, connection, "keep-alive": _, ...rest } = headers;
    const { date: __, connection: ___, ...same } = parsed.headers;
    expect(Math.abs(Date.parse(date ?? "") - Date.now())).toBeLessThan(60_000);
    expect(connection).toBe("keep-alive");
    expect({ ...rest, "content-length": "" }).toEqual({
      ...same,
      "repr-digest": rest["repr-digest"],
      "content-length": "",
    });
  }
  expect([kept(edge), keptAnswers(edge)]).toEqual([1, 5]);
  client.socket.destroy();
  await until(() => kept(edge) === 0);
});

test("ED-43 one whose connection was used for something else first is kept from its second segment on", async () => {
  await using edge = await start();
  using client = edge.raw(ask(livePaths.state("a")));
  await until(() => answers(client).length === 1);
  await next(client, ask(path(20)));
  expect(keptAnswers(edge)).toBe(0);
  await next(client, ask(path(21)));
  await next(client, ask(path(22)));
  expect(keptAnswers(edge)).toBe(2);
});

test("ED-43 a kept connection counts as one listener, told apart by address and User-Agent", async () => {
  await using edge = await start();
  using one = edge.raw(ask(path(20)));
  using same = edge.raw(ask(path(20)));
  using other = edge.raw(ask(path(20)).replace("a test", "another"));
  for (const client of [one, same, other]) {
    await until(() => answers(client).length === 1);
    await next(client, client === other ? ask(path(21)).replace("a test", "another") : ask(path(21)));
  }
  expect(keptAnswers(edge)).toBe(6);
  expect(edge.metric("rostra_edge_numbered_listeners")).toBe(1 + 2);
});

test("ED-44 anything else on a kept connection is answered as HTTP has it, and it is kept again", async () => {
  await using edge = await start();
  const { origin } = edge;
  using client = edge.raw(ask(path(20)));
  await until(() => kept(edge) === 1 && answers(client).length === 1);
  expect((await next(client, ask(livePaths.state("a")))).headers["content-type"]).toBe("application/json");
  expect(kept(edge)).toBe(0);
  await next(client, ask(path(21)));
  await next(client, ask(path(22)));
  expect(kept(edge)).toBe(1);
  const part = await next(client, ask(path(23), "Range: bytes=2-5\r\n"));
  expect([part.status, part.body.equals(origin.segment("a", rendition, 23).subarray(2, 6))]).toEqual([206, true]);
  await next(client, ask(path(24)));
  await next(client, ask(path(25)));
  expect(kept(edge)).toBe(1);
  expect((await next(client, ask("/live/a/../a"))).status).toBe(404);
  // Now it has shown often enough that it asks for other things too.
  for (const n of [26, 27, 28]) expect((await next(client, ask(path(n)))).status).toBe(200);
  expect(kept(edge)).toBe(0);
});

test.each([
  ["another method", ask("", "", `DELETE ${path(21)} HTTP/1.1`), 405],
  ["a body", ask(path(21), "Content-Length: 3\r\n") + "abc", 200],
  ["a number above the window", ask(path(99)), 404],
  ["a number with a leading zero", ask(path(20).replace("20.m4s", "020.m4s")), 404],
  ["no number", ask(path(20).replace("20.m4s", ".m4s")), 404],
  ["a number that is too long", ask(path(20).replace("20.m4s", "12345678901.m4s")), 404],
  ["another Space", ask(path(21, "b")), 200],
  ["another rendition", ask(livePaths.segment("a", "aac-64k", 21)), 200],
  ["no Host", `GET ${path(21)} HTTP/1.1\r\n\r\n`, 400],
  ["no HTTP", "\x16\x03\x01 hello\r\n\r\n", 400],
  ["an unknown expectation", ask(path(21), "Expect: nothing\r\n"), 417],
  ["too large a head", ask(path(21), `Cookie: ${"x".repeat(20_000)}\r\n`), 431],
])("ED-44 %s on a kept connection", async (_, request, status) => {
  await using edge = await start();
  using client = edge.raw(ask(path(20)));
  await until(() => kept(edge) === 1 && answers(client).length === 1);
  expect((await next(client, request)).status).toBe(status);
});

test("ED-44 a request that comes in pieces, and several that come in one, are answered in order", async () => {
  await using edge = await start();
  const { origin } = edge;
  using client = edge.raw(ask(path(20)));
  await until(() => kept(edge) === 1 && answers(client).length === 1);
  client.socket.write([21, 22, 23].map((n) => ask(path(n))).join(""));
  await until(() => answers(client).length === 4);
  expect(keptAnswers(edge)).toBe(4);
  const text = ask(path(24));
  for (const piece of [text.slice(0, 10), text.slice(10, -1), text.slice(-1)]) {
    client.socket.write(piece);
    await sleep(20);
  }
  await until(() => answers(client).length === 5);
  await next(client, ask(path(25)));
  client.socket.write(ask(path(26)) + ask(livePaths.state("a")) + ask(path(27)) + ask(path(28)).slice(0, 30));
  await until(() => answers(client).length === 9);
  client.socket.write(ask(path(28)).slice(30));
  await until(() => answers(client).length === 10);
  expect(statuses(client)).toEqual(Array.from({ length: 10 }, () => 200));
  const wanted = [20, 21, 22, 23, 24, 25, 26, undefined, 27, 28];
  for (const [i, n] of wanted.entries())
    if (n !== undefined) expect(answers(client)[i]?.body.equals(origin.segment("a", rendition, n))).toBe(true);
});

test("ED-44 requests that come together on a new connection are answered in order", async () => {
  await using edge = await start();
  using client = edge.raw([20, 21, 22].map((n) => ask(path(n))).join(""));
  await until(() => answers(client).length === 3);
  for (const [i, answer] of answers(client).entries())
    expect(answer.body.equals(edge.origin.segment("a", rendition, 20 + i))).toBe(true);
  await next(client, ask(path(23)));
  await next(client, ask(path(24)));
  expect(statuses(client)).toEqual([200, 200, 200, 200, 200]);
});

test("ED-44 a kept connection may become an endless response", async () => {
  await using edge = await start();
  using client = edge.raw(ask(path(20)));
  await until(() => kept(edge) === 1 && answers(client).length === 1);
  const before = client.bytes;
  client.socket.write(ask(livePaths.stream("a", rendition)));
  await until(() => edge.metric("rostra_edge_listeners") === 1);
  edge.origin.publishSegment("a");
  const latest = edge.origin.segment("a", rendition, 30);
  await until(() => client.bytes > before && client.received.subarray(-latest.length).equals(latest));
});

test("ED-44 one who asks for the connection's end gets it", async () => {
  await using edge = await start();
  using client = edge.raw(ask(path(20)));
  await until(() => kept(edge) === 1 && answers(client).length === 1);
  expect((await next(client, ask(path(21), "Connection: close\r\n"))).headers["connection"]).toBe("close");
  await until(() => client.ended);
});

test("ED-45 early requests on kept connections are held, answered on publication in order, and cost one fetch", async () => {
  await using edge = await start();
  const { origin } = edge;
  const clients = Array.from({ length: 50 }, () =>
    edge.raw(ask(path(30)) + (Math.random() < 0.5 ? ask(path(31)) : "")),
  );
  await until(() => held(edge) >= 50);
  const first = edge.raw(ask(path(30)));
  await until(() => kept(edge) > 0);
  // What comes behind a request that is held waits for its turn.
  first.socket.write(ask(path(31)) + ask(path(29)));
  await sleep(20);
  expect(answers(first)).toEqual([]);
  origin.publishSegment("a");
  await until(() => clients.every((client) => answers(client).length >= 1));
  origin.publishSegment("a");
  await until(() => answers(first).length === 3);
  const bodies = answers(first).map(({ body }) => body);
  for (const [i, n] of [30, 31, 29].entries()) expect(bodies[i]?.equals(origin.segment("a", rendition, n))).toBe(true);
  for (const n of [30, 31]) expect(origin.fetches.get(path(n))).toBe(1);
  await until(() => held(edge) === 0);
  for (const client of [...clients, first]) client[Symbol.dispose]();
});

test("ED-45 one who leaves is not held any more, and one whose segment does not come is told so", async () => {
  await using edge = await start({ heldMs: 2000 });
  const leaving = [edge.raw(ask(path(30))), edge.raw(ask(path(30))), edge.raw(ask(path(30)))] as const;
  await until(() => kept(edge) === 3 && held(edge) === 3);
  leaving[0].socket.destroy();
  leaving[1].socket.end();
  leaving[2].socket.resetAndDestroy();
  await until(() => held(edge) === 0 && kept(edge) === 0);
  using staying = edge.raw(ask(path(30)));
  await until(() => answers(staying).length === 1);
  const [answer] = answers(staying);
  expect([answer?.status, answer?.headers["retry-after"]]).toEqual([503, "1"]);
  expect(JSON.parse(answer?.body.toString() ?? "")).toMatchObject({ code: "origin-away" });
});

test("ED-45 above the cap an early request on a kept connection is told to come again, and stays connected", async () => {
  await using edge = await start({ maxHeld: 1 });
  using client = edge.raw(ask(path(29)));
  await until(() => kept(edge) === 1 && answers(client).length === 1);
  using first = edge.raw(ask(path(30)));
  await until(() => held(edge) === 1);
  const refused = await next(client, ask(path(30)));
  expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "1"]);
  expect(edge.metric("rostra_edge_hold_overflow_total")).toBe(1);
  expect((await next(client, ask(path(28)))).status).toBe(200);
  edge.origin.publishSegment("a");
  await until(() => answers(first).length === 1);
});

test("ED-45 when the Space ends, those who wait for what does not come are told so", async () => {
  await using edge = await start();
  using client = edge.raw(ask(path(29)));
  await until(() => kept(edge) === 1 && answers(client).length === 1);
  client.socket.write(ask(path(31)));
  await until(() => held(edge) === 1);
  edge.origin.change("a", { status: "ended", endedAt: Date.now() });
  await until(() => answers(client).length === 2);
  expect(statuses(client)).toEqual([200, 404]);
});

test("ED-46 a client that asks and does not read is bounded, closed and counted", async () => {
  await using edge = await start({ stallMs: 1500 }, (origin) => void (origin.chunkBytes = 100_000));
  using client = edge.raw(ask(path(29)));
  await until(() => kept(edge) === 1 && answers(client).length === 1);
  client.socket.pause();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 2000; i++) client.socket.write(ask(path(29)));
  await until(() => edge.metric("rostra_edge_slow_closes_total") === 1);
  expect(keptAnswers(edge)).toBeLessThan(200);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60_000_000);
  await until(() => kept(edge) === 0);
});

test("ED-46 a client that reads slowly gets all it asked for, in order", async () => {
  await using edge = await start({}, (origin) => void (origin.chunkBytes = 100_000));
  using client = edge.raw(ask(path(20)));
  await until(() => kept(edge) === 1 && answers(client).length === 1);
  client.socket.pause();
  const numbers = Array.from({ length: 100 }, (_, i) => 20 + (i % 10));
  client.socket.write(numbers.map((n) => ask(path(n))).join(""));
  await sleep(600);
  const before = keptAnswers(edge);
  expect(before).toBeLessThan(101);
  client.socket.resume();
  await until(() => answers(client).length === 101);
  for (const [i, n] of [20, ...numbers].entries())
    expect(answers(client)[i]?.body.equals(edge.origin.segment("a", rendition, n))).toBe(true);
});

test("ED-46 when the edge drains, a kept connection's next answer is its last", async () => {
  await using edge = await start({ farewell: () => ({ window: ms(2000) }) });
  using idle = edge.raw(ask(path(20)));
  using waiting = edge.raw(ask(path(29)));
  await until(() => kept(edge) === 2 && answers(idle).length === 1 && answers(waiting).length === 1);
  waiting.socket.write(ask(path(30)));
  await until(() => held(edge) === 1);
  const ended = edge.scope.end();
  expect((await next(idle, ask(path(21)))).status).toBe(200);
  edge.origin.publishSegment("a");
  await until(() => answers(waiting).length === 2);
  expect(statuses(waiting)).toEqual([200, 200]);
  await ended;
  await until(() => idle.closed && waiting.closed);
});
