import { language } from "../i18n/catalogue.ts";

/** A point in time in the reader's zone and language, with the zone's name: people in other zones read it too. */
export function dateTimeText(at: number, timeZone?: string): string {
  return new Intl.DateTimeFormat(language(), {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "numeric",
    minute: "2-digit",
    timeZoneName: "short",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(new Date(at));
}
