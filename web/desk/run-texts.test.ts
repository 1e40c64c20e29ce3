import { expect, test } from "vitest";
import { languages, useMessages } from "../i18n/catalogue.ts";
import en from "../i18n/en/run.ts";
import fr from "../i18n/fr/run.ts";
import id from "../i18n/id/run.ts";
import { checkText, doText, saysText, stateText, valueText } from "./run-texts.ts";
import { runChecks, runStates } from "../../src/wire/run-sheet.ts";

const words = { en, fr, id };

test("DK-7 what the server tells is said in the reader's language, with numbers and moments as it writes them", () => {
  const audience = { key: "audience", values: { n: 20_000, over: { value: 90_000, unit: "ms" } } } as const;
  useMessages(en, "en");
  expect(saysText(audience)).toBe("20,000 listeners are expected, all within 1 min 30 s.");
  expect(saysText({ ...audience, values: { ...audience.values, n: 1 } })).toBe(
    "1 listener is expected, within 1 min 30 s.",
  );
  useMessages(fr, "fr");
  expect(saysText(audience).replaceAll(/\s/g, " ")).toBe("20 000 auditeurs sont attendus, tous en 1 min 30 s.");
  useMessages(id, "id");
  const disk = { free: { value: 2.5e9, unit: "bytes" }, needed: { value: 244_800_000, unit: "bytes" } } as const;
  expect(saysText({ key: "diskFull", values: disk })).toBe("Hanya 2,5 GB kosong; rekaman memerlukan 244,8 MB.");
  expect(doText({ key: "edgesStart", values: { n: 4, missing: 3 } })).toContain("Mulai 3 lagi");
});

test("DK-7 every check and every state has its words in every language", () => {
  for (const language of languages) {
    useMessages(words[language], language);
    const all = [...runChecks.map(checkText), ...runStates.map(stateText)];
    expect(all.filter((text) => text.startsWith("run."))).toEqual([]);
    expect(new Set(all).size).toBe(all.length);
  }
});

test("DK-7 a value is written by its unit", () => {
  useMessages(en, "en");
  const at = Date.UTC(2026, 10, 22, 17);
  expect(["text", 3].map(valueText)).toEqual(["text", 3]);
  expect(valueText({ value: 12, unit: "ms" })).toBe("12 ms");
  expect(valueText({ value: 3_725_000, unit: "ms" })).toBe("1 h 2 min");
  expect(valueText({ value: 0.125, unit: "share" })).toBe("12.5 %");
  expect(valueText({ value: at, unit: "moment" })).toContain("22");
});
