import { expect, test } from "vitest";
import { useMessages } from "../i18n/catalogue.ts";
import words from "../i18n/en/desk.ts";
import { nextPage } from "./sign-in.tsx";
import { check } from "./space-form.tsx";
import { spokenLanguages } from "./spoken-languages.ts";
import { statusLook } from "./status-badge.tsx";

useMessages(words, "en");

test("DK-3 a Space needs a title, and a start that is set must be ahead", () => {
  expect(check("Town hall", true, 2000, 1000)).toEqual({});
  expect(check("  ", false, undefined, 1000)).toEqual({ title: "Give it a title." });
  expect(check("Town hall", true, undefined, 1000).startAt).toBe("Choose day and time.");
  expect(check("Town hall", true, 900, 1000).startAt).toMatch(/has passed/);
  expect(check("Town hall", false, 900, 1000)).toEqual({});
});

test.each([
  ["?next=%2Fdesk%2Ftown-hall", "/desk/town-hall"],
  ["?next=/ops", "/ops"],
  ["?next=//elsewhere.example", "/desk"],
  ["?next=/%5Celsewhere.example", "/desk"],
  ["?next=https://elsewhere.example", "/desk"],
  ["?next=javascript:alert(1)", "/desk"],
  ["", "/desk"],
])("DK-4 after signing in, %s leads to %s", (search, page) => {
  expect(nextPage(search)).toBe(page);
});

test("DK-5 languages are named in the reader's own; a tag that the Space has already is kept", () => {
  const french = spokenLanguages("fr", "gsw");
  expect(french.find(({ tag }) => tag === "id")?.name).toBe("indonésien");
  expect(french.some(({ tag }) => tag === "gsw")).toBe(true);
  expect(new Set(french.map(({ tag }) => tag)).size).toBe(french.length);
});

test("DK-6 a hold is not shown as live, and a replay not as merely ended", () => {
  expect(statusLook({ status: "live", hold: false, replay: false })[0]).toBe("desk.statusLive");
  expect(statusLook({ status: "live", hold: true, replay: false })[0]).toBe("desk.statusHold");
  expect(statusLook({ status: "ended", hold: false, replay: true })[0]).toBe("desk.statusReplay");
});
