import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Link } from "../../foundation/link.ts";
import type { Permit } from "../../wire/rehearsal.ts";
import { permitPath } from "../../wire/rehearsal.ts";
import { sockets } from "../config.ts";
import { maxPermits, RehearsalPermits } from "./rehearsal-permits.ts";
import { TestControl } from "./testing/control.ts";

const code = (n: number): string => n.toString(16).padStart(32, "0");

test("RH-60 a permit is there for its exact code and no longer than it holds; their number has a cap", () => {
  let now = 1_000_000;
  const permits = new RehearsalPermits(() => now);
  expect(permits.permit({ code: code(1), forMs: 60_000, listeners: 500 })).toEqual({
    v: 1,
    code: code(1),
    until: 1_060_000,
    leftMs: 60_000,
    listeners: 500,
  });
  expect(permits.find(code(2))).toBeUndefined();
  for (let n = 2; n <= maxPermits; n++) permits.permit({ code: code(n), forMs: 1000, listeners: 1 });
  expect(() => permits.permit({ code: code(99), forMs: 1000, listeners: 1 })).toThrow(`${maxPermits} permits`);
  // One that is there may be made anew, and those that are over make room.
  permits.permit({ code: code(1), forMs: 120_000, listeners: 600 });
  now += 1000;
  expect(permits.find(code(2))).toBeUndefined();
  expect(permits.permit({ code: code(99), forMs: 1000, listeners: 1 }).listeners).toBe(1);
  expect(permits.size).toBe(2);
  expect(permits.find(code(1))?.leftMs).toBe(119_000);
  expect(permits.withdraw(code(1))).toBe(true);
  expect(permits.find(code(1))).toBeUndefined();
});

describe("control", () => {
  let control: TestControl;
  let link: Link;
  beforeAll(async () => {
    control = await TestControl.open();
    link = new Link(sockets.control(control.data));
  });
  afterAll(async () => {
    link.close();
    await control.end();
  });

  test("RH-60 it shows a permit to whoever knows the code, and takes one from this machine alone", async () => {
    const body = { code: code(7), forMs: 60_000, listeners: 20 };
    const outside = await control.ask("POST", "/internal/rehearsal-permits", {
      body,
      headers: { "x-forwarded-for": "192.0.2.7" },
    });
    expect([outside.status, outside.json.code]).toEqual([403, "not-for-outside"]);
    const shown = async (): Promise<[number, Partial<Permit>]> => {
      const { status, body: bytes } = await link.request({ path: permitPath(code(7)) });
      return [status, JSON.parse(bytes.toString()) as Partial<Permit>];
    };
    expect((await shown())[0]).toBe(404);
    expect((await control.ask("POST", "/internal/rehearsal-permits", { body })).status).toBe(200);
    const [status, permit] = await shown();
    expect([status, permit.listeners, permit.code]).toEqual([200, 20, code(7)]);
    expect(permit.leftMs).toBeGreaterThan(1000);
    for (const path of [permitPath(code(8)), permitPath("x"), permitPath("")])
      expect((await link.request({ path })).status).toBe(404);
    for (const wrong of [
      { ...body, code: "x" },
      { ...body, forMs: 0 },
      { ...body, listeners: 0.5 },
      { ...body, more: 1 },
    ])
      expect((await control.ask("POST", "/internal/rehearsal-permits", { body: wrong })).status).toBe(400);
    expect((await control.ask("DELETE", `/internal/rehearsal-permits/${code(7)}`)).status).toBe(204);
    expect((await shown())[0]).toBe(404);
  });
});
