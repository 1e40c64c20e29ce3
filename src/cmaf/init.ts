import { renditionFacts, type RenditionName } from "../wire/rendition.ts";
import { samplesPerChunk } from "../wire/timeline.ts";
import { box, concat, fullBox, text, u32 } from "./box.ts";
import { movieHeader, track, trackId } from "./track.ts";

/** How many packets a chunk of 320 ms holds: 16 of 960 samples, or 15 of 1024. */
export const packetsPerChunk = (rendition: RenditionName): number => codecPackets[renditionFacts[rendition].codec];

/** Packets in a chunk by codec; the two numbers tell the codecs apart. */
export const codecPackets = { opus: 16, aac: 15 } as const;

/** Samples at 48 kHz in one packet of the rendition. */
export const samplesPerPacket = (rendition: RenditionName): number => samplesPerChunk / packetsPerChunk(rendition);

/** Every sample stands alone: sample_depends_on = 2 (ISO/IEC 14496-12 section 8.8.3.1). */
const independent = 0x02000000;

/**
 * The init segment of a rendition: `ftyp` and `moov` (ISO/IEC 23000-19 section 7.3.1). Durations and flags of packets
 * are told here once, in `trex`, so that chunks need not repeat them. The pre-skip of Opus is 0: the programme lines
 * its encoders up with the clock, and a listener who joins in the middle must lose nothing.
 */
export function initSegment(rendition: RenditionName): Uint8Array {
  const facts = renditionFacts[rendition];
  const empty = [
    fullBox("stts", 0, 0, u32(0)),
    fullBox("stsc", 0, 0, u32(0)),
    fullBox("stsz", 0, 0, u32(0, 0)),
    fullBox("stco", 0, 0, u32(0)),
  ];
  return concat([
    box("ftyp", text("iso6"), u32(0), text("iso6"), text("cmfc")),
    box(
      "moov",
      movieHeader(0),
      track(facts, 0, 0, empty),
      box("mvex", fullBox("trex", 0, 0, u32(trackId, 1, samplesPerPacket(rendition), 0, independent))),
    ),
  ]);
}
