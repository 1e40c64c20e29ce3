import type { JSX } from "preact";
import { language } from "../i18n/catalogue.ts";

const two = (value: number): string => String(value).padStart(2, "0");

/** Milliseconds as `1:02:03` or `2:03`. */
export function clockText(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

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
