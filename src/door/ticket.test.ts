import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { placeSeconds, seatSeconds, Tickets } from "./ticket.ts";

const key = Buffer.alloc(32, 7);
const at = 1_800_000_000;
const nonce = "0123456789abcdef";
const tickets = new Tickets(key);
const seat = tickets.write({ kind: "seat", space: "demo", at, nonce });
const place = tickets.write({ kind: "place", space: "demo", at, nonce });
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

test("DR-1 a ticket says what was written, to whoever has the same key", () => {
  const read = new Tickets(key).read(seat, "seat", "demo", at + 1);
  expect(read).toEqual({ kind: "seat", space: "demo", at, nonce, group: expect.stringMatching(/^[0-9a-f]{8}$/) });
  expect(tickets.read(place, "place", "demo", at)).toMatchObject({ kind: "place", nonce });
  expect(seat).toMatch(/^[A-Za-z0-9_-]{56}$/);
  const nonces = Array.from({ length: 3000 }, () => tickets.nonce());
  expect(new Set(nonces).size).toBe(3000);
  expect(nonces.every((one) => /^[0-9a-f]{16}$/.test(one))).toBe(true);
});

test("DR-2 a ticket of another key, Space or kind is none", () => {
  expect(new Tickets(Buffer.alloc(32, 8)).read(seat, "seat", "demo", at)).toBeUndefined();
  expect(tickets.read(seat, "seat", "other", at)).toBeUndefined();
  expect(tickets.read(seat, "place", "demo", at)).toBeUndefined();
  expect(tickets.read(place, "seat", "demo", at)).toBeUndefined();
});

test("DR-3 a seat is good for some hours; a place until some hours after the hour, and after its holder came", () => {
  expect(tickets.read(seat, "seat", "demo", at + seatSeconds - 1)).toBeDefined();
  expect(tickets.read(seat, "seat", "demo", at + seatSeconds)).toBeUndefined();
  expect(tickets.read(place, "place", "demo", at + placeSeconds)).toBeUndefined();
  const hour = at + 7200;
  expect(tickets.read(place, "place", "demo", hour + placeSeconds - 1, hour)).toBeDefined();
  expect(tickets.read(place, "place", "demo", hour + placeSeconds, hour)).toBeUndefined();
  // One of a time to come was not made by a clock of ours.
  expect(tickets.read(seat, "seat", "demo", at - 3600)).toBeUndefined();
});

test("DR-4 a ticket with any bit flipped, cut, longer or spelt otherwise is none", () => {
  const bytes = Buffer.from(seat, "base64url");
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(tickets.read(flipped.toString("base64url"), "seat", "demo", at)).toBeUndefined();
  }
  for (let length = 0; length < seat.length; length++)
    expect(tickets.read(seat.slice(0, length), "seat", "demo", at)).toBeUndefined();
  const others = [
    `${seat}A`,
    `${seat}=`,
    ` ${seat}`,
    `${seat}\n`,
    bytes.toString("hex"),
    "",
    "A".repeat(56),
    "%00".repeat(18),
  ];
  for (const text of others) expect(tickets.read(text, "seat", "demo", at)).toBeUndefined();
  const standard = Buffer.from(
    tickets.write({ kind: "seat", space: "demo", at, nonce: "fbffbffbffbffbff" }),
    "base64url",
  );
  expect(tickets.read(standard.toString("base64"), "seat", "demo", at)).toBeUndefined();
  expect(tickets.read(standard.toString("base64url"), "seat", "demo", at)).toBeDefined();
});

test("DR-5 nothing in a ticket says how it is signed: tokens that do are none, whatever they are signed with", () => {
  const claims = part({ space: "demo", kind: "seat", nonce, exp: at + 3600 });
  for (const alg of ["none", "None", "HS256", "RS256", "HS1"]) {
    const signed = `${part({ alg, typ: "JWT" })}.${claims}`;
    for (const mac of ["", createHmac("sha256", key).update(signed).digest("base64url"), seat])
      expect(tickets.read(`${signed}.${mac}`, "seat", "demo", at)).toBeUndefined();
  }
  // The same bytes with the version or the kind of another, its mac left as it is or left out.
  for (const [i, value] of [
    [0, 0],
    [0, 2],
    [1, 0],
    [1, 3],
    [1, 255],
  ] as const) {
    const other = Buffer.from(seat, "base64url");
    other[i] = value;
    expect(tickets.read(other.toString("base64url"), "seat", "demo", at)).toBeUndefined();
    expect(tickets.read(other.fill(0, 26).toString("base64url"), "seat", "demo", at)).toBeUndefined();
  }
});
