import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

export interface CopyFieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly copyText: string;
  readonly copiedText: string;
}

/** How long "copied" stays. */
const copiedMs = 2500;

/** A text to take along, with a button that copies it; where copying is not allowed it is selected instead. Needs `copy-field.css`. */
export function CopyField({ id, label, value, copyText, copiedText }: CopyFieldProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    input.current?.select();
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
      setTimeout(() => setCopied(false), copiedMs);
    } catch {
      /* it is selected: the keyboard copies it */
    }
  };
  return (
    <div class="copy-field">
      <label for={id}>{label}</label>
      <div class="copy-field-row">
        <input
          id={id}
          ref={input}
          readOnly
          value={value}
          spellcheck={false}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" class="button plain" onClick={() => void copy()} aria-describedby={`${id}-copied`}>
          <Icon name="copy" size={18} />
          {copied ? copiedText : copyText}
        </button>
      </div>
      <span id={`${id}-copied`} class="unseen" role="status">
        {copied ? `${label}: ${copiedText}` : ""}
      </span>
    </div>
  );
}
