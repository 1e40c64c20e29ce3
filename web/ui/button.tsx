import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ComponentChildren, JSX } from "preact";

interface ButtonOwn {
  /** @default "plain" */
  readonly kind?: "primary" | "plain" | "quiet" | "danger";
  /** The one large button of a page. */
  readonly large?: boolean;
  /** Under way: keeps its place and its focus, refuses clicks, tells `aria-busy`. */
  readonly busy?: boolean;
  readonly children: ComponentChildren;
}
export type ButtonProps = ButtonOwn & Omit<ButtonHTMLAttributes<HTMLButtonElement>, "ref">;

const classOf = (kind: ButtonOwn["kind"], large: boolean | undefined): string =>
  `button ${kind ?? "plain"}${large ? " large" : ""}`;

/** A button; needs `button.css`. */
export function Button({ kind, large, busy, children, onClick, ...rest }: ButtonProps): JSX.Element {
  return (
    <button
      type="button"
      {...rest}
      class={classOf(kind, large)}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {children}
    </button>
  );
}

interface LinkOwn {
  /** @default "plain" */
  readonly kind?: ButtonOwn["kind"];
  readonly large?: boolean;
  readonly children: ComponentChildren;
}
export type ButtonLinkProps = LinkOwn & AnchorHTMLAttributes<HTMLAnchorElement>;

/** A link that looks like a button: it goes somewhere. */
export function ButtonLink({ kind, large, children, ...rest }: ButtonLinkProps): JSX.Element {
  return (
    <a {...rest} class={classOf(kind, large)}>
      {children}
    </a>
  );
}
