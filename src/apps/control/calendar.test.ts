import { expect, test } from "vitest";
import { calendar, type CalendarEvent } from "../../wire/calendar.ts";

const event: CalendarEvent = {
  uid: "abc@rostra.test",
  sequence: 2,
  title: "A talk",
  description: "",
  url: "https://rostra.test/s/a-talk",
  startAt: Date.UTC(2030, 0, 2, 3, 4, 5),
  endAt: null,
  cancelled: false,
  now: Date.UTC(2029, 11, 31, 23, 59, 59, 999),
};
/** The content lines, unfolded. */
const lines = (more: Partial<CalendarEvent> = {}): string[] =>
  calendar({ ...event, ...more })
    .replaceAll("\r\n ", "")
    .split("\r\n");

test("CO-16 one event, in UTC, with a reminder", () => {
  expect(lines()).toEqual([
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Rostra//Rostra//EN",
    "CALSCALE:GREGORIAN",
    "METHOD:PUBLISH",
    "BEGIN:VEVENT",
    "UID:abc@rostra.test",
    "SEQUENCE:2",
    "DTSTAMP:20291231T235959Z",
    "DTSTART:20300102T030405Z",
    "DURATION:PT1H",
    "SUMMARY:A talk",
    "DESCRIPTION:https://rostra.test/s/a-talk",
    "URL:https://rostra.test/s/a-talk",
    "STATUS:CONFIRMED",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "DESCRIPTION:A talk",
    "TRIGGER:-PT5M",
    "END:VALARM",
    "END:VEVENT",
    "END:VCALENDAR",
    "",
  ]);
  expect(lines({ cancelled: true })).toContain("STATUS:CANCELLED");
  expect(lines({ endAt: event.startAt + 60_000 })).toContain("DTEND:20300102T030505Z");
});

test("CO-16 text is escaped, and a title cannot add lines", () => {
  const title = "a\\b;c,d\nEND:VCALENDAR\r\ne\rf\u0000\u0007";
  expect(lines({ title })).toContain("SUMMARY:a\\\\b\\;c\\,d\\nEND:VCALENDAR\\ne\\nf");
  expect(lines({ title }).filter((line) => line === "END:VCALENDAR")).toHaveLength(1);
});

test("CO-16 lines are folded at 75 octets and never inside a character", () => {
  const description = `${"é".repeat(200)}${"🎙".repeat(100)}x`;
  const text = calendar({ ...event, description });
  expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  for (const line of text.split("\r\n")) {
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    expect(line).not.toContain("\ufffd");
  }
  expect(lines({ description })).toContain(`DESCRIPTION:${description}\\n\\nhttps://rostra.test/s/a-talk`);
});
