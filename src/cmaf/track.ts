import type { RenditionFacts } from "../wire/rendition.ts";
import { sampleRate } from "../wire/timeline.ts";
import { box, fullBox, text, u16, u32, u64, u8 } from "./box.ts";

/**
 * The description of the one audio track that all our files have: mono, 48 kHz, timescale 48,000 (ISO/IEC 14496-12
 * section 8). Init segments and the replay's file differ only in their sample tables.
 */
export const trackId = 1;

/** AAC-LC, 48 kHz, mono, and explicitly no SBR (ISO/IEC 14496-3 section 1.6.2.1). */
const audioSpecificConfig = u8(0x11, 0x88, 0x56, 0xe5, 0x00);

/** An MPEG-4 descriptor: tag, length, content (ISO/IEC 14496-1 section 7.2.2); ours are all shorter than 128 bytes. */
const descriptor = (tag: number, ...content: readonly Uint8Array[]): Uint8Array => {
  const size = content.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(2 + size);
  bytes.set([tag, size]);
  let at = 2;
  for (const part of content) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

/** OpusSpecificBox ("Encapsulation of Opus in ISO Base Media File Format" 0.8.1, section 4.3.2). */
function dOps(preSkip: number): Uint8Array {
  return box("dOps", u8(0, 1), u16(preSkip), u32(sampleRate), u16(0), u8(0));
}

function esds(bitrate: number): Uint8Array {
  const decoderConfig = descriptor(
    4,
    // Object type 0x40 (MPEG-4 audio), stream type 5 (audio), decoder buffer unknown, maximum and average bit rate.
    u8(0x40, 0x15, 0, 0, 0),
    u32(bitrate, bitrate),
    descriptor(5, audioSpecificConfig),
  );
  return fullBox("esds", 0, 0, descriptor(3, u16(trackId), u8(0), decoderConfig, descriptor(6, u8(2))));
}

/** AudioSampleEntry with the codec's own box. */
function sampleEntry(facts: RenditionFacts, preSkip: number): Uint8Array {
  const channels = 1;
  const bits = 16;
  return box(
    facts.codec === "opus" ? "Opus" : "mp4a",
    new Uint8Array(6),
    u16(1),
    new Uint8Array(8),
    u16(channels, bits, 0, 0),
    u32(sampleRate * 65_536),
    facts.codec === "opus" ? dOps(preSkip) : esds(facts.bitrate),
  );
}

const matrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

/** `mvhd`; `duration` in samples, 0 when it is not known. */
export function movieHeader(duration: number): Uint8Array {
  return fullBox(
    "mvhd",
    1,
    0,
    u64(0),
    u64(0),
    u32(sampleRate),
    u64(duration),
    u32(0x10000),
    u16(0x100, 0),
    u32(0, 0),
    matrix,
    new Uint8Array(24),
    u32(trackId + 1),
  );
}

/**
 * `trak` of one rendition.
 *
 * @param duration in samples, 0 when it is not known
 * @param preSkip the samples that a player drops at the start of an Opus track
 * @param tables the boxes after `stsd` in the sample table
 */
export function track(
  facts: RenditionFacts,
  duration: number,
  preSkip: number,
  tables: readonly Uint8Array[],
): Uint8Array {
  const enabledInMovie = 3;
  const undetermined = 0x55c4;
  const selfContained = 1;
  return box(
    "trak",
    fullBox(
      "tkhd",
      1,
      enabledInMovie,
      u64(0),
      u64(0),
      u32(trackId, 0),
      u64(duration),
      u32(0, 0),
      u16(0, 0, 0x100, 0),
      matrix,
      u32(0, 0),
    ),
    box(
      "mdia",
      fullBox("mdhd", 1, 0, u64(0), u64(0), u32(sampleRate), u64(duration), u16(undetermined, 0)),
      fullBox("hdlr", 0, 0, u32(0), text("soun"), u32(0, 0, 0), text("Rostra\0")),
      box(
        "minf",
        fullBox("smhd", 0, 0, u16(0, 0)),
        box("dinf", fullBox("dref", 0, 0, u32(1), fullBox("url ", 0, selfContained))),
        box("stbl", fullBox("stsd", 0, 0, u32(1), sampleEntry(facts, preSkip)), ...tables),
      ),
    ),
  );
}
