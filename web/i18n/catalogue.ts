import type desk from "./en/desk.ts";
import type frame from "./en/frame.ts";
import type hand from "./en/hand.ts";
import type home from "./en/home.ts";
import type level from "./en/level.ts";
import type listen from "./en/listen.ts";
import type ops from "./en/ops.ts";
import type price from "./en/price.ts";
import type problem from "./en/problem.ts";
import type replay from "./en/replay.ts";
import type run from "./en/run.ts";
import type stage from "./en/stage.ts";
import type standing from "./en/standing.ts";
import type upcoming from "./en/upcoming.ts";
import type verdict from "./en/verdict.ts";

/**
 * One catalogue: `i18n/{language}/{area}.ts`, each a flat record whose keys start with the area's name. A page loads only
 * its areas in its language (`loadMessages`), each a chunk of its own. `catalogue.test.ts` holds the languages together.
 */
export const languages = ["en", "fr", "id"] as const;
export type Language = (typeof languages)[number];
/** Each language in its own words. */
export const languageNames: Readonly<Record<Language, string>> = {
  en: "English",
  fr: "Français",
  id: "Bahasa Indonesia",
};

/** A text with `{name}` places, or one per plural category of the language (`Intl.PluralRules` of `n`). */
export type Message = string | Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string }>;
export type Messages = Readonly<Record<string, Message>>;

interface Areas {
  readonly desk: typeof desk;
  readonly frame: typeof frame;
  readonly hand: typeof hand;
  readonly home: typeof home;
  readonly level: typeof level;
  readonly listen: typeof listen;
  readonly ops: typeof ops;
  readonly price: typeof price;
  readonly problem: typeof problem;
  readonly replay: typeof replay;
  readonly run: typeof run;
  readonly stage: typeof stage;
  readonly standing: typeof standing;
  readonly upcoming: typeof upcoming;
  readonly verdict: typeof verdict;
}
export type Area = keyof Areas;
export type Key = { [A in Area]: keyof Areas[A] & string }[Area];

/** One file of the catalogue, as `import.meta.glob<Words>` loads it. */
export interface Words {
  readonly default: Messages;
}
export type Chunks = Readonly<Record<string, () => Promise<Words>>>;

const loaded = new Map<string, Message>();
/** Where the choice of a language is kept. */
const choiceKey = "rostra-language";
let current: Language = "en";

export const isLanguage = (text: string | null | undefined): text is Language =>
  (languages as readonly (string | null | undefined)[]).includes(text);

/** The language to speak: asked for in the address, chosen before, or the first of the browser's that we have. */
export function pickLanguage(asked: string | null, chosen: string | null, preferred: readonly string[]): Language {
  if (isLanguage(asked)) return asked;
  if (isLanguage(chosen)) return chosen;
  return preferred.map((tag) => tag.toLowerCase().split("-")[0]).find(isLanguage) ?? "en";
}

const saved = (): string | null => {
  try {
    return localStorage.getItem(choiceKey);
  } catch {
    return null; // storage is forbidden on this page
  }
};

const save = (choice: Language): void => {
  try {
    localStorage.setItem(choiceKey, choice);
  } catch {
    /* then the address alone carries it */
  }
};

export const language = (): Language => current;

/** Opens the page again in this language, which is kept for the next pages. */
export function chooseLanguage(choice: Language): void {
  const url = new URL(location.href);
  url.searchParams.set("lang", choice);
  location.assign(url);
}

/**
 * Picks the language, tells the document, and loads a page's areas in that language only. Call before the first `t`, with
 * `import.meta.glob<Words>` over the areas' files: the pattern stands in the page, so that a page carries the names of
 * its own chunks only.
 */
export async function loadMessages(chunks: Chunks): Promise<void> {
  const asked = new URLSearchParams(location.search).get("lang");
  current = pickLanguage(asked, saved(), navigator.languages);
  if (current === asked) save(current);
  document.documentElement.lang = current;
  const wanted = Object.entries(chunks).filter(([path]) => path.includes(`/${current}/`));
  for (const words of await Promise.all(wanted.map(async ([, load]) => load()))) {
    for (const [key, message] of Object.entries(words.default)) loaded.set(key, message);
  }
}

/** For tests: messages without a page. */
export function useMessages(messages: Messages, as: Language): void {
  current = as;
  for (const [key, message] of Object.entries(messages)) loaded.set(key, message);
}

/** The text of `key` in the page's language, with its places filled; `n` also picks the plural form. */
export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  const message = loaded.get(key) ?? key;
  const text =
    typeof message === "string"
      ? message
      : (message[new Intl.PluralRules(current).select(Number(values["n"] ?? 0))] ?? message.other);
  return text.replace(/\{(\w+)\}/g, (_place, name: string) => {
    const value = values[name] ?? "";
    return typeof value === "number" ? new Intl.NumberFormat(current).format(value) : value;
  });
}
