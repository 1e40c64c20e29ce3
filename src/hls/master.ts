import { type RenditionName, renditionFacts } from "../wire/rendition.ts";

/** Content type of every playlist (RFC 8216bis, section 10). */
export const playlistType = "application/vnd.apple.mpegurl";

/**
 * The order of variants. AAC stands first because Apple's players begin with the first variant they can play, and every
 * player there is can play AAC-LC; whoever knows Opus in MP4 sees it from its CODECS and may prefer it.
 */
const variantOrder: readonly RenditionName[] = ["aac-64k", "opus-32k", "opus-16k"];

/** Boxes of three fragments and the room's events, as bits per second on top of the encoder's rate. */
const boxesBitrate = 8_000;
/** Encoders with a reservoir or variable rate may exceed their rate for one segment by this factor. */
const peakFactor = 1.5;

/**
 * The Multivariant Playlist: one audio-only Variant Stream per rendition, without rendition groups. RFC 8216bis allows
 * both; a group would list each playlist twice, which makes some players load and append the same audio twice.
 * The same text serves `/live/{space}/` and `/replay/{space}/`: its URIs are relative.
 *
 * @param elsewhere the same directory on other hosts, without a trailing slash. Their variants follow as Redundant Streams
 * (RFC 8216bis, sections 4.4.6.2 and 6.2.4): the same attributes again, in the same order, with another URI.
 */
export function masterPlaylist(elsewhere: readonly string[] = []): string {
  const lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-INDEPENDENT-SEGMENTS"];
  for (const folder of ["", ...elsewhere.map((base) => `${base}/`)]) {
    for (const name of variantOrder) {
      const { bitrate, codecs } = renditionFacts[name];
      const peak = Math.ceil(bitrate * peakFactor) + boxesBitrate;
      lines.push(
        `#EXT-X-STREAM-INF:BANDWIDTH=${peak},AVERAGE-BANDWIDTH=${bitrate + boxesBitrate},CODECS="${codecs}"`,
        `${folder}${name}/index.m3u8`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
