/** The languages that a report is written in; each has its file in `words/`. */
export const languages = ["en", "fr", "id"] as const;
export type Language = (typeof languages)[number];

export const isLanguage = (text: string): text is Language => (languages as readonly string[]).includes(text);
