import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { HyperLogLog } from "../sketch/hyperloglog.ts";
import { livePaths } from "../wire/paths.ts";
import { beaconEveryMs } from "../wire/state.ts";
import { Audience } from "./audience.ts";
import { Beacons, maxPlayersPerAddress } from "./beacons.ts";
import { SpaceEntry } from "./directory.ts";
import { TestEdge, until } from "./edge.test-server.ts";
import { liveState } from "./origin.test-server.ts";

/** Beacons as an edge counts them, from addresses of one's choice and on a clock that moves by hand. */
function counting(perSecond?: number) {
  const counts = { beacons: 0, beaconOverflow: 0 };
  const clock = { now: 0 };
  let from = "";
  const beacons = new Beacons({
    audience: new Audience(),
    address: () => from,
    counts,
    now: () => clock.now,
    ...(perSecond === undefined ? {} : { perSecond }),
  });
  const entry = new SpaceEntry(liveState("a"));
  const send = (address: string, query = "share=1"): void => {
    from = address;
    const answer = { writeHead: () => answer, end: () => answer };
    const response = answer as unknown as ServerResponse;
    beacons.handle({ headers: { "user-agent": "P" } } as unknown as IncomingMessage, response, entry, query);
  };
  return { beacons, counts, clock, send };
}

test("ED-82 a beacon is 204 and never cached, whoever sends it, and is counted by its share", async () => {
  await using edge = await TestEdge.start({}, (origin) => {
    origin.open("a", 10, { beacon: 0.25 });
    origin.open("over", 10, { status: "ended" });
    origin.open("later", 0, { status: "scheduled", epochMs: null });
  });
  const post = { method: "POST" };
  const told: number[][] = [];
  const answer = await edge.get(livePaths.beacon("a", 1), post);
  expect(answer.status).toBe(204);
  expect(answer.headers).toMatchObject({ "cache-control": "no-store", "access-control-allow-origin": "*" });
  expect(answer.headers["set-cookie"]).toBeUndefined();
  for (const query of ["?share=0.25", "", "?share=2", "?share=-1", "?share=x", "?other=1"])
    expect((await edge.get(`/live/slug-a/beacon${query}`, post)).status).toBe(204);
  for (const space of ["over", "later"]) expect((await edge.get(livePaths.beacon(space, 1), post)).status).toBe(204);
  const sum = (): number[] => {
    told.push(...edge.origin.audiences.splice(0).flatMap(({ beacons }) => (beacons["a"] ? [beacons["a"]] : [])));
    return Array.from({ length: 21 }, (_, k) => told.reduce((all, one) => all + (one[k] ?? 0), 0));
  };
  await until(() => sum().reduce((all, one) => all + one, 0) === 7);
  expect(sum()).toEqual([1, 0, 6, ...Array<number>(18).fill(0)]);
  expect(edge.metric("rostra_edge_beacons_total")).toBe(7);
});

test("ED-82 nothing but a POST without a body is a beacon, and an unknown Space has none", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const path = livePaths.beacon("a", 1);
  const wrong = await edge.get(path);
  expect([wrong.status, wrong.headers.allow]).toEqual([405, "POST, OPTIONS"]);
  const preflight = await edge.get(path, { method: "OPTIONS" });
  expect([preflight.status, preflight.headers["access-control-allow-methods"]]).toEqual([204, "POST, OPTIONS"]);
  const full = await edge.get(path, { method: "POST" }, "x".repeat(100));
  expect([full.status, JSON.parse(full.body.toString()).code]).toEqual([413, "beacon-has-body"]);
  for (const nowhere of ["/live/nobody/beacon", "/live/a/beacon/", "/live/a/opus-32k/beacon", "/live/a/%62eacon"])
    expect((await edge.get(nowhere, { method: "POST" })).status).toBe(404);
  expect(edge.metric("rostra_edge_beacons_total")).toBe(0);
});

test("ED-83 the beacons of one address stand for so many listeners and no more, whatever shares they claim", () => {
  const { beacons, counts, clock, send } = counting();
  for (let i = 0; i < 3 * maxPlayersPerAddress; i++) send("10.0.0.1");
  expect(beacons.take()).toEqual({ a: [maxPlayersPerAddress] });
  expect(counts).toEqual({ beacons: maxPlayersPerAddress, beaconOverflow: 2 * maxPlayersPerAddress });
  send("10.0.0.9", `share=${2 ** -40}`);
  expect(beacons.take()["a"]).toHaveLength(21);
  // One counts whatever it stands for; a crowd behind another address is not in the way.
  for (let i = 0; i < 5; i++) send("10.0.0.2", "share=0.0009765625");
  send("10.0.0.3");
  expect(beacons.take()).toEqual({ a: [1, ...Array<number>(9).fill(0), 1] });
  clock.now += beaconEveryMs;
  send("10.0.0.1");
  expect(beacons.take()).toEqual({ a: [1] });
});

test("ED-83 addresses of one IPv6 network are one, and many addresses have a budget together", () => {
  const { beacons, counts, clock, send } = counting(50);
  for (let i = 0; i < 5; i++) send(`2001:db8::${i}`, "share=0.001953125");
  expect(counts.beacons).toBe(1);
  for (let i = 0; i < 100; i++) send(`10.0.0.${i}`);
  expect(counts.beacons).toBe(50);
  clock.now += 1000;
  send("10.0.1.1");
  expect(counts.beacons).toBe(51);
  beacons.take();
});

test("ED-84 whoever sends beacons is a different listener, once; what is told upward is a sketch and a count", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const headers = { "user-agent": "One" };
  for (let i = 0; i < 3; i++) await edge.get(livePaths.beacon("a", 1), { method: "POST", headers });
  await edge.get(livePaths.segment("a", "opus-16k", 9), { headers });
  await edge.get(livePaths.segment("a", "opus-16k", 9), { headers: { "user-agent": "Two" } });
  using stream = edge.stream(livePaths.stream("a", "opus-32k"));
  await until(() => stream.body.length > 0);
  const different = (): number => {
    const sketch = edge.origin.audiences.findLast(({ uniques }) => uniques["a"])?.uniques["a"];
    return sketch === undefined ? 0 : Math.round(HyperLogLog.parse(sketch).estimate());
  };
  await until(() => different() === 3);
  const text = JSON.stringify(edge.origin.audiences);
  for (const secret of ["127.0.0.1", "One", "Two"]) expect(text).not.toContain(secret);
});
