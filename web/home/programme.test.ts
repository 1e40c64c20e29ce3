import { expect, test } from "vitest";
import type { Space } from "../../src/wire/api.ts";
import { programmeOf } from "./programme.ts";

const space = (slug: string, over: Partial<Space>): Space => ({
  id: slug,
  slug,
  title: slug,
  description: "",
  language: "en",
  visibility: "public",
  status: "scheduled",
  hold: false,
  startAt: "2026-01-01T10:00:00Z",
  liveAt: null,
  delayMs: null,
  endedAt: null,
  listeners: 0,
  replay: false,
  ...over,
});
const slugs = (spaces: readonly Space[]): string[] => spaces.map(({ slug }) => slug);

test("LP-7 what is on air comes first, lobbies after it, the fullest first", () => {
  const { onAir } = programmeOf([
    space("lobby", { status: "lobby", listeners: 90 }),
    space("small", { status: "live", listeners: 3 }),
    space("large", { status: "live", listeners: 30 }),
  ]);
  expect(slugs(onAir)).toEqual(["large", "small", "lobby"]);
});

test("LP-7 the next comes first, the newest replay first, and what cannot be heard is left out", () => {
  const { upcoming, replays } = programmeOf([
    space("later", { startAt: "2026-03-01T10:00:00+02:00" }),
    space("soon", { startAt: "2026-03-01T09:00:00Z" }),
    space("sooner", { startAt: "2026-03-01T10:00:00+03:00" }),
    space("old", { status: "ended", replay: true, endedAt: "2026-01-01T00:00:00Z" }),
    space("new", { status: "ended", replay: true, endedAt: "2026-02-01T00:00:00Z" }),
    space("silent", { status: "ended", endedAt: "2026-02-02T00:00:00Z" }),
    space("called-off", { status: "cancelled" }),
  ]);
  expect(slugs(upcoming)).toEqual(["sooner", "later", "soon"]);
  expect(slugs(replays)).toEqual(["new", "old"]);
});
