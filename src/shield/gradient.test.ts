import { expect, test } from "vitest";
import { Gradient } from "./gradient.ts";

/** Answers of a service that does `width` at once in 10 ms each, asked as much as the limit allows. */
function ask(gradient: Gradient, width: number, answers: number): void {
  for (let i = 0; i < answers; i++) {
    const underWay = gradient.limit;
    gradient.answered(10 * Math.max(1, underWay / width), underWay);
  }
}

test("SH-20 the limit grows while answers are as fast as usual, up to its most", () => {
  const gradient = new Gradient({ first: 32, most: 200 });
  ask(gradient, 10_000, 4000);
  expect(gradient.limit).toBe(200);
});

test("SH-20 it shrinks when answers slow down, not below its least, and grows again afterwards", () => {
  const gradient = new Gradient({ first: 100, least: 20, most: 200 });
  ask(gradient, 10_000, 400);
  const before = gradient.limit;
  ask(gradient, 5, 600);
  expect(gradient.limit).toBeLessThan(before / 2);
  for (let i = 0; i < 400; i++) gradient.answered(5000, gradient.limit);
  expect(gradient.limit).toBeGreaterThanOrEqual(20);
  ask(gradient, 10_000, 10_000);
  expect(gradient.limit).toBe(200);
});

test("SH-20 what is not used leaves it as it is", () => {
  const gradient = new Gradient({ first: 64 });
  for (let i = 0; i < 1000; i++) gradient.answered(i < 500 ? 10 : 500, 3);
  expect(gradient.limit).toBe(64);
});
