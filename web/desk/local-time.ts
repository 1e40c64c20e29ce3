import { language } from "../i18n/catalogue.ts";

const two = (value: number): string => String(value).padStart(2, "0");

/** A moment as `<input type="datetime-local">` writes it, in the reader's zone. */
export function toLocalInput(at: number): string {
  const d = new Date(at);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`;
}

/** What the input says, as a moment; `undefined` while it says none. The reader's zone applies. */
export function fromLocalInput(text: string): number | undefined {
  if (!/^\d{4,6}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text)) return undefined;
  const at = new Date(text).getTime();
  return Number.isFinite(at) ? at : undefined;
}

/** The reader's zone at that moment: its name and its distance from UTC, which a season may change. */
export function zoneText(at: number): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const parts = new Intl.DateTimeFormat(language(), { timeZoneName: "longOffset" }).formatToParts(new Date(at));
  const offset = parts.find((part) => part.type === "timeZoneName")?.value ?? "UTC";
  return timeZone ? `${timeZone.replaceAll("_", " ")} (${offset})` : offset;
}

/** The next full half hour at least half an hour away: a sensible start to begin with. */
export function nextStart(now: number): number {
  const half = 30 * 60_000;
  return Math.ceil((now + half) / half) * half;
}
