import { pagePaths } from "../../wire/pages.ts";

/** Files of a page that are asked for, at most. */
const maxFiles = 20;

/** What a browser fetches with a Space's page: known once somebody of this process has read the page. */
export class PageFiles {
  readonly path: string;
  #files: readonly string[] | undefined;

  constructor(space: string) {
    this.path = pagePaths.space(space);
  }

  /** The paths that the page names; undefined before it was read. */
  get files(): readonly string[] | undefined {
    return this.#files;
  }

  /** Reads the page: its scripts, styles and what it loads ahead, of its own host. */
  learn(html: string): void {
    const named = [...html.matchAll(/<(?:script|link)\b[^>]*?\b(?:src|href)="(\/[^"/][^"]*)"/g)];
    this.#files = [...new Set(named.map(([, path = ""]) => path))].slice(0, maxFiles);
  }
}
