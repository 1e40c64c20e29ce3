import { expect, test } from "vitest";
import { seeded } from "../model/random.ts";
import { Agenda, type Planned, tickMs } from "./agenda.ts";

const one = (due: (now: number) => void): Planned => ({ tick: 0, due });

test("RH-41 everybody is due once, never early, and within a tick of when they are told", () => {
  const random = seeded(1, 2);
  const agenda = new Agenda(0);
  const told: number[] = [];
  const wanted = Array.from({ length: 2000 }, () => random() * 300_000);
  let now = 0;
  for (const at of wanted)
    agenda.plan(
      one((when) => {
        told.push(at);
        expect(when).toBeGreaterThanOrEqual(at);
        expect(when).toBeLessThan(at + tickMs + 50);
      }),
      at,
    );
  while (now < 301_000) agenda.advance((now += random() * 50));
  expect(told).toHaveLength(wanted.length);
});

test("RH-41 a moment that is moved replaces the one before, and one that is forgotten never comes", () => {
  const agenda = new Agenda(0);
  const told: number[] = [];
  const moved = one((now) => told.push(now));
  const forgotten = one(() => expect.unreachable());
  // Also by a whole turn of the wheel, and back.
  for (const at of [100, 100 + 4096 * tickMs, 500, 100 + 4096 * tickMs, 700]) agenda.plan(moved, at);
  agenda.plan(forgotten, 300);
  agenda.forget(forgotten);
  for (let now = 0; now < 100_000; now += 10) agenda.advance(now);
  expect(told).toEqual([700]);
});

test("RH-41 whoever plans again when due comes again, and one that is late comes with the next tick", () => {
  const agenda = new Agenda(0);
  let times = 0;
  const again: Planned = one((now) => {
    times++;
    agenda.plan(again, now - 1000);
  });
  agenda.plan(again, 0);
  for (let now = 0; now <= 1000; now += tickMs) agenda.advance(now);
  expect(times).toBe(1000 / tickMs);
});
