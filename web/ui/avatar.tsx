import type { JSX } from "preact";
import { hueOf, initials } from "./person.ts";

export interface AvatarProps {
  /** Stable; picks the colour. */
  readonly id: string;
  readonly name: string;
  /** 0 silent … 9 loud; the ring follows. @default 0 */
  readonly level?: number;
  /** Their connection is away and their place is kept. */
  readonly away?: boolean;
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
