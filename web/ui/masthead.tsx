import type { ComponentChildren, JSX } from "preact";

export interface MastheadProps {
  /** Where the name leads. */
  readonly home: string;
  /** The languages to choose from, each in its own name, and the one now spoken. */
  readonly languages: readonly { readonly tag: string; readonly name: string }[];
  readonly language: string;
  readonly languageLabel: string;
  readonly onLanguage: (tag: string) => void;
  /** Links or buttons of the page. */
  readonly children?: ComponentChildren;
}

/** The top of a page: the name, the page's own links, the language. Needs `masthead.css`. */
export function Masthead(props: MastheadProps): JSX.Element {
  return (
    <header class="masthead">
      <a class="masthead-name" href={props.home}>
        <span class="masthead-mark" aria-hidden="true" />
        Rostra
      </a>
      <nav class="masthead-links">{props.children}</nav>
      <label class="masthead-language">
        <span class="unseen">{props.languageLabel}</span>
        <select value={props.language} onChange={(event) => props.onLanguage(event.currentTarget.value)}>
          {props.languages.map(({ tag, name }) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </header>
  );
}
