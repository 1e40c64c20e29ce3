import { expect, test } from "vitest";
import { Activity } from "./activity.ts";
import { levelOf } from "./level.ts";
import { babble, framesOf, noise, sine } from "./test-signals.ts";

const judge = (pcm: Float32Array): boolean[] => {
  const activity = new Activity();
  return framesOf(pcm).map((frame) => activity.push(levelOf(frame)));
};
const share = (answers: readonly boolean[]): number => answers.filter(Boolean).length / answers.length;

test("AU-3 the level is the RMS in dBFS, from −90", () => {
  const [frame = new Float32Array(960)] = framesOf(sine(1000, -20, 0.02));
  expect(levelOf(frame)).toBeCloseTo(-23.01, 1);
  expect(levelOf(new Float32Array(960))).toBe(-90);
});

test("AU-4 speech is told from the quiet before it and goes on through the gaps between words", () => {
  const answers = judge(Float32Array.of(...new Float32Array(24_000), ...babble(-28, 1.5)));
  expect(share(answers.slice(0, 25))).toBe(0);
  expect(share(answers.slice(27))).toBe(1);
});

test("AU-4 speech ends 300 ms after its last loud frame", () => {
  const answers = judge(Float32Array.of(...babble(-28, 1), ...new Float32Array(48_000)));
  const last = answers.lastIndexOf(true);
  // The last syllable ends at 0.95 s, in frame 47.
  expect(last - 47).toBeGreaterThanOrEqual(13);
  expect(last - 47).toBeLessThanOrEqual(16);
});

test("AU-5 a steady noise is not speech, nor is a single click", () => {
  expect(share(judge(noise(-48, 20)).slice(250))).toBe(0);
  const click = new Float32Array(48_000);
  click.fill(0.5, 9600, 9700);
  expect(share(judge(click))).toBe(0);
});

test("AU-5 speech over a noisy background is found", () => {
  const room = noise(-50, 8, 7);
  const talk = babble(-26, 4, 3);
  for (let i = 0; i < talk.length; i++) room[i + 192_000] = (room[i + 192_000] ?? 0) + (talk[i] ?? 0);
  const answers = judge(room);
  expect(share(answers.slice(100, 199))).toBe(0);
  expect(share(answers.slice(202, 280))).toBe(1);
});
