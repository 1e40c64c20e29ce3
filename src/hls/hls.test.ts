import { expect, test } from "vitest";
import { isRendition, renditionFacts, renditionNames } from "../wire/rendition.ts";
import { parseDelivery } from "./delivery.ts";
import { masterPlaylist } from "./master.ts";
import { livePlaylist, livePlaylistSegments, targetDuration, vodPlaylist } from "./media.ts";

const epochMs = Date.UTC(2031, 0, 2, 3, 4, 5);
const uris = (text: string): string[] => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
const tag = (text: string, name: string): string | undefined =>
  text
    .split("\n")
    .find((line) => line.startsWith(`#${name}:`))
    ?.slice(name.length + 2);

test("HL-1 the master lists every rendition once, AAC first, with its codecs", () => {
  const text = masterPlaylist();
  expect(uris(text)[0]).toBe("aac-64k/index.m3u8");
  expect(uris(text).toSorted()).toEqual(renditionNames.map((name) => `${name}/index.m3u8`).toSorted());
  for (const name of renditionNames) {
    expect(text).toMatch(new RegExp(`CODECS="${renditionFacts[name].codecs}"\\n${name}/index.m3u8`));
  }
});

test("HL-10 what is elsewhere follows as redundant streams: the same attributes in the same order, other URIs", () => {
  const bases = ["https://b.example/live/one", "http://c.example:8080/deep/live/one"];
  const lines = masterPlaylist(bases).split("\n").slice(0, -1);
  const own = masterPlaylist().split("\n").slice(0, -1);
  const variants = own.slice(3);
  expect(lines.slice(0, own.length)).toEqual(own);
  const elsewhere = bases.flatMap((base) => variants.map((line) => (line.startsWith("#") ? line : `${base}/${line}`)));
  expect(lines.slice(own.length)).toEqual(elsewhere);
});

test("HL-2 a variant's peak is above its average, and that above the encoder's rate", () => {
  const found = [...masterPlaylist().matchAll(/BANDWIDTH=(\d+),AVERAGE-BANDWIDTH=(\d+),.*\n([^/]+)/g)];
  expect(found).toHaveLength(renditionNames.length);
  for (const [, peak, average, name] of found) {
    expect(Number(peak)).toBeGreaterThan(Number(average));
    if (name === undefined || !isRendition(name)) throw new Error(`${name} is no rendition`);
    expect(Number(average)).toBeGreaterThan(renditionFacts[name].bitrate);
  }
});

test("HL-3 a live playlist is a window whose numbers are the timeline's", () => {
  const text = livePlaylist({ epochMs, first: 3, latest: 100, ended: false });
  expect(uris(text)).toHaveLength(livePlaylistSegments);
  expect(uris(text).at(-1)).toBe("100.m4s");
  expect(tag(text, "EXT-X-MEDIA-SEQUENCE")).toBe(uris(text)[0]?.replace(".m4s", ""));
  const young = livePlaylist({ epochMs, first: 3, latest: 5, ended: false });
  expect(uris(young)).toEqual(["3.m4s", "4.m4s", "5.m4s"]);
});

test("HL-4 a live playlist blocks, holds back, names the init segment and dates its first segment", () => {
  const text = livePlaylist({ epochMs, first: 0, latest: 49, ended: false });
  expect(tag(text, "EXT-X-SERVER-CONTROL")).toBe("CAN-BLOCK-RELOAD=YES,HOLD-BACK=3.0");
  expect(tag(text, "EXT-X-MAP")).toBe('URI="init.mp4"');
  expect(text).toContain("#EXT-X-INDEPENDENT-SEGMENTS\n");
  const first = Number(tag(text, "EXT-X-MEDIA-SEQUENCE"));
  expect(Date.parse(tag(text, "EXT-X-PROGRAM-DATE-TIME") ?? "")).toBe(epochMs + first * 960);
});

test("HL-5 every EXTINF rounds to at most the target duration", () => {
  const text = vodPlaylist({ epochMs, first: 0, last: 3 });
  const durations = [...text.matchAll(/#EXTINF:([\d.]+),/g)].map((match) => Number(match[1]));
  expect(durations).toEqual([0.96, 0.96, 0.96, 0.96]);
  for (const duration of durations) expect(Math.round(duration)).toBeLessThanOrEqual(targetDuration);
});

test("HL-6 only an ended timeline's playlist has an end", () => {
  expect(livePlaylist({ epochMs, first: 0, latest: 9, ended: true })).toMatch(/#EXT-X-ENDLIST\n$/);
  expect(livePlaylist({ epochMs, first: 0, latest: 9, ended: false })).not.toContain("ENDLIST");
});

test("HL-7 a replay playlist lists everything and ends", () => {
  const text = vodPlaylist({ epochMs, first: 1875, last: 4000 });
  expect(uris(text)).toHaveLength(4000 - 1875 + 1);
  expect(uris(text)[0]).toBe("1875.m4s");
  expect(tag(text, "EXT-X-PLAYLIST-TYPE")).toBe("VOD");
  expect(text).toMatch(/\n4000\.m4s\n#EXT-X-ENDLIST\n$/);
});

test("HL-8 a blocking request waits for its segment and ignores what it does not know", () => {
  expect(parseDelivery("")).toEqual({ kind: "now" });
  expect(parseDelivery("utm=1&_HLS_skip=YES")).toEqual({ kind: "now" });
  expect(parseDelivery("_HLS_msn=12")).toEqual({ kind: "wait", msn: 12 });
  expect(parseDelivery("_HLS_msn=12&_HLS_part=1")).toEqual({ kind: "wait", msn: 12 });
});

test.each([
  "_HLS_part=1",
  "_HLS_msn=-1",
  "_HLS_msn=01",
  "_HLS_msn=1e3",
  "_HLS_msn=",
  "_HLS_msn=99999999999",
  "_HLS_msn=1&_HLS_part=x",
])("HL-9 %s is refused", (query) => {
  expect(parseDelivery(query).kind).toBe("bad");
});
