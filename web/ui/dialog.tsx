import type { ComponentChildren, JSX } from "preact";

export interface DialogProps {
  readonly id: string;
  readonly open: boolean;
  readonly title: string;
  /** Also on Escape. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  /** Buttons, the main one last. */
  readonly actions?: ComponentChildren;
}

/** A modal dialog on the platform's own `<dialog>`: it keeps the focus in and gives it back. Needs `dialog.css`. */
export function Dialog({ id, open, title, onClose, children, actions }: DialogProps): JSX.Element {
  const follow = (element: HTMLDialogElement | null): void => {
    if (open && element && !element.open) element.showModal();
    if (!open && element?.open) element.close();
  };
  return (
    <dialog
      ref={follow}
      class="dialog"
      aria-labelledby={`${id}-title`}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <h2 id={`${id}-title`}>{title}</h2>
      <div class="dialog-body">{children}</div>
      {actions ? <div class="dialog-actions">{actions}</div> : null}
    </dialog>
  );
}
