import { expect, test } from "vitest";
import { useMessages } from "../i18n/catalogue.ts";
import words from "../i18n/en/desk.ts";
import { delayText } from "./delay-text.ts";

useMessages(words, "en");

test.each([
  [0, "on the minute"],
  [960, "960 ms late"],
  [2_520_000, "42 min late"],
  [-648_960, "10 min 48 s early"],
])("DK-2 a Space that opened %i ms after its minute reads %s", (delay, text) => {
  expect(delayText(delay)).toBe(text);
});
