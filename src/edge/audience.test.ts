import { expect, test } from "vitest";
import { Audience, listensForMs } from "./audience.ts";

const salts = new Map([
  ["a", "c2FsdCBvZiBh"],
  ["b", "c2FsdCBvZiBi"],
]);
const salt = (space: string): string | undefined => salts.get(space);

test("ED-31 one address with one User-Agent is one listener, however often it fetches", () => {
  let now = 0;
  const audience = new Audience({ now: () => now });
  const fetch = (space: string, address: string, browser: string): void =>
    audience.seen(space, audience.key(space, address, browser));
  for (let i = 0; i < 5; i++) fetch("a", "10.0.0.1", "Player/1");
  fetch("a", "10.0.0.1", "Player/2");
  fetch("a", "10.0.0.2", "Player/1");
  fetch("b", "10.0.0.1", "Player/1");
  expect(Object.fromEntries(audience.numbered())).toEqual({ a: 3, b: 1 });
  now = listensForMs;
  fetch("a", "10.0.0.2", "Player/1");
  now++;
  expect(Object.fromEntries(audience.numbered())).toEqual({ a: 1 });
  expect(audience.known).toBe(1);
});

test("ED-31 who goes on fetching stays, whoever came later and left", () => {
  let now = 0;
  const audience = new Audience({ now: () => now });
  audience.seen("a", 1);
  for (let i = 2; i < 50; i++) {
    now += 1000;
    audience.seen("a", 1);
    audience.seen("a", i);
  }
  expect(Object.fromEntries(audience.numbered())).toEqual({ a: 1 + listensForMs / 1000 + 1 });
});

test("ED-31 beyond the cap newcomers are not told apart, and room is made by those who left", () => {
  let now = 0;
  const audience = new Audience({ now: () => now, most: 2 });
  audience.seen("a", 1);
  audience.seen("a", 2);
  audience.seen("a", 3);
  audience.seen("b", 1);
  expect(Object.fromEntries(audience.numbered())).toEqual({ a: 2 });
  expect(audience.overflow).toBe(2);
  now = listensForMs + 1;
  audience.numbered();
  audience.seen("b", 1);
  expect(Object.fromEntries(audience.numbered())).toEqual({ b: 1 });
});

test("ED-80 who somebody is depends on the Space's salt, the address and the User-Agent, and is the same on all edges", () => {
  const [here, there] = [new Audience({ salt }), new Audience({ salt })];
  const key = here.key("a", "10.0.0.1", "Player/1");
  expect(there.key("a", "10.0.0.1", "Player/1")).toBe(key);
  const others = [
    here.key("b", "10.0.0.1", "Player/1"),
    here.key("a", "10.0.0.2", "Player/1"),
    here.key("a", "10.0.0.1", "Player/2"),
  ];
  expect(new Set([key, ...others]).size).toBe(4);
  for (const one of [key, ...others]) expect(Number.isSafeInteger(one) && one >= 0 && one < 2 ** 52).toBe(true);
  salts.set("a", "YW5vdGhlciBkYXk=");
  expect(here.key("a", "10.0.0.1", "Player/1")).not.toBe(key);
});

test("ED-80 without a told salt a process has one of its own, which no other knows", () => {
  const [here, there] = [new Audience(), new Audience()];
  expect(here.key("a", "10.0.0.1", "P")).toBe(here.key("a", "10.0.0.1", "P"));
  expect(here.key("a", "10.0.0.1", "P")).not.toBe(there.key("a", "10.0.0.1", "P"));
});

test("ED-80 an IPv6 /64 is one, and a User-Agent of any length costs the same", () => {
  const audience = new Audience({ salt });
  expect(audience.key("b", "2001:db8::1", "P")).toBe(audience.key("b", "2001:db8::ffff:2", "P"));
  expect(audience.key("b", "2001:db8:0:1::1", "P")).not.toBe(audience.key("b", "2001:db8::1", "P"));
  expect(audience.key("b", "::ffff:10.0.0.1", "P")).toBe(audience.key("b", "10.0.0.1", "P"));
  expect(audience.key("b", "10.0.0.1", "x".repeat(10_000))).toBe(audience.key("b", "10.0.0.1", "x".repeat(9_000)));
});
