import { beforeEach, expect, test } from "vitest";
import en from "../i18n/en/verdict.ts";
import { useMessages } from "../i18n/catalogue.ts";
import { episodeText, featureText, kindText, shareText, troubleText, withoutText } from "./verdict-texts.ts";
import { featureNames } from "../../src/verdict/features.ts";
import { verdictKinds } from "../../src/wire/verdict.ts";

beforeEach(() => useMessages(en, "en"));

test("DK-9 shares are told in whole percent, and what is there is never told as nothing", () => {
  expect([0, 0.004, 0.126, 1].map(shareText)).toEqual(["0\u00a0%", "under 1 %", "13\u00a0%", "100\u00a0%"]);
});

test("DK-9 a feature's value is written as what it is", () => {
  const told = (value: number, as: Parameters<typeof featureText>[0]["as"]): string => featureText({ value, as });
  expect(told(0.31, "share")).toBe("31\u00a0%");
  expect([told(13.4, "seconds"), told(3600, "seconds")]).toEqual(["13 s", "not within an hour"]);
  expect([told(1234.6, "number"), told(0.0416, "number")]).toEqual(["1,230", "0.042"]);
});

test("DK-9 what cannot be told is said to be so, with what it is most like", () => {
  const episode = { from: "", to: "", excess: 0.5, speaksFor: [], speaksAgainst: [] };
  const likely = { ...episode, likeliest: "attack", probability: 0.7 } as const;
  expect(episodeText({ ...likely, cause: "unknown" })).toMatch(
    /^Cannot tell\. Most like: attack \(70\u00a0% probable\)/,
  );
  expect(episodeText({ ...likely, cause: "attack" })).toMatch(/^Taken for: attack/);
  expect(withoutText({ ofCapacity: null, holds: "unknown" })).toBe("not known.");
  expect(withoutText({ ofCapacity: 1.4, holds: "no" })).toContain("140\u00a0%");
});

test("DK-9 every kind, trouble and feature of a verdict has words", () => {
  for (const kind of verdictKinds) expect(kindText(kind)).not.toContain("verdict.");
  for (const trouble of ["killed", "origin-away", "stalled", "segments", "fewer-edges", "silence"])
    expect(troubleText(trouble)).not.toBe(trouble);
  for (const name of featureNames) expect(en).toHaveProperty([`verdict.feature.${name}`]);
});
