import { type Chunks, loadMessages } from "../i18n/catalogue.ts";
import { el } from "./dom.ts";

/** Adds a stylesheet to the page; resolves when it counts, or when it will not. */
const addStyles = (href: string): Promise<void> =>
  new Promise((resolve) => {
    const link = el("link", { rel: "stylesheet", href });
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => resolve());
    document.head.append(link);
  });

/**
 * A part of the page that is loaded when it is first drawn, with its look and its words. Until it is there nothing is
 * shown, then `redraw` is called; a load that fails is tried again with the next draw.
 */
export function late<Props>(
  load: () => Promise<(container: Element, props: Props) => void>,
  styles: string,
  words: Chunks,
  redraw: () => void,
): (container: Element, props: Props) => void {
  let part: ((container: Element, props: Props) => void) | undefined;
  let asked = false;
  const ask = async (): Promise<void> => {
    asked = true;
    try {
      [part] = await Promise.all([load(), loadMessages(words), addStyles(styles)]);
      redraw();
    } catch {
      asked = false;
    }
  };
  return (container, props) => {
    if (part) part(container, props);
    else if (!asked) void ask();
  };
}
