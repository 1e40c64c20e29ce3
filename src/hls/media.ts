import { epochMs } from "../foundation/duration.ts";
import { segmentMs, type SegmentNumber, segmentStart } from "../wire/timeline.ts";

/** EXT-X-TARGETDURATION in seconds: a segment's 0.96 s rounded to the nearest integer (RFC 8216bis, 4.4.3.1). */
export const targetDuration = 1;

/**
 * How many segments a live playlist lists. RFC 8216bis 6.2.2 asks for at least three target durations, and that a
 * segment stays available for its own duration plus the playlist's after it left: whoever serves playlists keeps at
 * least `2 · livePlaylistSegments + 1` segments.
 */
export const livePlaylistSegments = 12;

/** EXTINF of every segment. */
const segmentDuration = (segmentMs / 1000).toFixed(5);

export interface LivePlaylistFacts {
  /** When segment 0 starts. */
  readonly epochMs: number;
  /** The oldest segment that can still be had. */
  readonly first: SegmentNumber;
  /** The latest complete segment. */
  readonly latest: SegmentNumber;
  /** True when no segment follows `latest`: the playlist then says so and players stop at its end. */
  readonly ended: boolean;
}

/**
 * The live Media Playlist of one rendition, at most `livePlaylistSegments` long. All facts come from the feed, so an
 * edge writes the same text as the origin. Version 6 is the lowest that has EXT-X-MAP in an audio playlist.
 */
export function livePlaylist(facts: LivePlaylistFacts): string {
  const from = Math.max(facts.first, facts.latest - livePlaylistSegments + 1);
  const lines = [
    "#EXTM3U",
    "#EXT-X-VERSION:6",
    `#EXT-X-TARGETDURATION:${targetDuration}`,
    // HOLD-BACK must be at least three target durations.
    `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=${(3 * targetDuration).toFixed(1)}`,
    `#EXT-X-MEDIA-SEQUENCE:${from}`,
    ...segments(facts.epochMs, from, facts.latest),
  ];
  if (facts.ended) lines.push("#EXT-X-ENDLIST");
  return `${lines.join("\n")}\n`;
}

export interface VodPlaylistFacts {
  readonly epochMs: number;
  readonly first: SegmentNumber;
  readonly last: SegmentNumber;
}

/** The replay's Media Playlist of one rendition: every segment from `first` to `last`. */
export function vodPlaylist(facts: VodPlaylistFacts): string {
  const lines = [
    "#EXTM3U",
    "#EXT-X-VERSION:6",
    `#EXT-X-TARGETDURATION:${targetDuration}`,
    "#EXT-X-PLAYLIST-TYPE:VOD",
    `#EXT-X-MEDIA-SEQUENCE:${facts.first}`,
    ...segments(facts.epochMs, facts.first, facts.last),
    "#EXT-X-ENDLIST",
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * One date is enough: segments follow each other without a gap, so a player computes the others from it. The tag is
 * still the first segment's own, so it moves with the window.
 */
function segments(epoch: number, from: SegmentNumber, to: SegmentNumber): string[] {
  const start = new Date(segmentStart(epochMs(epoch), from)).toISOString();
  const lines = ["#EXT-X-INDEPENDENT-SEGMENTS", '#EXT-X-MAP:URI="init.mp4"', `#EXT-X-PROGRAM-DATE-TIME:${start}`];
  for (let n = from; n <= to; n++) lines.push(`#EXTINF:${segmentDuration},`, `${n}.m4s`);
  return lines;
}
