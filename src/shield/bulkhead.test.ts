import { expect, test } from "vitest";
import { Bulkhead, type Pass, type WorkClass } from "./bulkhead.ts";
import { intervalMs } from "./codel.ts";

const forever = new AbortController().signal;

/** A bulkhead in a time of its own with a fixed limit of ten; what enters it is kept. */
function bulkhead(): {
  readonly gate: Bulkhead;
  readonly passes: Pass[];
  readonly refused: unknown[];
  readonly time: { now: number };
  readonly enter: (of: WorkClass, signal?: AbortSignal, from?: string) => Promise<void>;
} {
  const time = { now: 0 };
  const gate = new Bulkhead({ first: 10, least: 10, most: 10, now: () => time.now, maxWaiting: 20 });
  const passes: Pass[] = [];
  const refused: unknown[] = [];
  const enter = (of: WorkClass, signal = forever, from = "flood"): Promise<void> =>
    gate.enter(of, from, signal).then(
      (pass) => void passes.push(pass),
      (problem: unknown) => void refused.push(problem),
    );
  return { gate, passes, refused, time, enter };
}
const settled = (): Promise<void> => new Promise(setImmediate);

test("SH-22 a fifth is kept for the stage, which may take all; others wait, and go on when there is room", async () => {
  const { gate, passes, enter } = bulkhead();
  for (let i = 0; i < 12; i++) void enter("other");
  await settled();
  expect([gate.underWay, gate.waiting("other")]).toEqual([{ stage: 0, other: 8 }, 4]);
  await Promise.all([enter("stage"), enter("stage")]);
  expect(gate.underWay).toEqual({ stage: 2, other: 8 });
  for (const pass of passes.splice(0, 3)) pass.done(true);
  await settled();
  expect([gate.underWay, gate.waiting("other")]).toEqual([{ stage: 2, other: 8 }, 1]);
  const alone = bulkhead();
  for (let i = 0; i < 10; i++) await alone.enter("stage");
  expect(alone.gate.underWay).toEqual({ stage: 10, other: 0 });
});

test("SH-22 a flood of others' work keeps no speaker waiting", async () => {
  const { gate, passes, refused, time, enter } = bulkhead();
  const waits: number[] = [];
  for (let i = 0; i < 2000; i++) {
    for (let n = 0; n < 5; n++) void enter("other");
    if (i % 10 === 0) {
      const since = time.now;
      void enter("stage").then(() => waits.push(time.now - since));
    }
    await settled();
    time.now += 10;
    gate.look();
    // One is done in ten milliseconds, and five more have come.
    passes.shift()?.done(true);
  }
  expect(Math.max(...waits)).toBeLessThanOrEqual(20);
  expect(gate.refused.stage).toBe(0);
  expect(gate.refused.other).toBeGreaterThan(7000);
  expect(refused[0]).toMatchObject({ code: "overloaded", status: 503 });
});

test("SH-23 who waits too long is refused, and who leaves is forgotten", async () => {
  const { gate, refused, time, enter } = bulkhead();
  for (let i = 0; i < 8; i++) void enter("other");
  const leaving = new AbortController();
  const left = enter("other", leaving.signal);
  const waited = enter("other");
  leaving.abort(new Error("gone"));
  await left;
  expect([gate.waiting("other"), refused]).toEqual([1, [expect.objectContaining({ message: "gone" })]]);
  time.now += intervalMs;
  gate.look();
  await waited;
  expect([gate.waiting("other"), gate.refused.other]).toEqual([0, 1]);
});

test("SH-23 a pass that is done twice is done once", async () => {
  const { gate, passes, enter } = bulkhead();
  await enter("other");
  for (const _ of [1, 2]) passes[0]?.done(true);
  expect(gate.underWay).toEqual({ stage: 0, other: 0 });
});

test("SH-24 a flood of the stage's own kind keeps one who asks seldom waiting for a turn, and no longer", async () => {
  const { gate, passes, time, enter } = bulkhead();
  const waits: number[] = [];
  for (let i = 0; i < 3000; i++) {
    for (let n = 0; n < 3; n++) void enter("stage", forever, `flood ${(i + n) % 8}`);
    if (i % 20 === 0) {
      const since = time.now;
      void enter("stage", forever, "host").then(() => waits.push(time.now - since));
    }
    await settled();
    time.now += 10;
    gate.look();
    passes.shift()?.done(true);
  }
  expect(waits.length).toBeGreaterThan(140);
  // Eight others have their turns before.
  expect(Math.max(...waits)).toBeLessThanOrEqual(120);
});
