import { render, type JSX } from "preact";

/** Says what changed to a screen reader when it has finished speaking. The text is seen only when `seen`. */
export function LiveRegion({ text, seen }: { readonly text: string; readonly seen?: boolean }): JSX.Element {
  return (
    <p role="status" aria-live="polite" class={seen ? undefined : "unseen"}>
      {text}
    </p>
  );
}

/** How long a toast stays. */
const toastMs = 6000;
/** More than these at once push the oldest out. */
const maxToasts = 3;

interface Toast {
  readonly key: number;
  readonly text: string;
  readonly kind: "info" | "error";
}

let toasts: readonly Toast[] = [];
let host: HTMLElement | undefined;
let lastKey = 0;

/** Shows a short message at the foot of the page and says it. Needs `live-region.css`. */
export function toast(text: string, kind: Toast["kind"] = "info"): void {
  const one: Toast = { key: ++lastKey, text, kind };
  toasts = [...toasts, one].slice(-maxToasts);
  draw();
  setTimeout(() => {
    toasts = toasts.filter((t) => t !== one);
    draw();
  }, toastMs);
}

function draw(): void {
  if (!host) {
    host = document.createElement("div");
    host.className = "toasts";
    host.setAttribute("role", "status");
    host.setAttribute("aria-live", "polite");
    document.body.append(host);
  }
  render(
    toasts.map((t) => (
      <p key={t.key} class={`toast ${t.kind}`}>
        {t.text}
      </p>
    )),
    host,
  );
}
