import { describe, expect, test } from "vitest";
import { isSpaceName, livePaths, parseLivePath, parseReplayPath } from "./paths.ts";
import { renditionNames } from "./rendition.ts";

describe("live paths", () => {
  test("WI-1 every live path that is built is read back as what it was", () => {
    const space = "town-hall-7";
    expect(parseLivePath(livePaths.state(space))).toEqual({ kind: "state", space });
    expect(parseLivePath(livePaths.master(space))).toEqual({ kind: "master", space });
    for (const rendition of renditionNames) {
      expect(parseLivePath(livePaths.playlist(space, rendition))).toEqual({ kind: "playlist", space, rendition });
      expect(parseLivePath(livePaths.init(space, rendition))).toEqual({ kind: "init", space, rendition });
      expect(parseLivePath(livePaths.stream(space, rendition))).toEqual({ kind: "stream", space, rendition });
      for (const n of [0, 1, 10, 1_800_000, 9_999_999_999])
        expect(parseLivePath(livePaths.segment(space, rendition, n))).toEqual({ kind: "segment", space, rendition, n });
    }
  });

  const outside = [
    "",
    "/",
    "/live",
    "/live/",
    "/live/a",
    "/live/a/",
    "/live//state.json",
    "/live/a/state.json/",
    "/live/a/state.json?x=1",
    "/live/a/state.JSON",
    "/live/a/master.m3u8",
    "/live/a/opus-32k",
    "/live/a/opus-32k/",
    "/live/a/opus-64k/0.m4s",
    "/live/a/constructor/0.m4s",
    "/live/a/__proto__/init.mp4",
    "/live/a/opus-32k/index.m3u",
    "/live/a/opus-32k/0.m4s/0.m4s",
    "/live/../a/state.json",
    "/live/a/../state.json",
    "/live/a/opus-32k/..",
    "//live/a/state.json",
    "/Live/a/state.json",
    "/replay/a/state.json",
    "/live/%61/state.json",
    "/live/a/%73tate.json",
    "/live/a%2fstate.json",
    "/live/a/opus-32k/%30.m4s",
    "/live/%2561/state.json",
    "/live/a/opus-32k/0.m4s%00",
    "/live/a/opus-32k/0.m4s\n",
  ];
  test.each(outside)("WI-2 %j is outside the live grammar", (path) => {
    expect(parseLivePath(path)).toBeUndefined();
  });

  const wrongNumbers = ["", "-1", "+1", "00", "01", "1.0", "1e3", "0x1", " 1", "1 ", "NaN", "12345678901", "１"];
  test.each(wrongNumbers)("WI-3 %j is no segment number", (n) => {
    expect(parseLivePath(`/live/a/opus-32k/${n}.m4s`)).toBeUndefined();
    expect(parseReplayPath(`/replay/a/opus-32k/${n}.m4s`)).toBeUndefined();
  });

  test("WI-4 a Space's name has 1 to 64 characters and begins and ends with a letter or digit", () => {
    for (const good of ["a", "7", "a-b", "a--b", "x".repeat(64)]) expect(isSpaceName(good)).toBe(true);
    for (const bad of ["", "-", "-a", "a-", "A", "a_b", "a.b", "é", "a b", "x".repeat(65), "a\n"])
      expect(isSpaceName(bad)).toBe(false);
    expect(parseLivePath(`/live/${"x".repeat(64)}/state.json`)).toBeDefined();
    expect(parseLivePath(`/live/${"x".repeat(65)}/state.json`)).toBeUndefined();
    expect(parseLivePath(`/live/${"x".repeat(500)}/state.json`)).toBeUndefined();
  });
});

describe("replay paths", () => {
  test("WI-1 every kind of replay path is read", () => {
    const space = "s1";
    expect(parseReplayPath("/replay/s1/state.json")).toEqual({ kind: "replay-state", space });
    expect(parseReplayPath("/replay/s1/index.m3u8")).toEqual({ kind: "replay-master", space });
    expect(parseReplayPath("/replay/s1/marks.json")).toEqual({ kind: "replay-marks", space });
    for (const file of ["audio.m4a", "audio.opus"])
      expect(parseReplayPath(`/replay/s1/${file}`)).toEqual({ kind: "replay-file", space, file });
    for (const rendition of renditionNames) {
      const folder = `/replay/s1/${rendition}`;
      expect(parseReplayPath(`${folder}/init.mp4`)).toEqual({ kind: "replay-init", space, rendition });
      expect(parseReplayPath(`${folder}/index.m3u8`)).toEqual({ kind: "replay-playlist", space, rendition });
      expect(parseReplayPath(`${folder}/42.m4s`)).toEqual({ kind: "replay-segment", space, rendition, n: 42 });
    }
  });

  const outside = [
    "/replay/s1/opus-32k/stream.mp4",
    "/replay/s1/audio.mp3",
    "/replay/s1/audio.m4a/",
    "/replay/s1/toString/init.mp4",
    "/replay/s1/%6Darks.json",
    "/replay/s1/%256Darks.json",
    "/live/s1/marks.json",
    "/replay/S1/marks.json",
  ];
  test.each(outside)("WI-2 %j is outside the replay grammar", (path) => {
    expect(parseReplayPath(path)).toBeUndefined();
  });
});
