import { expect, test } from "vitest";
import { Audience, listensForMs } from "./audience.ts";

test("ED-31 one address with one User-Agent is one listener, however often it fetches", () => {
  let now = 0;
  const audience = new Audience(() => now);
  for (let i = 0; i < 5; i++) audience.seen("a", "10.0.0.1", "Player/1");
  audience.seen("a", "10.0.0.1", "Player/2");
  audience.seen("a", "10.0.0.2", "Player/1");
  audience.seen("b", "10.0.0.1", "Player/1");
  expect(Object.fromEntries(audience.count())).toEqual({ a: 3, b: 1 });
  now = listensForMs;
  audience.seen("a", "10.0.0.2", "Player/1");
  now++;
  expect(Object.fromEntries(audience.count())).toEqual({ a: 1 });
});

test("ED-31 beyond the cap newcomers are not told apart, and room is made by those who left", () => {
  let now = 0;
  const audience = new Audience(() => now, 2);
  audience.seen("a", "1", "");
  audience.seen("a", "2", "");
  audience.seen("a", "3", "");
  audience.seen("b", "1", "");
  expect(Object.fromEntries(audience.count())).toEqual({ a: 2 });
  expect(audience.overflow).toBe(2);
  now = listensForMs + 1;
  audience.count();
  audience.seen("b", "1", "");
  expect(Object.fromEntries(audience.count())).toEqual({ b: 1 });
});
