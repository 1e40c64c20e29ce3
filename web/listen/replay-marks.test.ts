import { expect, test } from "vitest";
import type { ReplayMarks } from "../../src/wire/marks.ts";
import { nextOf, speakersAt, spokenMs } from "./replay-marks.ts";

const marks: ReplayMarks = {
  v: 1,
  durationMs: 60_000,
  people: [
    { id: "a", name: "A" },
    { id: "b", name: "B" },
    { id: "c", name: "C" },
  ],
  spoke: [
    [0, 1000, 5000],
    [1, 4000, 9000],
    [0, 20_000, 30_000],
  ],
};

test("LP-6 the marks say who speaks at a moment, also two at once", () => {
  expect([...speakersAt(marks, 500)]).toEqual([]);
  expect([...speakersAt(marks, 4500)]).toEqual([0, 1]);
  expect([...speakersAt(marks, 9000)]).toEqual([]);
});

test("LP-6 a person's next words come after now, then from the start again", () => {
  expect(nextOf(marks, 0, 0)).toBe(1000);
  expect(nextOf(marks, 0, 1000)).toBe(20_000);
  expect(nextOf(marks, 0, 50_000)).toBe(1000);
  expect(nextOf(marks, 2, 0)).toBeUndefined();
});

test("LP-6 how long each spoke is summed", () => {
  expect(spokenMs(marks)).toEqual([14_000, 5000, 0]);
});
