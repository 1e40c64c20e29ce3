import type { ReplayMarks } from "../../src/wire/marks.ts";

/** Who speaks at `atMs`, as places in `marks.people`. */
export const speakersAt = (marks: ReplayMarks, atMs: number): ReadonlySet<number> =>
  new Set(marks.spoke.filter(([, from, to]) => from <= atMs && atMs < to).map(([person]) => person));

/** The start of this person's next stretch after `atMs`, or of their first when there is none; undefined when they never spoke. */
export function nextOf(marks: ReplayMarks, person: number, atMs: number): number | undefined {
  const own = marks.spoke.filter(([who]) => who === person).map(([, from]) => from);
  return own.find((from) => from > atMs + 500) ?? own[0];
}

/** How long each person spoke, ms, by their place. */
export function spokenMs(marks: ReplayMarks): readonly number[] {
  const sums = marks.people.map(() => 0);
  for (const [person, from, to] of marks.spoke) sums[person] = (sums[person] ?? 0) + to - from;
  return sums;
}
