import { expect, test } from "vitest";
import { ControlledQueue, intervalMs, targetMs } from "./codel.ts";

/** A queue in which those who wait have numbers. */
function numbered(most = 100): {
  readonly queue: ControlledQueue;
  readonly went: number[];
  readonly refused: number[];
  readonly add: (number: number, now: number, from?: string) => () => void;
} {
  const queue = new ControlledQueue(most);
  const [went, refused]: number[][] = [[], []];
  const add = (number: number, now: number, from = "one"): (() => void) =>
    queue.add({ from, go: () => went!.push(number), refuse: () => refused!.push(number) }, now);
  return { queue, went: went!, refused: refused!, add };
}

test("SH-21 a burst is served in its order", () => {
  const { queue, went, refused, add } = numbered();
  for (let i = 0; i < 5; i++) add(i, i);
  for (let i = 0; i < 5; i++) expect(queue.next(100 + i)).toBe(true);
  expect(queue.next(200)).toBe(false);
  expect([went, refused]).toEqual([[0, 1, 2, 3, 4], []]);
});

test("SH-21 when it does not get empty any more the last comes first, and who waited for the target is refused", () => {
  const { queue, went, refused, add } = numbered();
  add(0, 0);
  for (let now = 10; now < intervalMs; now += 10) {
    add(now, now);
    queue.next(now);
  }
  expect(queue.isOverloaded(intervalMs)).toBe(true);
  went.length = 0;
  const now = intervalMs + targetMs + 100;
  for (const number of [1001, 1002, 1003]) add(number, now - 10);
  expect(queue.next(now)).toBe(true);
  expect(went).toEqual([1003]);
  // All that are older than the target have been refused.
  expect(queue.size).toBe(2);
  queue.expire(now + targetMs);
  expect(refused.slice(-2)).toEqual([1001, 1002]);
});

test("SH-21 it is first come, first served again once it has been empty", () => {
  const { queue, went, add } = numbered();
  add(1, 0);
  expect(queue.isOverloaded(intervalMs)).toBe(true);
  queue.expire(intervalMs);
  add(2, 2000);
  add(3, 2001);
  expect(queue.isOverloaded(2002)).toBe(false);
  queue.next(2002);
  expect(went).toEqual([2]);
});

test("SH-21 it has a cap: in a burst the newcomer is refused, under overload the oldest", () => {
  const { queue, refused, add } = numbered(2);
  for (const number of [1, 2, 3]) add(number, 0);
  expect(refused).toEqual([3]);
  add(4, intervalMs);
  expect(refused).toEqual([3, 1]);
  expect(queue.size).toBe(2);
});

test("SH-21 who leaves the queue is neither served nor refused", () => {
  const { queue, went, refused, add } = numbered();
  add(1, 0)();
  add(2, 1);
  queue.next(2);
  expect([went, refused, queue.size]).toEqual([[2], [], 0]);
});

test.each([0, intervalMs])("SH-24 who has much in the queue waits for himself, after %d ms of it as well", (since) => {
  const { queue, went, add } = numbered();
  add(0, 0, "other");
  for (let i = 1; i <= 50; i++) add(i, since, "many");
  add(1001, since, "few");
  for (let i = 0; i < 3; i++) queue.next(since);
  expect(went).toContain(1001);
  // The others' turns come all the same.
  expect(went.some((number) => number <= 50)).toBe(true);
});

test("SH-24 in a full queue one of those of whom there are most gives way, whoever comes", () => {
  const { queue, refused, went, add } = numbered(5);
  for (let i = 0; i < 5; i++) add(i, 0, "many");
  add(1001, 0, "few");
  expect([refused, queue.size]).toEqual([[4], 5]);
  for (let i = 0; i < 2; i++) queue.next(1);
  expect(went).toEqual([0, 1001]);
});
