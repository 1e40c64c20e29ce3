import type { ComponentChildren, JSX } from "preact";
import { pagePaths } from "../../src/wire/pages.ts";
import { chooseLanguage, isLanguage, language, languages, t } from "../i18n/catalogue.ts";
import { Masthead } from "../ui/masthead.tsx";

/** Each language in its own words. */
const languageNames = { en: "English", fr: "Français", id: "Bahasa Indonesia" } as const;

export interface FrameProps {
  /** The browser's title. */
  readonly title: string;
  /** Links of the page. */
  readonly links?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** What every page of those who host has around it. Needs `masthead.css` and the catalogue's area `frame`. */
export function Frame({ title, links, children }: FrameProps): JSX.Element {
  document.title = `${title} · Rostra`;
  return (
    <>
      <Masthead
        home={pagePaths.home()}
        languages={languages.map((tag) => ({ tag, name: languageNames[tag] }))}
        language={language()}
        languageLabel={t("frame.language")}
        onLanguage={(tag) => {
          if (isLanguage(tag)) chooseLanguage(tag);
        }}
      >
        {links}
      </Masthead>
      <main class="page">{children}</main>
    </>
  );
}
