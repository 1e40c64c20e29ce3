import type { ComponentChildren, JSX } from "preact";

export interface BadgeProps {
  /** @default "plain" */
  readonly kind?: "plain" | "live" | "good" | "waiting" | "bad";
  readonly children: ComponentChildren;
}

/** A word about a state. The colour only repeats what the word says. Needs `badge.css`. */
export const Badge = ({ kind = "plain", children }: BadgeProps): JSX.Element => (
  <span class={`badge ${kind}`}>{children}</span>
);
