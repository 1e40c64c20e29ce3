import { type Chunks, loadMessages } from "../i18n/catalogue.ts";
import { el } from "./dom.ts";
import type { Draw } from "./late.ts";

/** Adds a stylesheet to the page; resolves when it counts, or when it will not. */
const addStyles = (href: string): Promise<void> =>
  new Promise((resolve) => {
    const link = el("link", { rel: "stylesheet", href });
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => resolve());
    document.head.append(link);
  });

/** What a late part of the page is: how it is drawn, once its words and its look are there. */
export const part =
  <Props>(draw: Draw<Props>, styles: string, words: Chunks) =>
  async (): Promise<Draw<Props>> => {
    await Promise.all([loadMessages(words), addStyles(styles)]);
    return draw;
  };
