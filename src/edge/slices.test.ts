import { expect, test } from "vitest";
import { longestSliceMs, type Sliced, Slices, sliceMs } from "./slices.ts";

/** Work of so many pieces, each of which takes 1 ms of the test's clock. */
class Work implements Sliced {
  left: number;
  readonly #tick: () => void;
  constructor(pieces: number, tick: () => void) {
    this.left = pieces;
    this.#tick = tick;
  }
  step(isOver: () => boolean): boolean {
    while (this.left > 0) {
      this.left--;
      this.#tick();
      if (isOver()) return this.left === 0;
    }
    return true;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("ED-40 short work is done at once, long work in slices with the loop's other work in between", async () => {
  let now = 0;
  const slices = new Slices(() => now);
  const short = new Work(sliceMs, () => now++);
  slices.run(short);
  expect(short.left).toBe(0);
  const long = new Work(4 * sliceMs, () => now++);
  slices.run(long);
  slices.run(long);
  for (const left of [3, 2, 1, 0]) {
    expect(long.left).toBe(left * sliceMs);
    await turn();
  }
});

test("ED-40 several works take turns", async () => {
  let now = 0;
  const slices = new Slices(() => now);
  const [first, second] = [new Work(3 * sliceMs, () => now++), new Work(2 * sliceMs, () => now++)];
  slices.run(first);
  slices.run(second);
  slices.run(first);
  const left: number[][] = [];
  for (let i = 0; i < 5; i++) {
    left.push([first.left / sliceMs, second.left / sliceMs]);
    await turn();
  }
  expect(left).toEqual([
    [2, 2],
    [1, 2],
    [1, 1],
    [0, 1],
    [0, 0],
  ]);
});

test("ED-40 while others have work a slice is half as long as theirs, and never long", async () => {
  let now = 0;
  let others = 0;
  const slices = new Slices(() => now);
  const work = new Work(1000, () => now++);
  slices.run(work);
  for (const [took, pieces] of [
    [4, 2],
    [12, 6],
    [1000, longestSliceMs],
  ] as const) {
    const before = work.left;
    others = took;
    // What happens in the loop between two slices.
    await new Promise<void>((resolve) => queueMicrotask(() => resolve(void (now += others))));
    await turn();
    expect(before - work.left).toBe(pieces);
  }
});

test("ED-117 in a turn that does not end, work for many has a third of the time all the same, and once each", async () => {
  let now = 0;
  const slices = new Slices(() => now);
  const work = new Work(10 * sliceMs, () => now++);
  slices.run(work);
  expect(work.left).toBe(9 * sliceMs);
  // Others' requests, 1 ms each, one after the other in one turn of the loop.
  for (let request = 0; request < 8 * 2 * sliceMs; request++) {
    now++;
    slices.breathe();
  }
  expect(work.left).toBe(sliceMs);
  await turn();
  expect(work.left).toBe(0);
  const next = new Work(3 * sliceMs, () => now++);
  slices.run(next);
  await turn();
  expect(next.left).toBe(sliceMs);
});
