import type { JSX } from "preact";
import { type GlyphName, glyphPath } from "./dom.ts";

/** A filled sign beside a word. */
export const Glyph = ({ name }: { readonly name: GlyphName }): JSX.Element => (
  <svg class="glyph" viewBox="0 0 24 24" aria-hidden="true">
    <path d={glyphPath(name)} />
  </svg>
);
