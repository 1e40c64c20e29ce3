import { createHash } from "node:crypto";
import { BlockList } from "node:net";
import { expect, test } from "vitest";
import { SeatDoor } from "../../door/door.ts";
import { Audience, knownForMs, listensForMs } from "../../edge/audience.ts";
import { maxPlacesPerAddress } from "../../edge/door-routes.ts";
import { type Answer, type Listener, TestEdge, until } from "../../edge/edge.test-server.ts";
import type { EdgeOptions } from "../../edge/server.ts";
import { keyHeader } from "../../wire/edges.ts";
import { livePaths } from "../../wire/paths.ts";
import type { LiveState, ServiceLevel } from "../../wire/state.ts";
import { cacheHeader, type LineTold, type Place } from "../../wire/tickets.ts";

const stream = livePaths.stream("a", "opus-32k");
const segment = (n: number): string => livePaths.segment("a", "opus-32k", n);
const post = { method: "POST" };
const code = ({ body }: Answer): string => (JSON.parse(body.toString()) as { code: string }).code;
const placed = ({ status, body }: Answer): Place => {
  expect(status).toBe(200);
  return JSON.parse(body.toString()) as Place;
};
const seatIn = ({ head }: Listener): string => /^rostra-seat: (\S+)$/m.exec(head)?.[1] ?? "";
const nonceOf = (ticket: string): string => Buffer.from(ticket, "base64url").toString("hex", 14, 22);

/** An edge with a door, whose level and free seats are set by hand; Space a plays. */
async function start(state: Partial<LiveState> = {}, options: Partial<EdgeOptions> = {}) {
  const level: { now: ServiceLevel; seats: number } = { now: 0, seats: 1000 };
  const key = Buffer.alloc(32, 5);
  const clock = { ahead: 0 };
  const door = new SeatDoor({ key, now: () => Date.now() + clock.ahead });
  const levels: EdgeOptions["levels"] = {
    of: () => level.now,
    get own() {
      return level.now;
    },
    cause: "calm",
    get seats() {
      return level.seats;
    },
  };
  const edge = await TestEdge.start({ door, levels, ...options }, (origin) => {
    origin.open("a", 30, { startAt: Date.now() - 3_600_000, ...state });
    origin.open("b", 30);
  });
  const listen = async (path = stream, userAgent = "one"): Promise<Listener> => {
    const client = edge.raw(`GET ${path} HTTP/1.1\r\nHost: here\r\nUser-Agent: ${userAgent}\r\n\r\n`);
    await until(() => client.head !== "", "a head");
    return client;
  };
  return { edge, door, level, key, clock, listen, held: () => edge.metric("rostra_edge_seats_held") };
}
/** How many places in a's line the edge has told its origin of. */
const placesTold = (edge: TestEdge): number =>
  edge.origin.audiences.flatMap(({ line }) => line?.["a"]?.places ?? []).reduce((sum, [, count]) => sum + count, 0);
const as = (userAgent: string) => ({ headers: { "user-agent": userAgent } });
const statusOf = (client: Listener): number => Number(client.head.split(" ")[1]);

test("ED-140 every endless response names a seat of its own, also one that begins without a parser, and a page may read it", async () => {
  const { edge, door, listen, held } = await start();
  await using _ = edge;
  const clients = [await listen(), await listen(), await listen()];
  expect(clients.map(statusOf)).toEqual([200, 200, 200]);
  expect(edge.metric("rostra_edge_known_joins_total")).toBeGreaterThan(0);
  const seats = clients.map(seatIn);
  expect(new Set(seats.map(nonceOf)).size).toBe(3);
  for (const seat of seats) expect(door.read("a", seat)).toBeDefined();
  for (const { head } of clients) expect(head).toContain("access-control-expose-headers: rostra-seat");
  const bodies = clients.map(({ body }) => body.subarray(0, 2000));
  expect(bodies.every((body) => body.length > 0 && body.equals(bodies[0] as Buffer))).toBe(true);
  expect(held()).toBe(3);
  for (const { socket } of clients) socket.destroy();
  await until(() => held() === 0);
});

test("ED-141 below level 3 nobody is asked for a seat, whatever they show, and whoever asks for a place has a seat at once", async () => {
  const { edge, level, listen } = await start();
  await using _ = edge;
  level.now = 2;
  for (const query of ["?seat=", "?seat=nonsense", "?seat=nonsense", `?seat=${"A".repeat(56)}`]) {
    using client = await listen(stream + query);
    expect(statusOf(client)).toBe(200);
  }
  // A seat is one listener's: requests with one are not remembered by their bytes.
  expect(edge.metric("rostra_edge_known_joins_total")).toBe(0);
  expect((await edge.get(segment(29))).status).toBe(200);
  expect(placed(await edge.get(livePaths.place("a"), post)).kind).toBe("seat");
});

test("ED-142 from level 3 on a newcomer needs a seat; who plays goes on, and comes back with theirs", async () => {
  const { edge, level, listen } = await start();
  await using _ = edge;
  using playing = await listen();
  level.now = 3;
  using newcomer = await listen();
  expect(statusOf(newcomer)).toBe(503);
  await until(() => newcomer.body.length > 0);
  const problem = JSON.parse(newcomer.body.toString()) as Record<string, string>;
  expect(problem).toMatchObject({ code: "no-seat", action: expect.stringContaining("/live/a/place") });
  const waits: number[] = [];
  for (let i = 0; i < 30; i++) waits.push(Number((await edge.get(stream)).headers["retry-after"]));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(5);
  expect(Math.max(...waits)).toBeLessThanOrEqual(15);
  expect(new Set(waits).size).toBeGreaterThan(3);
  const before = playing.bytes;
  edge.origin.publishSegment("a");
  await until(() => playing.bytes > before);
  const seat = seatIn(playing);
  playing.socket.destroy();
  using again = await listen(`${stream}?seat=${seat}`);
  expect([statusOf(again), nonceOf(seatIn(again))]).toEqual([200, nonceOf(seat)]);
  // At level 4 too: who has a seat plays.
  level.now = 4;
  using still = await listen(`${stream}?seat=${seatIn(again)}`);
  expect(statusOf(still)).toBe(200);
  expect(placed(await edge.get(livePaths.place("a"), post)).kind).toBe("line");
});

test("ED-143 what is no seat of this Space is 401, and nothing of it is kept", async () => {
  const { edge, door, level, listen, held } = await start();
  await using _ = edge;
  level.now = 3;
  const now = Date.now;
  const ours = door.give("a").seat;
  const place = placed(await edge.get(livePaths.place("a"), { ...post, headers: { "user-agent": "x" } }));
  const late = new SeatDoor({ key: Buffer.alloc(32, 5), now: () => now() - 5 * 3_600_000 });
  const bad = [
    door.give("b").seat,
    late.give("a").seat,
    new SeatDoor({ key: Buffer.alloc(32, 6), now }).give("a").seat,
    place.kind === "line" ? place.ticket : place.seat.slice(1),
    ours.slice(0, -1),
    `${ours}A`,
    ours.replace(/.$/, (last) => (last === "A" ? "B" : "A")),
    "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzcGFjZSI6ImEiLCJraW5kIjoic2VhdCJ9.",
    "__proto__",
    "A".repeat(4000),
    "",
  ];
  for (const seat of bad)
    for (const path of [stream, segment(29), livePaths.master("a"), livePaths.playlist("a", "opus-32k")]) {
      const answer = await edge.get(`${path}?seat=${seat}`);
      expect([answer.status, code(answer)]).toEqual([401, "bad-ticket"]);
    }
  expect(edge.metric("rostra_edge_bad_tickets_total")).toBe(bad.length * 4);
  expect(held()).toBe(0);
  for (const ticket of [ours, "A".repeat(56), "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"]) {
    const answer = await edge.get(livePaths.place("a", ticket));
    expect([answer.status, code(answer)]).toEqual([401, "bad-ticket"]);
  }
  using good = await listen(`${stream}?seat=${ours}`);
  expect(statusOf(good)).toBe(200);
});

test("ED-144 one seat is one connection: who shows it last has it, and the other is closed", async () => {
  const { edge, level, listen, held } = await start();
  await using _ = edge;
  using first = await listen();
  level.now = 3;
  const path = `${stream}?seat=${seatIn(first)}`;
  const next = await Promise.all([listen(path, "two"), listen(path, "three")]);
  await until(() => first.closed && next.filter(({ closed }) => closed).length === 1);
  expect(held()).toBe(1);
  using last = await listen(path, "four");
  await until(() => next.every(({ closed }) => closed));
  expect([statusOf(last), held(), last.closed]).toEqual([200, 1, false]);
});

test("ED-145 who fetches segments goes on, and for some seconds after they stopped; newcomers need a seat, also for playlists", async () => {
  const { edge, door, level } = await start();
  await using _ = edge;
  expect((await edge.get(segment(28), as("old"))).status).toBe(200);
  using kept = edge.raw(`GET ${segment(28)} HTTP/1.1\r\nHost: here\r\nUser-Agent: kept\r\n\r\n`);
  await until(() => kept.body.length > 0);
  level.now = 3;
  const hls = [livePaths.master("a"), livePaths.playlist("a", "opus-32k"), segment(29)];
  for (const path of hls) {
    expect([path, (await edge.get(path, as("old"))).status]).toEqual([path, 200]);
    const refused = await edge.get(path, as("new"));
    expect([path, refused.status, code(refused)]).toEqual([path, 503, "no-seat"]);
  }
  const before = kept.bytes;
  kept.socket.write(`GET ${segment(29)} HTTP/1.1\r\nHost: here\r\nUser-Agent: kept\r\n\r\n`);
  await until(() => kept.bytes > before);
  // With a seat, shown once: as a player of HLS does it, whose other addresses are in the playlist.
  const { seat } = door.give("a");
  expect((await edge.get(`${livePaths.master("a")}?seat=${seat}`, as("new"))).status).toBe(200);
  for (const path of hls) expect([path, (await edge.get(path, as("new"))).status]).toEqual([path, 200]);
  // What all need is there for all.
  expect((await edge.get(livePaths.init("a", "opus-32k"), as("other"))).status).toBe(200);
  expect((await edge.get(livePaths.state("a"), as("other"))).status).toBe(200);
});

test("ED-145 who fetched segments is known for five to ten seconds longer than counted, and who was let in as long", () => {
  let now = 0;
  const audience = new Audience({ now: () => now });
  const [listener, welcome] = [audience.key("a", "192.0.2.1", "one"), audience.key("a", "192.0.2.2", "one")];
  audience.seen("a", listener);
  audience.welcome(welcome);
  const pass = (to: number): void => {
    for (; now < to; now += 1000) audience.numbered();
  };
  pass(4000);
  expect([audience.knows("a", listener), audience.knows("a", welcome)]).toEqual([true, true]);
  pass(10_000);
  expect(audience.known).toBe(0);
  expect(audience.knows("a", listener)).toBe(true);
  pass(listensForMs + 2 * knownForMs + 3000);
  expect([audience.knows("a", listener), audience.knows("a", welcome)]).toEqual([false, false]);
});

test("ED-146 a seat with which somebody fetches segments is nobody else's meanwhile; a connection that had it is closed", async () => {
  const { edge, level, listen, held } = await start();
  await using _ = edge;
  using streaming = await listen();
  level.now = 3;
  const seat = seatIn(streaming);
  const fetch = (userAgent: string): Promise<Answer> =>
    edge.get(`${segment(29)}?seat=${seat}`, { headers: { "user-agent": userAgent } });
  expect((await fetch("one")).status).toBe(200);
  await until(() => streaming.closed && held() === 0);
  expect((await fetch("one")).status).toBe(200);
  expect((await fetch("two")).status).toBe(503);
  using other = await listen(`${stream}?seat=${seat}`, "two");
  expect(statusOf(other)).toBe(503);
  // Its own player goes back to the endless response.
  using own = await listen(`${stream}?seat=${seat}`, "one");
  expect(statusOf(own)).toBe(200);
});

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

test("ED-153 a cache that is believed is given what all can share, without a seat; nobody else who says so is", async () => {
  const paths = [livePaths.master("a"), livePaths.playlist("a", "opus-32k"), segment(29)];
  const asCache = { headers: { [cacheHeader]: "1", "x-forwarded-for": "192.0.2.1" } };
  const ranges = new BlockList();
  ranges.addAddress("127.0.0.1");
  const believed = await start({}, { trust: { ranges } });
  await using _ = believed.edge;
  believed.level.now = 4;
  for (const path of paths) {
    expect([path, (await believed.edge.get(path, asCache)).status]).toEqual([path, 200]);
    expect([path, (await believed.edge.get(path, { headers: { "x-forwarded-for": "192.0.2.9" } })).status]).toEqual([
      path,
      503,
    ]);
  }
  expect((await believed.edge.get(stream, asCache)).status).toBe(503);
  const stranger = await start();
  await using __ = stranger.edge;
  stranger.level.now = 3;
  for (const path of paths) expect([path, (await stranger.edge.get(path, asCache)).status]).toEqual([path, 503]);
});

test("ED-152 below level 3 nobody passes those who wait, as long as more of them wait than can be seated at once", async () => {
  const { edge, level, listen } = await start();
  await using _ = edge;
  level.now = 3;
  level.seats = 0;
  for (let i = 0; i < 5; i++) expect(placed(await edge.get(livePaths.place("a"), post)).kind).toBe("line");
  level.now = 2;
  level.seats = 4;
  using newcomer = await listen();
  expect(statusOf(newcomer)).toBe(503);
  expect(placed(await edge.get(livePaths.place("a"), post)).kind).toBe("line");
  level.seats = 100;
  using next = await listen();
  expect(statusOf(next)).toBe(200);
  expect(placed(await edge.get(livePaths.place("a"), post)).kind).toBe("seat");
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
