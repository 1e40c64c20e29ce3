import type { ComponentChildren, InputHTMLAttributes, JSX, SelectHTMLAttributes, TextareaHTMLAttributes } from "preact";

interface Frame {
  readonly id: string;
  readonly label: string;
  readonly hint?: string | undefined;
  /** What is wrong with the value and what to do; empty or left out when nothing is. */
  readonly error?: string | undefined;
}

const described = ({ id, hint, error }: Frame): { "aria-describedby": string | undefined; "aria-invalid"?: true } => ({
  "aria-describedby": [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined,
  ...(error ? { "aria-invalid": true } : {}),
});

function Labelled({ frame, children }: { readonly frame: Frame; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div class="field">
      <label for={frame.id}>{frame.label}</label>
      {children}
      {frame.hint ? (
        <p class="field-hint" id={`${frame.id}-hint`}>
          {frame.hint}
        </p>
      ) : null}
      <p class="field-error" id={`${frame.id}-error`} role="alert" hidden={!frame.error}>
        {frame.error}
      </p>
    </div>
  );
}

/** A labelled one-line input; the rest of the attributes go to the `<input>`. Needs `field.css`. */
export function Field({ id, label, hint, error, ...rest }: Frame & InputHTMLAttributes<HTMLInputElement>): JSX.Element {
  const frame = { id, label, hint, error };
  return (
    <Labelled frame={frame}>
      <input {...rest} {...described(frame)} id={id} />
    </Labelled>
  );
}

/** A labelled text of several lines. */
export function TextField({
  id,
  label,
  hint,
  error,
  ...rest
}: Frame & TextareaHTMLAttributes<HTMLTextAreaElement>): JSX.Element {
  const frame = { id, label, hint, error };
  return (
    <Labelled frame={frame}>
      <textarea {...rest} {...described(frame)} id={id} />
    </Labelled>
  );
}

/** A labelled choice; `<option>`s are the children. */
export function SelectField({
  id,
  label,
  hint,
  error,
  children,
  ...rest
}: Frame & SelectHTMLAttributes<HTMLSelectElement>): JSX.Element {
  const frame = { id, label, hint, error };
  return (
    <Labelled frame={frame}>
      <select {...rest} {...described(frame)} id={id}>
        {children}
      </select>
    </Labelled>
  );
}
