import { expect, test } from "vitest";
import { eventBoxes } from "../../src/cmaf/emsg.ts";
import type { RoomEvent } from "../../src/wire/events.ts";
import { createEventTrack, maxWaitingEvents, readEvent, type TimedEvent } from "./events.ts";

const box = (event: RoomEvent, slot = 300): Uint8Array => eventBoxes(slot, [event])[0] ?? new Uint8Array();
const stage: RoomEvent = {
  t: "stage",
  people: [{ id: "a", name: "Ayu 🎙", role: "host", muted: false, present: true }],
};

test("PL-3 our events are read with their time, whatever letters they carry", () => {
  expect(readEvent(box(stage))).toEqual({ at: 96, event: stage });
  expect(readEvent(box({ t: "notice", text: "x".repeat(9000) }))?.event).toEqual({
    t: "notice",
    text: "x".repeat(9000),
  });
});

test("PL-3 other people's boxes and broken ones are passed over", () => {
  const foreign = Uint8Array.from(box(stage));
  foreign[40] = 0x21; // inside the scheme
  expect(readEvent(foreign)).toBeUndefined();
  const old = Uint8Array.from(box(stage));
  old[8] = 0;
  expect(readEvent(old)).toBeUndefined();
  const torn = box(stage);
  for (let size = 8; size < torn.length; size += 5) expect(readEvent(torn.subarray(0, size))).toBeUndefined();
});

const at = (time: number, event: RoomEvent): TimedEvent => ({ at: time, event });

test("PL-4 an event comes when the sound has reached it, once, in order", () => {
  const track = createEventTrack();
  track.add([at(2, { t: "title", title: "two" }), at(1, { t: "title", title: "one" })]);
  expect(track.due(0.9)).toEqual([]);
  expect(track.due(1)).toEqual([{ t: "title", title: "one" }]);
  expect(track.due(1.5)).toEqual([]);
  expect(track.due(9)).toEqual([{ t: "title", title: "two" }]);
});

test("PL-4 voices move in their steps, and after a skip only the latest counts while the rest is told", () => {
  const track = createEventTrack();
  const voices = [at(0, { t: "voices", at: [[["a", 3]], [["a", 5]], []] }), at(0.1, { t: "count", listeners: 7 })];
  track.add(voices as TimedEvent[]);
  expect(track.due(0.05)).toEqual([{ t: "voices", at: [[["a", 3]]] }]);
  expect(track.due(0.11)).toEqual([
    { t: "count", listeners: 7 },
    { t: "voices", at: [[["a", 5]]] },
  ]);
  track.add(voices as TimedEvent[]);
  expect(track.due(5)).toEqual([
    { t: "count", listeners: 7 },
    { t: "voices", at: [[]] },
  ]);
});

test("PL-4 waiting events have a cap and the oldest go", () => {
  const track = createEventTrack();
  track.add(Array.from({ length: maxWaitingEvents + 50 }, (_, i) => at(i, { t: "count", listeners: i })));
  const due = track.due(Infinity);
  expect(due).toHaveLength(maxWaitingEvents);
  expect(due[0]).toEqual({ t: "count", listeners: 50 });
});
