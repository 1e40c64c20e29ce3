import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Key, languages, type Message, type Messages, pickLanguage, t, useMessages } from "./catalogue.ts";

const folder = import.meta.dirname;
const web = join(folder, "..");
const areas = readdirSync(join(folder, "en")).map((file) => file.replace(/\.ts$/, ""));

async function messagesOf(language: string, area: string): Promise<Messages> {
  return ((await import(`./${language}/${area}.ts`)) as { default: Messages }).default;
}
const placesOf = (message: Message): string[] => {
  const texts = typeof message === "string" ? [message] : Object.values(message);
  return [...new Set(texts.flatMap((text) => text.match(/\{\w+\}/g) ?? []))].toSorted();
};

/** All code of the pages that may use a key; one page is written by edges, whose words are keys without their area. */
const edgePage = readFileSync(join(web, "../src/edge/standing-html.ts"), "utf8");
const sources = [
  ...readdirSync(web, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith("i18n") && !name.includes(".test."))
    .map((name) => readFileSync(join(web, name), "utf8")),
  ...[...edgePage.matchAll(/\bsay\(([^;]*?)[,)]/g)].flatMap(([, asked = ""]) =>
    [...asked.matchAll(/"(\w+(?:\.\w+)?)"/g)].map(([, word]) => `"standing.${word}"`),
  ),
].join("\n");
/** Keys written out, and keys with one place filled in (`listen.role.${role}`), as patterns. */
const used = [...sources.matchAll(/["'`]([a-z]\w*(?:\.(?:\w+|\$\{[^}]+\}))+)["'`]/g)].map(
  ([, key = ""]) => new RegExp(`^${key.replace(/\$\{[^}]+\}/g, "[\\w-]+").replaceAll(".", "\\.")}$`),
);

test("LP-1 every language has the same areas and the same keys", async () => {
  for (const language of languages) {
    expect(readdirSync(join(folder, language)).map((file) => file.replace(/\.ts$/, ""))).toEqual(areas);
    for (const area of areas) {
      const keys = Object.keys(await messagesOf(language, area));
      expect(keys.toSorted(), `${language}/${area}`).toEqual(Object.keys(await messagesOf("en", area)).toSorted());
      for (const key of keys) expect(key.startsWith(`${area}.`), `${language}: ${key}`).toBe(true);
    }
  }
});

test("LP-1 a text has the same places in every language, and the plural forms its language needs", async () => {
  for (const area of areas) {
    const english = await messagesOf("en", area);
    for (const language of languages) {
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.filter((form) => form !== "many");
      for (const [key, message] of Object.entries(await messagesOf(language, area))) {
        expect(placesOf(message), `${language}: ${key}`).toEqual(placesOf(english[key] ?? ""));
        if (typeof message === "string") continue;
        for (const form of forms) expect(message, `${language}: ${key}`).toHaveProperty(form);
      }
    }
  }
});

test("LP-2 every key is used", async () => {
  for (const area of areas) {
    for (const key of Object.keys(await messagesOf("en", area))) {
      expect(
        used.some((pattern) => pattern.test(key)),
        key,
      ).toBe(true);
    }
  }
});

test("LP-2 every key that code asks for exists", async () => {
  const all = new Set((await Promise.all(areas.map(async (area) => Object.keys(await messagesOf("en", area))))).flat());
  const asked = [...sources.matchAll(/\bt\(\s*"([^"]+)"/g)].map(([, key = ""]) => key);
  expect(asked.length).toBeGreaterThan(50);
  for (const key of asked) expect(all.has(key), key).toBe(true);
});

test("LP-3 the language is the one asked for, then the one chosen, then the browser's first that we have", () => {
  expect(pickLanguage("fr", "id", ["en"])).toBe("fr");
  expect(pickLanguage("xx", "id", ["en"])).toBe("id");
  expect(pickLanguage(null, null, ["de-AT", "FR-ca", "en"])).toBe("fr");
  expect(pickLanguage(null, "", ["de", "sw"])).toBe("en");
});

test("LP-3 plurals follow the language's rules, numbers its way of writing", () => {
  const key = "listen.listeners" as Key;
  const say = (n: number): string => t(key, { n });
  useMessages({ [key]: { one: "{n} listener", other: "{n} listeners" } }, "en");
  expect([say(0), say(1), say(1234)]).toEqual(["0 listeners", "1 listener", "1,234 listeners"]);
  useMessages({ [key]: { one: "{n} auditeur", other: "{n} auditeurs" } }, "fr");
  expect([say(0), say(1), say(2)]).toEqual(["0 auditeur", "1 auditeur", "2 auditeurs"]);
  useMessages({ [key]: { other: "{n} pendengar" } }, "id");
  expect(say(1)).toBe("1 pendengar");
});
