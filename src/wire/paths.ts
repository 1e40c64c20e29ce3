import { isRendition, type RenditionName } from "./rendition.ts";
import type { SegmentNumber } from "./timeline.ts";

/**
 * The grammar of the public media paths. What does not parse is 404 without work. A query string and a fragment are no
 * part of it; nothing is percent-decoded, since no valid path needs it.
 */
export type LivePath =
  | { readonly kind: "state"; readonly space: string }
  | { readonly kind: "segment"; readonly space: string; readonly rendition: RenditionName; readonly n: SegmentNumber }
  | { readonly kind: "init"; readonly space: string; readonly rendition: RenditionName }
  | { readonly kind: "stream"; readonly space: string; readonly rendition: RenditionName }
  | { readonly kind: "master"; readonly space: string }
  | { readonly kind: "beacon"; readonly space: string }
  | { readonly kind: "text"; readonly space: string }
  | { readonly kind: "line"; readonly space: string }
  | { readonly kind: "place"; readonly space: string; readonly ticket?: string }
  | { readonly kind: "playlist"; readonly space: string; readonly rendition: RenditionName };

export type ReplayPath =
  | { readonly kind: "replay-state"; readonly space: string }
  | { readonly kind: "replay-master"; readonly space: string }
  | { readonly kind: "replay-playlist"; readonly space: string; readonly rendition: RenditionName }
  | { readonly kind: "replay-init"; readonly space: string; readonly rendition: RenditionName }
  | {
      readonly kind: "replay-segment";
      readonly space: string;
      readonly rendition: RenditionName;
      readonly n: SegmentNumber;
    }
  | { readonly kind: "replay-marks"; readonly space: string }
  | { readonly kind: "replay-file"; readonly space: string; readonly file: "audio.m4a" | "audio.opus" };

/** A Space in a path: its id or its slug. */
const spacePattern = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
/** A ticket as text: base64url. */
const ticketPattern = /^[A-Za-z0-9_-]{20,100}$/;
/** A segment's number: canonical decimal, no sign, no leading zero, at most ten digits. */
const segmentPattern = /^(0|[1-9]\d{0,9})\.m4s$/;

export const isSpaceName = (name: string): boolean => spacePattern.test(name);

/** Reads a path (no query) under `/live/`; `undefined` when it is outside the grammar. */
export function parseLivePath(path: string): LivePath | undefined {
  const parts = split(path, "/live/");
  if (!parts) return undefined;
  const [space, second, third] = parts;
  if (third === undefined) {
    if (second === "state.json") return { kind: "state", space };
    if (second === "index.m3u8") return { kind: "master", space };
    if (second === "beacon") return { kind: "beacon", space };
    if (second === "text.json") return { kind: "text", space };
    if (second === "line.json") return { kind: "line", space };
    if (second === "place") return { kind: "place", space };
    return undefined;
  }
  if (second === "place" && ticketPattern.test(third)) return { kind: "place", space, ticket: third };
  if (!isRendition(second)) return undefined;
  if (third === "stream.mp4") return { kind: "stream", space, rendition: second };
  if (third === "init.mp4") return { kind: "init", space, rendition: second };
  if (third === "index.m3u8") return { kind: "playlist", space, rendition: second };
  const n = segmentPattern.exec(third)?.[1];
  return n === undefined ? undefined : { kind: "segment", space, rendition: second, n: Number(n) };
}

/** Reads a path (no query) under `/replay/`; `undefined` when it is outside the grammar. */
export function parseReplayPath(path: string): ReplayPath | undefined {
  const parts = split(path, "/replay/");
  if (!parts) return undefined;
  const [space, second, third] = parts;
  if (third === undefined) {
    if (second === "state.json") return { kind: "replay-state", space };
    if (second === "index.m3u8") return { kind: "replay-master", space };
    if (second === "marks.json") return { kind: "replay-marks", space };
    if (second === "audio.m4a" || second === "audio.opus") return { kind: "replay-file", space, file: second };
    return undefined;
  }
  if (!isRendition(second)) return undefined;
  if (third === "init.mp4") return { kind: "replay-init", space, rendition: second };
  if (third === "index.m3u8") return { kind: "replay-playlist", space, rendition: second };
  const n = segmentPattern.exec(third)?.[1];
  return n === undefined ? undefined : { kind: "replay-segment", space, rendition: second, n: Number(n) };
}

function split(path: string, prefix: string): [space: string, second: string, third?: string] | undefined {
  if (!path.startsWith(prefix) || path.length > 160) return undefined;
  const [space, second, third, ...more] = path.slice(prefix.length).split("/");
  if (space === undefined || second === undefined || more.length > 0 || !isSpaceName(space)) return undefined;
  return third === undefined ? [space, second] : [space, second, third];
}

export const livePaths = {
  state: (space: string): string => `/live/${space}/state.json`,
  master: (space: string): string => `/live/${space}/index.m3u8`,
  /** `POST` without a body: a player that was drawn listens; `share` is the state's share that it was drawn by. 204, never cached. */
  beacon: (space: string, share: number): string => `/live/${space}/beacon?share=${share}`,
  /** What is going on, in words (`LiveText`). */
  text: (space: string): string => `/live/${space}/text.json`,
  /** The lottery of who came before the hour (`LineTold`). */
  line: (space: string): string => `/live/${space}/line.json`,
  /** `POST` for a place in line, `GET` with its ticket for how it stands (`Place`). */
  place: (space: string, ticket?: string): string => `/live/${space}/place${ticket === undefined ? "" : `/${ticket}`}`,
  playlist: (space: string, rendition: RenditionName): string => `/live/${space}/${rendition}/index.m3u8`,
  init: (space: string, rendition: RenditionName): string => `/live/${space}/${rendition}/init.mp4`,
  segment: (space: string, rendition: RenditionName, n: SegmentNumber): string =>
    `/live/${space}/${rendition}/${n}.m4s`,
  stream: (space: string, rendition: RenditionName): string => `/live/${space}/${rendition}/stream.mp4`,
} as const;

/**
 * A request header by which one of our own servers asks another for a segment that is still being made: the answer is
 * sent chunk by chunk (`Transfer-Encoding: chunked`) instead of held until the segment is whole. Same URL, same bytes.
 */
export const chunksHeader = "rostra-chunks";
