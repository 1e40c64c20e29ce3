import { beforeEach, expect, test } from "vitest";
import { useMessages } from "../i18n/catalogue.ts";
import words from "../i18n/en/standing.ts";
import { placeText, turnText } from "./place-text.ts";

beforeEach(() => useMessages(words, "en"));
const waiting = (
  before: number | null,
  all: number | null,
  turnIn: readonly [number, number] | null = null,
): Parameters<typeof placeText>[0] => ({ kind: "waiting", before, waiting: all, turnIn });

test("LP-11 a place is told as it is while it is near, in two digits while it is far, and as a lot before the hour", () => {
  expect(placeText(waiting(null, null))).toBe("Asking for your place…");
  expect(placeText(waiting(null, 5312))).toContain("about 5,300 of you");
  expect(placeText(waiting(null, 1))).toContain("the first in line");
  expect(placeText(waiting(0, 40))).toBe("You are next.");
  expect(placeText(waiting(6, 40))).toBe("You are number 7 of 40.");
  expect(placeText(waiting(6, 3))).toBe("You are number 7 of 7.");
  expect(placeText(waiting(1239, 5312))).toBe("You are about number 1,200 of 5,300.");
});

test("LP-11 a turn is told in whole minutes, from and to; what nobody can say is said to be so", () => {
  expect(turnText(waiting(null, 10))).toBe("");
  expect(turnText(waiting(5, 10))).toBe("Nobody can say yet when it is your turn.");
  expect(turnText(waiting(5, 10, [10, 50]))).toBe("It is your turn in less than a minute.");
  expect(turnText(waiting(5, 10, [30, 60]))).toBe("It is your turn in about 1 minute.");
  expect(turnText(waiting(5, 10, [125, 230]))).toBe("It is your turn in about 2 to 4 minutes.");
  expect(turnText(waiting(5, 10, [7400, 9000]))).toBe("It is your turn in about 120 to 150 minutes.");
});
