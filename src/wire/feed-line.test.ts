import { expect, test } from "vitest";
import { readFeedLine } from "./feed-line.ts";
import type { LiveState } from "./state.ts";
import { maxLineBuckets } from "./tickets.ts";

const state: LiveState = {
  v: 1,
  id: "s1",
  slug: "town-hall",
  title: "Town hall",
  description: "",
  language: "en",
  unlisted: false,
  status: "live",
  hold: false,
  replay: false,
  startAt: 1000,
  liveAt: 900,
  delayMs: -100,
  endedAt: null,
  now: 2000,
  epochMs: 1000,
  first: 0,
  latest: 3,
  push: "chunk",
  level: 0,
  listeners: 5,
  heard: 6,
  beacon: 0.25,
  edges: ["https://a.example"],
  renditions: [{ name: "opus-32k", codecs: "opus", bitrate: 32_000, init: "AAAA" }],
  stage: [{ id: "p", name: "Ada", role: "host", muted: false, present: true }],
  notice: "",
};
const line = {
  t: "line",
  id: "s1",
  hour: 1_800_000_000,
  commitment: "0a".repeat(32),
  seed: "0b".repeat(32),
  buckets: [
    [0, 1_800_000_000, 5],
    [1_800_000_010, 1_800_000_020, 1],
  ],
  called: { from: 0, part: 0.25 },
  calledLastMinute: 3,
  seatedLastMinute: 2,
};
const read = (value: unknown) => readFeedLine(JSON.stringify(value));

test("WI-10 every kind of line of a feed is read as it is", () => {
  const lines = [
    { t: "salt", id: "s1", salt: "AAAAAAAAAAAAAAAAAAAAAA==" },
    { t: "path", edges: ["abcd1234", "ef567890"] },
    { t: "state", state },
    { t: "latest", id: "s1", latest: 7, first: 0, hold: true },
    { t: "gone", id: "s1" },
    line,
    { ...line, seed: null, buckets: [] },
    { t: "synced" },
    { t: "tick", now: 1 },
  ];
  for (const line of lines) expect(read(line)).toEqual(line);
});

test("WI-10 a kind that is not known is told apart from what is no line", () => {
  expect(read({ t: "weather", sunny: true })).toBe("unknown");
  for (const value of [null, 1, "x", [], {}, { t: 5 }]) expect(read(value)).toBeUndefined();
  for (const text of ["", "{", "<!doctype html>", '{"t":"tick"', "\u0000"]) expect(readFeedLine(text)).toBeUndefined();
});

test("WI-10 a member that is missing, of another type or out of bounds makes it no line", () => {
  for (const name of Object.keys(state)) {
    const { [name as keyof LiveState]: _, ...rest } = state;
    expect([name, read({ t: "state", state: rest })]).toEqual([name, undefined]);
  }
  const wrong: Record<string, unknown>[] = [
    { id: "../../etc" },
    { slug: "A" },
    { title: "x".repeat(201) },
    { status: "paused" },
    { latest: -1 },
    { latest: 1.5 },
    { latest: "3" },
    { beacon: 2 },
    { level: 9 },
    { stage: [{ id: "p" }] },
    { stage: Array.from({ length: 65 }, () => state.stage[0]) },
    { renditions: [{ name: "opus-64k", codecs: "opus", bitrate: 1, init: "" }] },
    { renditions: [{ name: "opus-32k", codecs: "opus", bitrate: 1, init: "<script>" }] },
    { edges: Array.from({ length: 65 }, () => "https://a.example") },
  ];
  for (const change of wrong)
    expect([change, read({ t: "state", state: { ...state, ...change } })]).toEqual([change, undefined]);
  expect(read({ t: "latest", id: "s1", latest: 7, first: 0 })).toBeUndefined();
  expect(read({ t: "gone", id: "" })).toBeUndefined();
  expect(read({ t: "path", edges: Array.from({ length: 17 }, () => "abcd1234") })).toBeUndefined();
  expect(read({ t: "path", edges: ["<b>"] })).toBeUndefined();
  expect(read({ t: "tick", now: null })).toBeUndefined();
});

test("WI-10 a line at the door is read with all of it, and with no more buckets than there may be", () => {
  for (const name of Object.keys(line)) {
    const { [name as keyof typeof line]: _, ...rest } = line;
    expect([name, read(rest)]).toEqual([name, undefined]);
  }
  const wrong: object[] = [
    { seed: "x" },
    { commitment: null },
    { called: { from: 0, part: 1.5 } },
    { called: { from: -1, part: 0 } },
    { buckets: [[0, 1]] },
    { buckets: [[0, 1, -1]] },
    { buckets: Array.from({ length: maxLineBuckets + 1 }, () => [0, 1, 1]) },
  ];
  for (const change of wrong) expect([change, read({ ...line, ...change })]).toEqual([change, undefined]);
});
