import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { languages } from "./language.ts";
import { quantity } from "./quantity.ts";
import { curveNames } from "./record.ts";
import { catalogue, speaker } from "./words.ts";
import type { Key, Message } from "./words/en.ts";

const folder = import.meta.dirname;
const keys = Object.keys(catalogue.en) as Key[];
const textsOf = (message: Message): string[] => (typeof message === "string" ? [message] : Object.values(message));
const placesOf = (message: Message): string[] =>
  [...new Set(textsOf(message).flatMap((text) => text.match(/\{\w+\}/g) ?? []))].toSorted();

/** All code that may use a key: this room, and the apps that say something in a report. */
const sources = [folder, join(folder, "../run"), join(folder, "../../apps")]
  .flatMap((place) => readdirSync(place, { recursive: true, encoding: "utf8" }).map((name) => join(place, name)))
  .filter((name) => name.endsWith(".ts") && !name.includes("words/") && !name.includes(".test."))
  .map((name) => readFileSync(name, "utf8"))
  .join("\n");

test("RH-18 every language has the same keys, and none is empty", () => {
  for (const language of languages) {
    expect(Object.keys(catalogue[language]).toSorted(), language).toEqual(keys.toSorted());
    expect(
      Object.values(catalogue[language])
        .flatMap(textsOf)
        .filter((text) => text.trim() === ""),
    ).toEqual([]);
  }
  expect(readdirSync(join(folder, "words")).toSorted()).toEqual(
    languages.map((language) => `${language}.ts`).toSorted(),
  );
});

test("RH-18 a text has the same places in every language, and is translated", () => {
  for (const key of keys) {
    for (const language of languages) {
      expect(placesOf(catalogue[language][key]), `${language}: ${key}`).toEqual(placesOf(catalogue.en[key]));
    }
  }
  for (const language of languages) {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const key of keys) {
      const message = catalogue[language][key];
      if (typeof message === "object") expect(Object.keys(message).toSorted()).toEqual(forms.toSorted());
    }
  }
  // What has words is not English in French; single words may be alike.
  const sentences = keys.filter(
    (key) =>
      textsOf(catalogue.en[key])
        .join(" ")
        .replaceAll(/\{\w+\}/g, "")
        .trim()
        .split(" ").length > 2,
  );
  for (const language of ["fr", "id"] as const) {
    expect(
      sentences.filter((key) => catalogue[language][key] === catalogue.en[key]).map((key) => `${language} ${key}`),
    ).toEqual([]);
  }
});

test("RH-18 every key is used, and every key that is used exists", () => {
  const used = [...sources.matchAll(/["'`]([a-z]\w*(?:\.(?:\w+|\$\{[^}]+\}))*)["'`]/g)].map(
    ([, key = ""]) => new RegExp(`^${key.replace(/\$\{[^}]+\}/g, "\\w+").replaceAll(".", "\\.")}$`),
  );
  expect(keys.filter((key) => !used.some((pattern) => pattern.test(key)))).toEqual([]);
  for (const name of curveNames) expect(keys).toContain(`curve.${name}`);
});

test("RH-18 numbers are written as the language writes them, with the digits that count", () => {
  const plain = (text: string): string => text.replaceAll(/[\u202f\u00a0]/g, " ");
  const said = (value: number, unit: Parameters<typeof quantity>[0]["unit"], language = "en" as const): string =>
    plain(quantity({ value, unit } as Parameters<typeof quantity>[0], language));
  expect(said(8_000_000, "count")).toBe("8,000,000");
  expect(plain(quantity({ value: 8_000_000, unit: "count" }, "fr"))).toBe("8 000 000");
  expect(plain(quantity({ value: 8_000_000, unit: "count" }, "id"))).toBe("8.000.000");
  expect(said(0.99951, "share")).toBe("99.95%");
  expect(said(0.9999999, "share")).toBe("99.99%");
  expect(said(1, "share")).toBe("100%");
  expect(said(0.0004, "share")).toBe("0.04%");
  expect(said(0, "share")).toBe("0%");
  expect([0, 0.0123, 1.5, 119, 120, 125, 7200, 9000].map((value) => said(value, "s"))).toEqual([
    "0 s",
    "12 ms",
    "1.5 s",
    "119 s",
    "2 min",
    "2 min 5 s",
    "2 h",
    "2 h 30 min",
  ]);
  expect([said(0, "at"), said(-5, "at"), said(90, "at")]).toEqual(["T", "T−5 s", "T+90 s"]);
  expect([said(25e9, "bit/s"), said(64e9, "bytes"), said(999.9e6, "bit/s")]).toEqual([
    "25 Gbit/s",
    "64 GB",
    "1 Gbit/s",
  ]);
  expect(plain(quantity({ value: 12.5, unit: "money", currency: "EUR" }, "fr"))).toBe("12,50 €");
});

test("RH-18 what is said inside what is said is in the same language", () => {
  const { say } = speaker("fr");
  expect(say({ key: "finding.next", values: { resource: { key: "resource.line" }, share: "x", at: "T" } })).toContain(
    "la carte réseau",
  );
  expect(say({ text: "as it is" })).toBe("as it is");
  const edges = (n: number): string =>
    speaker("en").say({ key: "finding.needed", values: { n: { value: n, unit: "count" } } });
  expect([edges(1), edges(2)]).toEqual(["1 edge is needed.", "2 edges are needed."]);
});
