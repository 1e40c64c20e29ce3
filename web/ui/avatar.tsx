import type { JSX } from "preact";

export interface AvatarProps {
  /** Stable; picks the colour. */
  readonly id: string;
  readonly name: string;
  /** 0 silent … 9 loud; the ring follows. @default 0 */
  readonly level?: number;
  /** Their connection is away and their place is kept. */
  readonly away?: boolean;
}

/** The first letters of the first and last word; any script. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = Array.from(words[0] ?? "")[0] ?? "·";
  const last = words.length > 1 ? (Array.from(words.at(-1) ?? "")[0] ?? "") : "";
  return (first + last).toLocaleUpperCase();
}

/** One of 360 hues, the same for the same id everywhere. */
export function hueOf(id: string): number {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return (hash * 137) % 360;
}

/** A disc with initials and a ring that moves with the voice. Decoration: the name stands beside it as text. Needs `avatar.css`. */
export function Avatar({ id, name, level = 0, away }: AvatarProps): JSX.Element {
  const class_ = `avatar${level > 0 ? " speaking" : ""}${away ? " away" : ""}`;
  return (
    <span class={class_} style={{ "--hue": hueOf(id), "--level": level }} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
