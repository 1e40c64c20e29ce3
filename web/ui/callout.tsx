import type { ComponentChildren, JSX } from "preact";

export interface CalloutProps {
  /** `bad` is said at once by a screen reader. @default "plain" */
  readonly kind?: "plain" | "waiting" | "bad";
  /** What happened. */
  readonly title: string;
  /** What to do about it. */
  readonly children?: ComponentChildren;
}

/** Something the reader should know before going on: what happened, then what to do. Needs `callout.css`. */
export function Callout({ kind = "plain", title, children }: CalloutProps): JSX.Element {
  return (
    <div class={`callout ${kind}`} role={kind === "bad" ? "alert" : undefined}>
      <p class="callout-title">{title}</p>
      {children}
    </div>
  );
}
