import type { Language } from "./language.ts";
import { quantity } from "./quantity.ts";
import type { Said, Value } from "./record.ts";
import en, { type Key, type Message, type Words } from "./words/en.ts";
import fr from "./words/fr.ts";
import id from "./words/id.ts";

/** One catalogue, a file for each language; `words.test.ts` holds them together. */
export const catalogue: Readonly<Record<Language, Words>> = { en, fr, id };

/** The form of a text that its number `n` wants. */
function formOf(message: Message, n: Value | undefined, plurals: Intl.PluralRules): string {
  if (typeof message === "string") return message;
  const number = typeof n === "object" && "value" in n ? n.value : 0;
  return message[plurals.select(number)] ?? message.other;
}

/** Says things in one language: plain text, not yet escaped. */
export interface Speaker {
  readonly language: Language;
  readonly word: (key: Key) => string;
  readonly say: (what: Value) => string;
}

export function speaker(language: Language): Speaker {
  const words = catalogue[language];
  const say = (what: Value): string => {
    if (typeof what === "string") return what;
    if ("text" in what) return what.text;
    return "unit" in what ? quantity(what, language) : phrase(what);
  };
  const plurals = new Intl.PluralRules(language);
  const phrase = ({ key, values = {} }: Extract<Said, { key: Key }>): string =>
    formOf(words[key], values["n"], plurals).replace(/\{(\w+)\}/g, (_place, name: string) => say(values[name] ?? ""));
  return { language, word: (key) => formOf(words[key], undefined, plurals), say };
}
