import type { ComponentChildren, JSX } from "preact";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";

export interface ConfirmProps {
  readonly id: string;
  readonly open: boolean;
  readonly title: string;
  /** What follows from it. */
  readonly children: ComponentChildren;
  readonly yes: string;
  readonly no: string;
  /** @default "primary" */
  readonly kind?: "primary" | "danger";
  readonly busy?: boolean;
  readonly onYes: () => void;
  readonly onNo: () => void;
}

/** Asks once more before what cannot be taken back. Needs `dialog.css`. */
export function Confirm(props: ConfirmProps): JSX.Element {
  return (
    <Dialog
      id={props.id}
      open={props.open}
      title={props.title}
      onClose={props.onNo}
      actions={
        <>
          <Button onClick={props.onNo}>{props.no}</Button>
          <Button kind={props.kind ?? "primary"} busy={props.busy ?? false} onClick={props.onYes}>
            {props.yes}
          </Button>
        </>
      }
    >
      {props.children}
    </Dialog>
  );
}
