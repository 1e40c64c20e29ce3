import { expect, test } from "vitest";
import type { RoomEvent } from "../wire/events.ts";
import { maxTextLines } from "../wire/live-text.ts";
import type { StagePerson } from "../wire/state.ts";
import { chunkMs } from "../wire/timeline.ts";
import { LiveTexts, LiveTextWriter, textPauseMs } from "./live-text.ts";
import { epoch, liveFrom, world } from "./origin.test-kit.ts";

const person = (id: string, over: Partial<StagePerson> = {}): StagePerson => ({
  id,
  name: id.toUpperCase(),
  role: "speaker",
  muted: false,
  present: true,
  ...over,
});
const stage = (...people: StagePerson[]): RoomEvent => ({ t: "stage", people });
const live: RoomEvent = { t: "status", status: "live", hold: false };
const voices = (...ids: string[]): RoomEvent => {
  const heard = ids.map((id) => [id, 5] as const);
  return { t: "voices", at: [heard, heard, heard] };
};

/** A writer whose chunks follow one another from 0 on. */
function writing(opened = false): { writer: LiveTextWriter; say: (chunks: number, ...events: RoomEvent[]) => void } {
  const writer = new LiveTextWriter(opened);
  let at = 0;
  const say = (chunks: number, ...events: RoomEvent[]): void => {
    for (let i = 0; i < chunks; i++, at += chunkMs) writer.chunk(at, events);
  };
  return { writer, say };
}
const chunksOf = (ms: number): number => Math.ceil(ms / chunkMs);

test("OR-90 who speaks is one line from when to when; a short pause does not end it, and a cough is none", () => {
  const { writer, say } = writing();
  say(1, stage(person("ada"), person("bo")));
  say(10, voices("ada"));
  say(chunksOf(textPauseMs) - 1);
  say(5, voices("ada"));
  expect(writer.text().lines).toEqual([{ t: "speaks", at: chunkMs, until: null, name: "ADA" }]);
  say(1, { t: "voices", at: [[], [["bo", 3]], []] });
  say(chunksOf(textPauseMs) + 1);
  const [line, ...more] = writer.text().lines;
  expect(more).toEqual([]);
  expect(line).toMatchObject({ t: "speaks", until: (1 + 10 + chunksOf(textPauseMs) - 1 + 5) * chunkMs });
  say(3, voices("ada", "bo"));
  expect(writer.text().lines.map((one) => one.t === "speaks" && [one.name, one.until])).toEqual([
    ["ADA", expect.any(Number)],
    ["ADA", null],
    ["BO", null],
  ]);
});

test("OR-90 who comes and who leaves; what was so at the beginning is no news, and a connection that is away is neither", () => {
  const { writer, say } = writing();
  say(1, stage(person("ada")));
  say(1, stage(person("ada"), person("bo"), person("cy", { present: false })));
  say(1, stage(person("ada", { present: false }), person("bo"), person("cy")));
  say(1, stage(person("bo")));
  expect(writer.text().lines.map((line) => `${line.t} ${"name" in line ? line.name : ""}`)).toEqual([
    "came BO",
    "came CY",
    "left ADA",
    "left CY",
  ]);
});

test("OR-90 opening, hold audio, the end, a new title and notices are told once each, with their time", () => {
  const { writer, say } = writing();
  say(1, { t: "status", status: "lobby", hold: false }, { t: "title", title: "A" }, { t: "notice", text: "" });
  say(1, { t: "status", status: "live", hold: true });
  say(1, live);
  say(8, { t: "status", status: "live", hold: true });
  say(1, live, { t: "title", title: "B" }, { t: "notice", text: "Questions at six" });
  // So short that it is no pause.
  say(2, { t: "status", status: "live", hold: true });
  say(1, live);
  say(1, { t: "notice", text: "Questions at six" });
  say(1, { t: "notice", text: "" }, { t: "status", status: "ended", hold: false });
  expect(writer.text().lines).toEqual([
    { t: "opened", at: 2 * chunkMs },
    { t: "hold", at: 3 * chunkMs },
    { t: "resumed", at: 11 * chunkMs },
    { t: "title", at: 11 * chunkMs, text: "B" },
    { t: "notice", at: 11 * chunkMs, text: "Questions at six" },
    { t: "ended", at: 16 * chunkMs },
  ]);
});

test("OR-90 nobody speaks any more once it is over", () => {
  const { writer, say } = writing();
  say(1, stage(person("ada")), live);
  say(4, voices("ada"));
  say(1, { t: "status", status: "ended", hold: false });
  expect(writer.text().lines.find(({ t }) => t === "speaks")).toMatchObject({ until: 5 * chunkMs });
});

test("OR-91 it keeps the latest lines, however long the evening", () => {
  const { writer, say } = writing();
  say(1, stage(person("ada")));
  for (let i = 0; i < 5 * maxTextLines; i++) {
    say(2, voices("ada"));
    say(chunksOf(textPauseMs) + 1);
  }
  const { lines } = writer.text();
  expect(lines).toHaveLength(maxTextLines);
  const starts = lines.map(({ at }) => at);
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
});

test("OR-91 it is read from the published chunks, once each, and after a restart from what the ring has", async () => {
  const all = await world({ spec: liveFrom(1, { stage: [person("ada")] }) });
  let texts = new LiveTexts();
  expect(texts.of(all.space)).toEqual({ v: 1, lines: [] });
  const fence = await all.space.lease();
  const programme = async (from: number, to: number): Promise<void> => {
    for (let slot = from; slot <= to; slot += 3) {
      await all.broadcast(slot, slot + 2, fence, () => [voices("ada")]);
      await all.advance(20);
      texts.segment(all.space);
      texts.segment(all.space);
    }
  };
  await all.advance(3 * chunkMs);
  await programme(3, 11);
  const expected = [
    { t: "opened", at: epoch + 3 * chunkMs },
    { t: "speaks", at: epoch + 3 * chunkMs, until: null, name: "ADA" },
  ];
  expect(texts.of(all.space).lines).toEqual(expected);
  await all.restart(100);
  texts = new LiveTexts();
  await programme(12, 17);
  expect(texts.of(all.space).lines).toEqual(expected);
});
