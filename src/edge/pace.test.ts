import { BlockList } from "node:net";
import { expect, test } from "vitest";
import { livePaths } from "../wire/paths.ts";
import { type Listener, TestEdge, until } from "./edge.test-server.ts";
import { maxPipelined } from "./connections.ts";
import type { TestOrigin } from "./origin.test-server.ts";
import { beyondGapMs, maxPaced, Pace, requestsAtOnce, requestsPerSecond, spentGapMs } from "./pace.ts";
import type { EdgeOptions } from "./server.ts";
import { Told } from "./told.test-guard.ts";

const state = livePaths.state("a");
const segment = livePaths.segment("a", "opus-32k", 28);
const ask = (path: string, headers = ""): string => `GET ${path} HTTP/1.1\r\nHost: here\r\n${headers}\r\n`;
const answered = ({ received }: Listener): number =>
  received.toString("latin1").split("HTTP/1.1 200 OK\r\n").length - 1;
const start = (options: Partial<EdgeOptions>): Promise<TestEdge> =>
  TestEdge.start(options, (origin: TestOrigin) => origin.open("a", 30));

test("ED-170 a page's requests at once and a player's on and on are within the pace, whenever they come", () => {
  const pace = new Pace();
  for (let i = 0; i < requestsAtOnce; i++) expect(pace.isKept(1000)).toBe(true);
  expect(pace.isKept(1000)).toBe(false);
  // An hour of a player, with the steps of a coarse clock.
  const player = new Pace();
  for (let at = 0; at < 3600_000; at += 1000 / requestsPerSecond)
    expect(player.isKept(Math.floor(at / 250) * 250)).toBe(true);
});

test("ED-170 what is beyond it waits the longer the more it is, and is forgotten after a quiet while", () => {
  const pace = new Pace();
  let beyond = 0;
  const waits: number[] = [];
  for (let i = 0; i < 2 * requestsAtOnce; i++)
    if (!pace.isKept(0)) waits.push(pace.wait(0, ++beyond <= requestsAtOnce / 2 ? beyondGapMs : spentGapMs));
  expect(waits.length).toBe(requestsAtOnce);
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  expect(waits[0]).toBe(beyondGapMs);
  expect(waits.at(-1)).toBe((requestsAtOnce / 2) * (beyondGapMs + spentGapMs));
  const later = (requestsAtOnce / requestsPerSecond) * 1000;
  for (let i = 0; i < requestsAtOnce; i++) expect(pace.isKept(later)).toBe(true);
});

test("ED-171 who asks too much on a connection has every answer, late and in order, and it costs its address", async () => {
  const guard = new Told();
  await using edge = await start({ guard });
  using flood = edge.raw(ask(state).repeat(maxPipelined - 1));
  await until(() => answered(flood) === maxPipelined - 1);
  expect(guard.counted("flood")).toBeGreaterThan(0);
  expect(guard.seen.every(([address, what]) => address === "127.0.0.1" && what === "flood")).toBe(true);
  expect(flood.closed).toBe(false);
});

test("ED-171 who leaves while its answers wait leaves nothing behind", async () => {
  const guard = new Told();
  await using edge = await start({ guard });
  using flood = edge.raw(ask(state).repeat(maxPipelined - 1));
  await until(() => guard.counted("flood") > 0);
  flood.socket.destroy();
  await until(() => edge.metric("rostra_edge_connections") === 0);
  expect((await edge.get(state)).status).toBe(200);
});

test("ED-171 a connection that asks for segments without a parser keeps the same pace, and goes on after it", async () => {
  const guard = new Told();
  await using edge = await start({ guard });
  expect((await edge.get(segment)).status).toBe(200);
  using flood = edge.raw(ask(segment));
  await until(() => edge.metric("rostra_edge_kept_connections") === 1);
  const most = requestsAtOnce + 12;
  flood.socket.write(ask(segment).repeat(most));
  await until(() => answered(flood) === 1 + most);
  expect(guard.counted("flood")).toBeGreaterThan(0);
  expect(edge.metric("rostra_edge_kept_answers_total")).toBe(1 + most);
  // It hears what it is asked next, by the parser too.
  flood.socket.write(ask(state));
  await until(() => answered(flood) === 2 + most);
});

test("ED-171 one that leaves while it waits, or whose edge ends, is forgotten", async () => {
  const guard = new Told();
  await using edge = await start({ guard });
  expect((await edge.get(segment)).status).toBe(200);
  using flood = edge.raw(ask(segment));
  await until(() => edge.metric("rostra_edge_kept_connections") === 1);
  flood.socket.write(ask(segment).repeat(4 * requestsAtOnce));
  await until(() => guard.counted("flood") > 0);
  flood.socket.destroy();
  await until(() => edge.metric("rostra_edge_kept_connections") === 0);
  using other = edge.raw(ask(segment));
  await until(() => edge.metric("rostra_edge_kept_connections") === 1);
  const before = guard.counted("flood");
  other.socket.write(ask(segment).repeat(4 * requestsAtOnce));
  await until(() => guard.counted("flood") > before);
});

test("ED-172 behind a believed proxy or an edge with the key many ask on one connection, and none of them waits", async () => {
  const ranges = new BlockList();
  ranges.addAddress("127.0.0.1");
  const key = "k".repeat(43);
  for (const [options, headers] of [
    [{ trust: { ranges } }, "X-Forwarded-For: 203.0.113.7\r\n"],
    [{ key }, `rostra-key: ${key}\r\n`],
  ] as const) {
    const guard = new Told();
    await using edge = await start({ ...options, guard });
    using proxy = edge.raw(ask(state, headers).repeat(maxPipelined - 1));
    await until(() => answered(proxy) === maxPipelined - 1);
    expect(guard.counted("flood")).toBe(0);
  }
});

test("ED-171 of those that wait there is a cap, whatever comes on however many connections: what is above is refused", async () => {
  const guard = new Told();
  guard.isSpent = true;
  await using edge = await start({ guard });
  const before = edge.metric("rostra_edge_pace_overflow_total");
  const each = maxPipelined - 1 - requestsAtOnce;
  const floods = Array.from({ length: Math.ceil(maxPaced / each) + 40 }, () => edge.raw(""));
  // Some at a time: a rush of requests is another test's.
  for (let i = 0; i < floods.length; i += 8) {
    const some = floods.slice(i, i + 8);
    for (const { socket } of some) socket.write(ask(state).repeat(requestsAtOnce));
    await until(() => some.every((flood) => answered(flood) === requestsAtOnce));
    for (const { socket } of some) socket.write(ask(state).repeat(each));
  }
  await until(() => edge.metric("rostra_edge_pace_overflow_total") > before);
  // It is told in its turn, behind the answers that wait, or the connection is gone; others are served.
  expect((await edge.get(state)).status).toBe(200);
  for (const { socket } of floods) socket.destroy();
  await until(() => edge.metric("rostra_edge_connections") === 0);
});
