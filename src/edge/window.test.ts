import { expect, test } from "vitest";
import { SegmentWindow, windowSegments } from "./window.ts";

const bytes = (n: number): Buffer => Buffer.from(`segment ${n}`);

test("ED-6 a window keeps its cap of the latest segments", () => {
  const window = new SegmentWindow();
  for (let n = 0; n < 100; n++) window.put(n, bytes(n));
  expect(window.size).toBe(windowSegments);
  expect(window.latest).toBe(99);
  expect(window.get(99 - windowSegments)).toBeUndefined();
  expect(window.get(100 - windowSegments)).toEqual(bytes(100 - windowSegments));
});

test("ED-6 an older segment is kept while it is in reach, and pushes no later one out", () => {
  const window = new SegmentWindow();
  window.put(50, bytes(50));
  window.put(49, bytes(49));
  window.put(50 - windowSegments, bytes(0));
  expect(window.latest).toBe(50);
  expect(window.get(49)).toEqual(bytes(49));
  expect(window.get(50 - windowSegments)).toBeUndefined();
});

test("ED-6 after a jump what is far behind goes", () => {
  const window = new SegmentWindow();
  for (let n = 0; n < 10; n++) window.put(n, bytes(n));
  window.put(1000, bytes(1000));
  expect(window.size).toBe(1);
});
