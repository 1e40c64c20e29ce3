import type { JSX } from "preact";
import { language } from "../i18n/catalogue.ts";
import { clockText } from "./clock.ts";

export { clockText };

const dayAndTime: Intl.DateTimeFormatOptions = {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "numeric",
  minute: "2-digit",
};

/** A point in time (ms since 1970) in the reader's zone and language. */
export function Time({
  at,
  options = dayAndTime,
}: {
  readonly at: number;
  /** @default weekday, day, month, hour and minute */
  readonly options?: Intl.DateTimeFormatOptions;
}): JSX.Element {
  const date = new Date(at);
  return <time dateTime={date.toISOString()}>{new Intl.DateTimeFormat(language(), options).format(date)}</time>;
}

/** A length of time as a running clock. */
export function Elapsed({ ms }: { readonly ms: number }): JSX.Element {
  return (
    <time class="elapsed" dateTime={`PT${Math.max(0, Math.floor(ms / 1000))}S`}>
      {clockText(ms)}
    </time>
  );
}
