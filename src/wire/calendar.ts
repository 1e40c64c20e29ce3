/** One event for a calendar. Times are milliseconds since 1970. */
export interface CalendarEvent {
  /** Globally unique and always the same for the same event. */
  readonly uid: string;
  /** Grows with every change (SEQUENCE). */
  readonly sequence: number;
  readonly title: string;
  readonly description: string;
  readonly url: string;
  readonly startAt: number;
  /** Null while nobody knows: an hour is assumed. */
  readonly endAt: number | null;
  readonly cancelled: boolean;
  /** When this text is made (DTSTAMP). */
  readonly now: number;
}

/** An iCalendar object with one event and a reminder five minutes before (RFC 5545). */
export function calendar(event: CalendarEvent): string {
  const description = [event.description.trim(), event.url].filter(Boolean).join("\n\n");
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Rostra//Rostra//EN",
    "CALSCALE:GREGORIAN",
    "METHOD:PUBLISH",
    "BEGIN:VEVENT",
    `UID:${text(event.uid)}`,
    `SEQUENCE:${event.sequence}`,
    `DTSTAMP:${utc(event.now)}`,
    `DTSTART:${utc(event.startAt)}`,
    event.endAt !== null && event.endAt > event.startAt ? `DTEND:${utc(event.endAt)}` : "DURATION:PT1H",
    `SUMMARY:${text(event.title)}`,
    `DESCRIPTION:${text(description)}`,
    `URL:${event.url}`,
    `STATUS:${event.cancelled ? "CANCELLED" : "CONFIRMED"}`,
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    `DESCRIPTION:${text(event.title)}`,
    "TRIGGER:-PT5M",
    "END:VALARM",
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return lines.map((line) => `${fold(line)}\r\n`).join("");
}

/** A TEXT value (RFC 5545, 3.3.11): backslash, semicolon, comma and line ends escaped, other control characters gone. */
const text = (value: string): string =>
  value
    .replace(/\r\n?/gu, "\n")
    .replace(/[^\P{Cc}\n\t]/gu, "")
    .replace(/[\\;,]/gu, (character) => `\\${character}`)
    .replace(/\n/gu, "\\n");

/** A DATE-TIME in UTC (3.3.5). */
const utc = (at: number): string =>
  new Date(at)
    .toISOString()
    .replace(/\.\d{3}/u, "")
    .replace(/[-:]/gu, "");

/** A content line takes at most 75 octets; longer ones are folded, never inside a character (3.1). */
function fold(line: string): string {
  let folded = "";
  let room = 75;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (size > room) {
      folded += "\r\n ";
      room = 74;
    }
    folded += character;
    room -= size;
  }
  return folded;
}
