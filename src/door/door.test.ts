import { expect, test } from "vitest";
import type { Place } from "../wire/tickets.ts";
import { type AtDoor, maxSlotsPending, SeatDoor } from "./door.ts";
import { Line, slotSeconds } from "./line.ts";
import { placeSeconds } from "./ticket.ts";

const hour = 1_800_000_000;
const key = Buffer.alloc(32, 3);
const seed = "0a".repeat(32);

/** A door on a clock that is moved by hand (seconds), and the line of the origin that it hears of. */
function atDoor(startsAt = hour) {
  const clock = { now: hour - 100 };
  const door = new SeatDoor({ key, now: () => clock.now * 1000 });
  const origin = Line.begin(startsAt, seed);
  const space: { line: AtDoor["line"] } & AtDoor = { id: "demo", startAt: startsAt * 1000, line: undefined };
  const tell = (): void => {
    for (const { places, seated } of Object.values(door.take())) {
      for (const [slot, count] of places) origin.add(slot, count, clock.now);
      origin.seated(seated, clock.now);
    }
    space.line = { t: "line", id: "demo", ...origin.facts(clock.now) };
    door.told(space.line);
  };
  return { clock, door, origin, space, tell };
}
const inLine = (place: Place | undefined): Extract<Place, { kind: "line" }> => {
  if (place?.kind !== "line") throw new Error(`not in line: ${JSON.stringify(place)}`);
  return place;
};

test("DR-20 whoever shows a place again has the same place, at every edge, and nothing of them is kept", () => {
  const { door, space, tell } = atDoor();
  const places = Array.from({ length: 50 }, () => inLine(door.place(space, undefined, "called")));
  tell();
  const other = atDoor();
  other.space.line = space.line;
  for (const { ticket } of places) {
    expect(inLine(door.place(space, ticket, "called"))).toMatchObject({ ticket, before: null, waiting: 50 });
    expect(inLine(other.door.place(other.space, ticket, "none"))).toMatchObject({ ticket, before: null, waiting: 50 });
  }
  expect(door.take()).toEqual({});
});

test("DR-21 at the hour the order is drawn, the same at every edge; whose turn it is has a seat where there is room", () => {
  const { clock, door, origin, space, tell } = atDoor();
  const tickets = Array.from({ length: 40 }, () => inLine(door.place(space, undefined, "called")).ticket);
  tell();
  clock.now = hour + 3;
  tell();
  const other = atDoor();
  other.clock.now = clock.now;
  other.space.line = space.line;
  const before = tickets.map((ticket) => inLine(door.place(space, ticket, "called")).before);
  expect(tickets.map((ticket) => inLine(other.door.place(other.space, ticket, "called")).before)).toEqual(before);
  origin.call(20, clock.now);
  tell();
  const now = tickets.map((ticket) => door.place(space, ticket, "called")?.kind);
  expect(now.map((kind, i) => [kind, (before[i] ?? 0) < 20])).toEqual(
    before.map((n) => ((n ?? 0) < 20 ? ["seat", true] : ["line", false])),
  );
  // No room here: they stay at the head of the line.
  const seated = tickets.filter((_, i) => now[i] === "seat");
  for (const ticket of seated)
    expect(inLine(door.place(space, ticket, "none"))).toMatchObject({ ticket, before: 0, turnIn: expect.anything() });
});

test("DR-22 a place has one seat, however often it is asked for; a seat is read at every edge of the installation and of no other", () => {
  const { clock, door, space, tell } = atDoor();
  clock.now = hour + 30;
  tell();
  const { ticket } = inLine(door.place(space, undefined, "none"));
  const seats = [0, 1, 2].map(() => door.place(space, ticket, "all"));
  const nonces = seats.map((place) => (place?.kind === "seat" ? door.read("demo", place.seat)?.nonce : undefined));
  expect(new Set(nonces).size).toBe(1);
  const [first] = seats;
  const seat = first?.kind === "seat" ? first.seat : "";
  expect(atDoor().door.read("demo", seat)).toBeUndefined();
  const elsewhere = new SeatDoor({ key, now: () => clock.now * 1000 });
  expect(elsewhere.read("demo", seat)).toMatchObject({ nonce: nonces[0], isFresh: true });
  expect(elsewhere.read("other", seat)).toBeUndefined();
  expect(new SeatDoor({ key: Buffer.alloc(32), now: () => clock.now * 1000 }).read("demo", seat)).toBeUndefined();
  // Neither is a place a seat, nor a seat a place.
  expect(door.read("demo", ticket)).toBeUndefined();
  expect(door.place(space, seat, "all")).toBeUndefined();
  clock.now += placeSeconds;
  expect(door.place(space, ticket, "all")).toBeUndefined();
});

test("DR-23 when nobody waits whoever comes is seated where there is room; before the hour all are in the lottery", () => {
  const { clock, door, space, tell } = atDoor();
  expect(door.place(space, undefined, "called")?.kind).toBe("line");
  expect(door.place(space, undefined, "all")?.kind).toBe("seat");
  clock.now = hour + 1;
  tell();
  // One waits: nobody passes.
  expect(door.place(space, undefined, "called")?.kind).toBe("line");
  const later = atDoor();
  later.clock.now = hour + 1;
  later.tell();
  expect(later.door.place(later.space, undefined, "called")?.kind).toBe("seat");
  expect(later.door.place(later.space, undefined, "none")?.kind).toBe("line");
});

test("DR-26 a short line asks every few seconds, a long one less often, and before the hour nobody has to", () => {
  const { clock, door, space } = atDoor();
  const line = (waiting: number): AtDoor => ({
    ...space,
    id: `demo${waiting}`,
    line: {
      t: "line",
      id: `demo${waiting}`,
      hour,
      commitment: "0".repeat(64),
      seed,
      buckets: [[0, hour, waiting]],
      called: { from: 0, part: 0 },
      calledLastMinute: 0,
      seatedLastMinute: 0,
    },
  });
  const asks = (waiting: number): number => inLine(door.place(line(waiting), undefined, "none")).askAgainMs;
  expect(asks(10)).toBeGreaterThan(100_000);
  clock.now = hour + 60;
  for (const [waiting, least, most] of [
    [20, 3200, 4800],
    [20_000, 32_000, 48_000],
    [10_000_000, 96_000, 144_000],
  ] as const) {
    const asked = Array.from({ length: 20 }, () => asks(waiting));
    expect(Math.min(...asked)).toBeGreaterThanOrEqual(least);
    expect(Math.max(...asked)).toBeLessThanOrEqual(most + 100);
    expect(new Set(asked).size).toBeGreaterThan(5);
  }
});

test("DR-24 what did not arrive upward is told again, and edges below are told on; a slot at a time, in bounded memory", () => {
  const { clock, door, space } = atDoor();
  for (let i = 0; i < 30; i++) door.place(space, undefined, "none");
  const lost = door.take();
  expect(lost).toEqual({ demo: { places: [[0, 30]], seated: 0 } });
  door.lost(lost);
  door.below({ demo: { places: [[0, 5]], seated: 2 }, other: { places: [[hour, 1]], seated: 0 } });
  expect(door.take()).toEqual({
    demo: { places: [[0, 35]], seated: 2 },
    other: { places: [[hour, 1]], seated: 0 },
  });
  expect(door.take()).toEqual({});
  let told = 0;
  const slots = maxSlotsPending + 100;
  for (let i = 0; i < slots; i++) {
    clock.now = hour + i * slotSeconds;
    door.place(space, undefined, "none");
  }
  let reports = 0;
  for (let report = door.take(); report["demo"]; report = door.take(), reports++)
    told += report["demo"].places.reduce((sum, [, count]) => sum + count, 0);
  expect(told).toBe(slots);
  expect(reports).toBeLessThanOrEqual(maxSlotsPending / 64);
});

test("DR-25 while the origin is away an edge calls by what it can seat itself, and takes nobody's turn when it is back", () => {
  const { clock, door, origin, space, tell } = atDoor(hour - 3600);
  const tickets = Array.from({ length: 60 }, () => inLine(door.place(space, undefined, "none")).ticket);
  tell();
  clock.now += 30;
  door.alone(10);
  const called = tickets.filter((ticket) => door.place(space, ticket, "called")?.kind === "seat");
  expect(called.length).toBeGreaterThan(2);
  expect(called.length).toBeLessThan(25);
  origin.call(1, clock.now);
  tell();
  for (const ticket of called) expect(door.place(space, ticket, "called")?.kind).toBe("seat");
  // Without an origin that knows lines there is a line all the same.
  const alone = atDoor(hour - 3600);
  const own = inLine(alone.door.place(alone.space, undefined, "none"));
  expect(own.before).toBe(0);
  alone.clock.now += 30;
  alone.door.alone(1);
  expect(alone.door.place(alone.space, own.ticket, "called")?.kind).toBe("seat");
});
