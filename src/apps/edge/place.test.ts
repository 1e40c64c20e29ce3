import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { SeatDoor } from "../../door/door.ts";
import { maxPlacesPerAddress } from "../../edge/door-routes.ts";
import { type Answer, until } from "../../edge/edge.test-server.ts";
import type { EdgeOptions } from "../../edge/server.ts";
import { keyHeader } from "../../wire/edges.ts";
import { livePaths } from "../../wire/paths.ts";
import type { LineTold } from "../../wire/tickets.ts";
import { stream, post, code, placed, nonceOf, start, placesTold, statusOf } from "./door.test-kit.ts";

test("ED-147 a place is asked for by POST without a body, stands at its own address, and is never cached", async () => {
  const { edge, level } = await start();
  await using _ = edge;
  level.now = 4;
  const path = livePaths.place("a");
  const first = await edge.get(path, post);
  expect(first.headers).toMatchObject({ "cache-control": "no-store", "access-control-allow-origin": "*" });
  const place = placed(first);
  if (place.kind !== "line") throw new Error("a seat at level 4");
  expect(place).toMatchObject({ before: 0, waiting: 1, turnIn: null });
  expect(place.askAgainMs).toBeGreaterThan(2000);
  // Asked again it is the same one, also under the Space's other name.
  for (const space of ["a", "slug-a"]) {
    const again = await edge.get(livePaths.place(space, place.ticket));
    expect(again.headers["cache-control"]).toBe("no-store");
    expect(placed(again)).toMatchObject({ kind: "line", ticket: place.ticket, before: 0, waiting: 1 });
  }
  // A lost one is another, behind.
  expect(placed(await edge.get(path, post))).toMatchObject({ kind: "line", waiting: 2 });
  expect((await edge.get(path)).status).toBe(405);
  expect((await edge.get(livePaths.place("a", place.ticket), post)).status).toBe(405);
  const preflight = await edge.get(path, { method: "OPTIONS" });
  expect([preflight.status, preflight.headers["access-control-allow-methods"]]).toEqual([204, "POST, OPTIONS"]);
  const withBody = await edge.get(path, post, "x");
  expect([withBody.status, code(withBody)]).toEqual([413, "place-has-body"]);
  for (const none of ["nobody", "a.b"]) expect((await edge.get(livePaths.place(none), post)).status).toBe(404);
  edge.origin.change("a", { status: "ended", endedAt: Date.now() });
  await until(() => edge.edge.directory.find("a")?.over === true);
  expect((await edge.get(path, post)).status).toBe(404);
});

test("ED-148 at level 3 no more seats are given in a second than there are; whoever's turn it is and finds none asks on", async () => {
  const { edge, level } = await start();
  await using _ = edge;
  level.now = 3;
  level.seats = 3;
  const ask = async (): Promise<string> => placed(await edge.get(livePaths.place("a"), post)).kind;
  const kinds = await Promise.all(Array.from({ length: 12 }, ask));
  // The second may turn meanwhile.
  const given = kinds.filter((kind) => kind === "seat").length;
  expect(given).toBeGreaterThanOrEqual(3);
  expect(given).toBeLessThan(12);
  level.seats = 0;
  expect(await ask()).toBe("line");
});

test("ED-149 an address that asks for place after place is told to wait, which costs it; others are not told so", async () => {
  const seen: string[] = [];
  const guard: EdgeOptions["guard"] = {
    arrive: () => "yes",
    admit: () => "yes",
    saw: (address, what) => {
      seen.push(`${address} ${what}`);
      return false;
    },
    vouch: () => {},
    tick: () => {},
    behavedAt: () => 0,
  };
  const { edge, level } = await start({}, { guard });
  await using _ = edge;
  level.now = 4;
  const ask = (localAddress: string): Promise<Answer> => edge.get(livePaths.place("a"), { ...post, localAddress });
  const flood = 2 * maxPlacesPerAddress + 50;
  const answers: Answer[] = [];
  for (let i = 0; i < flood; i += 50)
    answers.push(...(await Promise.all(Array.from({ length: 50 }, () => ask("127.0.0.9")))));
  const refused = answers.filter(({ status }) => status === 429);
  // The interval may turn once meanwhile.
  expect(refused.length).toBeGreaterThanOrEqual(50);
  expect(refused.map(code)).toEqual(refused.map(() => "too-many-places"));
  expect(refused.every(({ headers }) => Number(headers["retry-after"]) >= 1)).toBe(true);
  expect(seen.filter((one) => one === "127.0.0.9 refused")).toHaveLength(refused.length);
  expect((await ask("127.0.0.1")).status).toBe(200);
  expect(seen.some((one) => one.startsWith("127.0.0.1 "))).toBe(false);
  expect(edge.metric("rostra_edge_place_overflow_total")).toBe(refused.length);
});

test("ED-150 the lottery stands at line.json: its commitment before the hour, its seed from the hour on, by which all can be ordered", async () => {
  const startAt = Date.now() + 3_600_000;
  const { edge, door, level, key, clock } = await start({ startAt });
  await using _ = edge;
  level.now = 4;
  const seed = "c0ffee".repeat(10) + "c0de";
  const commitment = createHash("sha256").update(Buffer.from(seed, "hex")).digest("hex");
  const hour = Math.ceil(startAt / 1000);
  const facts = { hour, commitment, called: { from: 0, part: 0 }, calledLastMinute: 0, seatedLastMinute: 0 };
  expect((await edge.get(livePaths.line("a"))).status).toBe(404);
  edge.origin.say({ t: "line", id: "a", ...facts, seed: null, buckets: [] });
  await until(() => edge.edge.directory.find("a")?.line !== undefined);
  const tickets: string[] = [];
  for (let i = 0; i < 30; i++) {
    const place = placed(await edge.get(livePaths.place("a"), post));
    if (place.kind !== "line") throw new Error("a seat at level 4");
    expect(place.before).toBeNull();
    tickets.push(place.ticket);
  }
  const sealed = await edge.get(livePaths.line("a"));
  expect(sealed.headers).toMatchObject({ "cache-control": "public, max-age=1", "access-control-allow-origin": "*" });
  expect(JSON.parse(sealed.body.toString())).toEqual({
    v: 1,
    commitment,
    seed: null,
    waiting: 30,
    seatedLastMinute: 0,
  });
  await until(() => placesTold(edge) === 30);
  clock.ahead = 3_700_000;
  edge.origin.say({ t: "line", id: "a", ...facts, seed, buckets: [[0, hour, 30]] });
  await until(() => edge.edge.directory.find("a")?.line?.seed === seed);
  const told = JSON.parse((await edge.get(livePaths.line("a"))).body.toString()) as LineTold;
  const bytes = Buffer.from(told.seed ?? "", "hex");
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(told.commitment);
  const lot = (ticket: string): string =>
    createHash("sha256").update(bytes).update(nonceOf(ticket), "hex").digest("hex");
  const drawn = tickets.toSorted((a, b) => (lot(a) < lot(b) ? -1 : 1));
  const before: number[] = [];
  for (const ticket of drawn) {
    const place = placed(await edge.get(livePaths.place("a", ticket)));
    before.push(place.kind === "line" ? (place.before ?? -1) : -2);
  }
  expect(before).toEqual(before.toSorted((a, b) => a - b));
  expect(before[0]).toBeLessThan(before.at(-1) ?? 0);
  // Another edge of the installation has the same order.
  const other = new SeatDoor({ key, now: () => Date.now() + clock.ahead });
  const line = edge.edge.directory.find("a")?.line;
  const there = drawn.map((ticket) => other.place({ id: "a", startAt, line }, ticket, "none"));
  expect(there.map((place) => (place?.kind === "line" ? place.before : -2))).toEqual(before);
  expect(door.waiting).toBe(30);
});

test("ED-151 what an edge did at its door is told upward with its counts, and how lines stand goes down to edges below", async () => {
  const { edge, level, listen, door } = await start({}, { key: "k".repeat(43) });
  await using _ = edge;
  level.now = 4;
  for (let i = 0; i < 5; i++) await edge.get(livePaths.place("a"), post);
  await until(() => placesTold(edge) === 5);
  expect(edge.origin.audiences.at(-1)?.seats).toBe(1000);
  level.now = 3;
  using seated = await listen(`${stream}?seat=${door.give("a").seat}`);
  expect(statusOf(seated)).toBe(200);
  await until(() => edge.origin.audiences.some(({ line }) => line?.["a"]?.seated === 1));
  expect(edge.metric("rostra_edge_line_seated_total")).toBe(1);
  const facts = { hour: 1, commitment: "a".repeat(64), seed: "b".repeat(64), calledLastMinute: 3, seatedLastMinute: 2 };
  const line = { t: "line", id: "a", ...facts, buckets: [[11, 21, 7]], called: { from: 11, part: 0.5 } } as const;
  edge.origin.say(line);
  await until(() => edge.edge.directory.find("a")?.line?.calledLastMinute === 3);
  // Also to one that comes afterwards, by the feed for edges.
  using below = edge.raw(`GET /edge/feed HTTP/1.1\r\nHost: here\r\n${keyHeader}: ${"k".repeat(43)}\r\n\r\n`);
  await until(() => below.body.includes('"synced"'));
  expect(below.body.toString()).toContain(JSON.stringify(line));
});
