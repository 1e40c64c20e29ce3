import { expect, test } from "vitest";
import type { RoomEvent } from "../wire/events.ts";
import type { Archive } from "./archive.ts";
import { MarkWriter } from "./marks.ts";
import { hold, spec } from "./origin.test-kit.ts";
import { Replay } from "./replay.ts";

const stage = (...names: string[]): RoomEvent => ({
  t: "stage",
  people: names.map((name) => ({ id: name.toLowerCase(), name, role: "speaker", muted: false, present: true })),
});
/** A chunk in which these speak, each for one third of it. */
const voices = (...thirds: string[][]): RoomEvent => ({
  t: "voices",
  at: thirds.map((ids) => ids.map((id) => [id, 5])),
});

test("OR-61 speech is merged over short pauses, and long ones end it", () => {
  const writer = new MarkWriter();
  writer.chunk(0, [stage("Ada", "Bo"), voices(["ada"], ["ada"], ["ada"])]);
  writer.chunk(320, [voices(["ada", "bo"], ["bo"], ["bo"])]);
  writer.chunk(640, [voices(["bo"], [], ["ada"])]);
  writer.chunk(5_120, [voices(["ada"], ["ada"], ["ada"])]);
  const { people, spoke, durationMs } = writer.marks(9_600);
  expect(durationMs).toBe(9_600);
  expect(people).toEqual([
    { id: "ada", name: "Ada" },
    { id: "bo", name: "Bo" },
  ]);
  expect(spoke).toEqual([
    [0, 0, 960],
    [1, 320, 747],
    [0, 5_120, 5_440],
  ]);
});

test("OR-61 a blip is no speech, a name that changed is the last one, and nobody is left without a name", () => {
  const writer = new MarkWriter();
  writer.chunk(0, [stage("Ada"), voices(["ada"], [], [])]);
  writer.chunk(3_200, [
    { t: "stage", people: [{ id: "ada", name: "Ada L.", role: "host", muted: false, present: true }] },
  ]);
  writer.chunk(3_520, [voices(["x"], ["x"], ["x"])]);
  expect(writer.marks(5_000)).toMatchObject({
    people: [
      { id: "ada", name: "Ada L." },
      { id: "x", name: "x" },
    ],
    spoke: [[1, 3_520, 3_840]],
  });
});

test("OR-66 marks that could not be read are read again by the next request", async () => {
  let broken = true;
  const archive = {
    segment: () => (broken ? Promise.reject(new Error("EIO")) : Promise.resolve([undefined, undefined, undefined])),
  } as unknown as Archive;
  const replay = new Replay(spec(), { first: 0, last: 1 }, archive, hold);
  await expect(replay.marks()).rejects.toThrow("EIO");
  broken = false;
  expect((await replay.marks()).spoke).toEqual([]);
});
