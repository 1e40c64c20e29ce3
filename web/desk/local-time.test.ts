import { expect, test } from "vitest";
import { fromLocalInput, nextStart, toLocalInput, zoneText } from "./local-time.ts";

test("DK-1 what is written into the input in the reader's zone comes back as the same moment", () => {
  const at = Date.UTC(2031, 2, 4, 17, 30);
  expect(fromLocalInput(toLocalInput(at))).toBe(at);
  expect(fromLocalInput("")).toBeUndefined();
  expect(fromLocalInput("2031-02-31T99:00")).toBeUndefined();
  expect(fromLocalInput("2031-03-04")).toBeUndefined();
});

test("DK-1 the zone is told with its distance from UTC", () => {
  expect(zoneText(Date.UTC(2031, 2, 4))).toMatch(/(GMT|UTC)/);
});

test("DK-1 the start suggested is a half hour that is at least half an hour away", () => {
  const at = nextStart(Date.UTC(2031, 2, 4, 17, 1));
  expect(new Date(at).toISOString()).toBe("2031-03-04T18:00:00.000Z");
});
