import { expect, test } from "vitest";
import { useMessages } from "../i18n/catalogue.ts";
import words from "../i18n/en/stage.ts";
import { announcements } from "./announcements.ts";
import { somebody } from "./stage.test-people.ts";
import { handsOf, onStage } from "./role-name.ts";

useMessages(words, "en");
const ada = somebody("a", { name: "Ada" });
const budi = somebody("b", { name: "Budi" });

test("SP-32 who comes, goes, is away, is back, is muted or has a new role is said", () => {
  const said = (before: typeof ada | undefined, after: typeof ada | undefined): string[] =>
    announcements(before ? [before] : [], after ? [after] : [], "me", true);
  expect(said(undefined, ada)).toEqual(["Ada is on stage"]);
  expect(said(ada, undefined)).toEqual(["Ada has left the stage"]);
  expect(said(ada, { ...ada, present: false })).toEqual(["Ada is away; the place is kept"]);
  expect(said({ ...ada, present: false }, ada)).toEqual(["Ada is back"]);
  expect(said(ada, { ...ada, muted: true })).toEqual(["Ada is muted"]);
  expect(said({ ...ada, muted: true }, ada)).toEqual(["Ada is not muted any more"]);
  expect(said(ada, { ...ada, role: "cohost" })).toEqual(["Ada is now Co-host"]);
  expect(said(ada, { ...ada, role: "listener" })).toEqual(["Ada has left the stage"]);
});

test("SP-32 hands are said to those who can bring people up only, and nothing is said about oneself", () => {
  const hand = somebody("c", { name: "Citra", role: "listener", handRaised: true, handAt: 5 });
  expect(announcements([ada], [ada, hand], "me", true)).toEqual(["Citra raises a hand"]);
  expect(announcements([ada], [ada, hand], "me", false)).toEqual([]);
  expect(announcements([ada, hand], [ada, hand], "me", true)).toEqual([]);
  expect(announcements([], [ada], "a", true)).toEqual([]);
});

test("SP-33 the host comes first on stage, hands first come first served", () => {
  const host = somebody("h", { role: "host" });
  const late = somebody("y", { role: "listener", handRaised: true, handAt: 9 });
  const early = somebody("z", { role: "listener", handRaised: true, handAt: 2 });
  const quiet = somebody("q", { role: "listener" });
  const asked = somebody("o", { role: "listener", offered: "speaker", handAt: 1 });
  const people = [ada, late, budi, host, early, quiet, asked];
  expect(onStage(people).map(({ id }) => id)).toEqual(["h", "a", "b"]);
  expect(handsOf(people).map(({ id }) => id)).toEqual(["o", "z", "y"]);
});
