import { BlockList } from "node:net";
import { expect, test } from "vitest";
import { SeatDoor } from "../../door/door.ts";
import { Audience, knownForMs, listensForMs } from "../../edge/audience.ts";
import { type Answer, until } from "../../edge/edge.test-server.ts";
import { livePaths } from "../../wire/paths.ts";
import { cacheHeader } from "../../wire/tickets.ts";
import { stream, segment, post, code, placed, seatIn, nonceOf, start, as, statusOf } from "./door.test-kit.ts";

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
