import { expect, test } from "vitest";
import english from "../i18n/en/listen.ts";
import { useMessages } from "../i18n/catalogue.ts";
import { openedText } from "./opened.ts";

test("LP-4 the delay is said plainly", () => {
  useMessages(english, "en");
  expect(openedText(0)).toBe("Opened on the minute");
  expect(openedText(1999)).toBe("Opened on the minute");
  expect(openedText(-1999)).toBe("Opened on the minute");
  expect(openedText(3400)).toBe("Opened 3 seconds late");
  expect(openedText(99_000)).toBe("Opened 99 seconds late");
  expect(openedText(42 * 60_000)).toBe("Opened 42 minutes late");
  expect(openedText(-60_000)).toBe("Opened early");
});
