/**
 * The few lines of DOM that the listening page needs before anything sounds. Everything else on the page is Preact, and
 * is loaded when it is opened: its runtime alone would be a third of what the page may weigh.
 */
type Attributes = Readonly<Record<string, string | undefined>>;

/** Makes an element; undefined attributes are left out, and `undefined` children too. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string | undefined)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** Shows `text`, or hides the element when there is none. Touches nothing that is right already: screen readers notice. */
export function say(element: HTMLElement, text: string | undefined): void {
  if (element.textContent !== (text ?? "")) element.textContent = text ?? "";
  element.hidden = !text;
}

/** Makes `children` the children of `parent`, in this order, moving as little as possible. */
export function arrange(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children);
  for (const child of Array.from(parent.children)) if (!wanted.has(child)) child.remove();
  for (const [i, child] of children.entries()) {
    if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null);
  }
}

const glyphs = {
  play: "M7 4v16l13-8z",
  stop: "M6 6h12v12H6z",
  pause: "M6 5h4v14H6zm8 0h4v14h-4z",
  hand: "M8 13V5.500a1.500 1.500 0 0 1 3 0V11V3.500a1.500 1.500 0 0 1 3 0V11V5a1.500 1.500 0 0 1 3 0v9a7 7 0 0 1-7 7c-3 0-4.500-1.500-6-4.500L2.500 13a1.500 1.500 0 0 1 2.600-1.500L8 15z",
  share: "M12 2 7 7l1.400 1.400L11 5.800V15h2V5.800l2.600 2.600L17 7zM5 11v10h14V11h-3v2h1v6H7v-6h1v-2z",
} as const;
export type GlyphName = keyof typeof glyphs;

/** The outline of a filled sign on a field of 24. */
export const glyphPath = (name: GlyphName): string => glyphs[name];

export interface Sign {
  readonly node: Element;
  set(name: GlyphName): void;
}

/** A sign beside a word; it says nothing to a screen reader. */
export function sign(name: GlyphName): Sign {
  const space = "http://www.w3.org/2000/svg";
  const node = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  node.setAttribute("class", "glyph");
  node.setAttribute("viewBox", "0 0 24 24");
  node.setAttribute("aria-hidden", "true");
  node.append(path);
  const set = (next: GlyphName): void => path.setAttribute("d", glyphs[next]);
  set(name);
  return { node, set };
}
