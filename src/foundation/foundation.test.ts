import { describe, expect, test } from "vitest";
import { anchoredClock, decodeAnchor, encodeAnchor, manualClock, newAnchor } from "./clock.ts";
import { epochMs, ms } from "./duration.ts";
import { errno, Problem } from "./errors.ts";
import { createLog } from "./log.ts";
import { Meter } from "./meter.ts";
import { Scope } from "./scope.ts";

describe("scope", () => {
  test("FO-1 a scope ends what it owns, last taken first, once", async () => {
    const scope = new Scope();
    const ended: string[] = [];
    scope.onEnd(() => void ended.push("first taken"));
    scope.onEnd(async () => {
      await Promise.resolve();
      ended.push("last taken");
    });
    let fired = false;
    scope.every(ms(1), () => (fired = true));
    await Promise.all([scope.end(), scope.end()]);
    await scope.end();
    expect(ended).toEqual(["last taken", "first taken"]);
    expect(scope.signal.aborted).toBe(true);
    const before = fired;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(fired).toBe(before);
  });

  test("FO-2 one ending that fails keeps no other from ending, and is thrown", async () => {
    const scope = new Scope();
    let other = false;
    scope.onEnd(() => void (other = true));
    scope.onEnd(() => {
      throw new Error("stuck");
    });
    await expect(scope.end()).rejects.toThrow("stuck");
    expect(other).toBe(true);
  });

  test("FO-3 a child scope ends with its parent, and may end before it", async () => {
    const parent = new Scope();
    const early = parent.child();
    const late = parent.child();
    const ended: string[] = [];
    early.onEnd(() => void ended.push("early"));
    late.onEnd(() => void ended.push("late"));
    await early.end();
    expect(ended).toEqual(["early"]);
    await parent.end();
    expect(ended).toEqual(["early", "late"]);
    expect(late.ended).toBe(true);
  });
});

test("FO-12 a timeout that has run and a child that has ended are owned no more", async () => {
  const scope = new Scope();
  const ran = await new Promise<number>((resolve) => scope.after(ms(1), () => resolve(scope.owned)));
  expect(ran).toBe(0);
  const child = scope.child();
  scope.after(ms(60_000), () => {});
  expect(scope.owned).toBe(2);
  await child.end();
  expect(scope.owned).toBe(1);
  await scope.end();
});

describe("clock", () => {
  test("FO-4 two clocks with one anchor agree, and an anchor survives being written as text", () => {
    const anchor = newAnchor();
    const copy = decodeAnchor(encodeAnchor(anchor));
    expect(copy).toEqual(anchor);
    const a = anchoredClock(anchor).now();
    const b = anchoredClock(copy ?? newAnchor()).now();
    expect(b).toBeGreaterThanOrEqual(a);
    expect(decodeAnchor("soon")).toBeUndefined();
    expect(decodeAnchor(undefined)).toBeUndefined();
  });

  test("FO-4 a wall clock that is set does not move the timeline's clock", () => {
    const shifted = anchoredClock({ ...newAnchor(), wallMs: Date.now() - 3_600_000 });
    expect(Math.round(shifted.drift() / 1000)).toBe(3600);
    expect(Math.round((Date.now() - shifted.now()) / 1000)).toBe(3600);
    const manual = manualClock(epochMs(1000));
    manual.advance(ms(20));
    expect(manual.now()).toBe(1020);
  });
});

test("FO-5 a problem becomes an RFC 9457 document", () => {
  const problem = new Problem({
    status: 409,
    code: "slug-taken",
    title: "Taken",
    detail: "“demo” is taken.",
    action: "Choose another.",
    pointer: "/slug",
  });
  expect(problem.toDocument()).toEqual({
    type: "urn:rostra:problem:slug-taken",
    title: "Taken",
    status: 409,
    code: "slug-taken",
    detail: "“demo” is taken.",
    action: "Choose another.",
    pointer: "/slug",
  });
  expect(errno(Object.assign(new Error("x"), { code: "EACCES" }))).toBe("EACCES");
});

test("FO-6 metrics are written as Prometheus text", () => {
  const meter = new Meter();
  const counter = meter.counter("rostra_things_total", "Things.");
  expect(meter.expose()).toContain("\nrostra_things_total 0\n");
  counter.add(2, { kind: 'a"b\n' });
  const histogram = meter.histogram("rostra_wait_seconds", "Waits.", [0.1, 1]);
  histogram.observe(0.05);
  histogram.observe(0.5);
  const text = meter.expose();
  expect(text).toContain('rostra_things_total{kind="a\\"b\\n"} 2\n');
  expect(text).not.toContain("\nrostra_things_total 0");
  expect(text).toContain('rostra_wait_seconds_bucket{le="0.1"} 1\n');
  expect(text).toContain('rostra_wait_seconds_bucket{le="+Inf"} 2\n');
  expect(text.match(/# TYPE rostra_wait_seconds histogram/g)).toHaveLength(1);
  expect(() => meter.gauge("rostra_things_total", "Again.")).toThrow("twice");
});

test("FO-11 a log line is one JSON object with its process, level and event", () => {
  const lines: string[] = [];
  const log = createLog({ process: "edge 1", write: (line) => lines.push(line) }).with({ space: "demo" });
  log.debug("too-quiet");
  log.warn("slow", { bytes: 5, error: new Error("why") });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    process: "edge 1",
    level: "warn",
    event: "slow",
    space: "demo",
    bytes: 5,
    error: { message: "why" },
  });
});
