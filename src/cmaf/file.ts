import { renditionFacts, type RenditionName } from "../wire/rendition.ts";
import { segmentMs } from "../wire/timeline.ts";
import { box, concat, fullBox, text, u16, u32, u64 } from "./box.ts";
import { packetsPerChunk, samplesPerPacket } from "./init.ts";
import { movieHeader, track } from "./track.ts";

/** Packets that lie together in the file and share one offset: a segment's. */
const segmentPackets = (rendition: RenditionName): number => packetsPerChunk(rendition) * (segmentMs / 320);

export interface AudioFile {
  /** Everything before the first packet: `ftyp`, `moov` with the whole sample table, and the head of `mdat`. */
  readonly head: Uint8Array;
  /** The length of the whole file: the head and then all packets, one after the other, nothing between. */
  readonly bytes: number;
}

/**
 * The head of one plain MP4 file (ISO/IEC 14496-12, and 14496-14 for AAC) of any length, computed from the sizes of its
 * packets alone: the caller reads the sizes, sends the head, then streams the packets from where they lie. The sample
 * table comes first, so a player can seek anywhere by HTTP ranges before it has the rest. Two hours are 1.4 MB of table.
 *
 * @param sizes the bytes of every packet in order; the packets follow each other without a gap in time
 */
export function audioFile(rendition: RenditionName, sizes: ArrayLike<number>, title = ""): AudioFile {
  const facts = renditionFacts[rendition];
  const duration = sizes.length * samplesPerPacket(rendition);
  const perRun = segmentPackets(rendition);
  const runs = Math.ceil(sizes.length / perRun);
  const last = sizes.length - (runs - 1) * perRun;
  const table = new Uint8Array(sizes.length * 4);
  const view = new DataView(table.buffer);
  let media = 0;
  for (let i = 0; i < sizes.length; i++) {
    const size = sizes[i] ?? 0;
    view.setUint32(i * 4, size);
    media += size;
  }
  // 64-bit sizes and offsets only where 32 bits cannot do: some old players read nothing else.
  const large = media > 0xf0000000;
  const ftyp = box("ftyp", text("M4A "), u32(0), text("M4A mp42isom"));
  const moov = (offsets: Uint8Array): Uint8Array =>
    box(
      "moov",
      movieHeader(duration),
      track(facts, duration, 0, [
        fullBox("stts", 0, 0, u32(1, sizes.length, samplesPerPacket(rendition))),
        last === perRun || runs < 2
          ? fullBox("stsc", 0, 0, u32(1, 1, runs < 2 ? last : perRun, 1))
          : fullBox("stsc", 0, 0, u32(2, 1, perRun, 1, runs, last, 1)),
        fullBox("stsz", 0, 0, u32(0, sizes.length), table),
        fullBox(large ? "co64" : "stco", 0, 0, u32(runs), offsets),
      ]),
      ...(title ? [named(title)] : []),
    );
  const offsets = new Uint8Array(runs * (large ? 8 : 4));
  const mdat = large ? concat([u32(1), text("mdat"), u64(media + 16)]) : concat([u32(media + 8), text("mdat")]);
  // The size of moov does not depend on the offsets in it, so it is made twice: to measure, and with them.
  const start = ftyp.length + moov(offsets).length + mdat.length;
  const places = new DataView(offsets.buffer);
  let at = start;
  for (let i = 0; i < sizes.length; i++) {
    if (i % perRun === 0) {
      if (large) places.setBigUint64((i / perRun) * 8, BigInt(at));
      else places.setUint32((i / perRun) * 4, at);
    }
    at += sizes[i] ?? 0;
  }
  return { head: concat([ftyp, moov(offsets), mdat]), bytes: start + media };
}

/** The title where players look for it: iTunes metadata, `©nam` as UTF-8. */
function named(title: string): Uint8Array {
  const utf8 = 1;
  const name = box("data", u32(utf8, 0), text(title));
  const nam = concat([u32(name.length + 8), Uint8Array.from([0xa9, 0x6e, 0x61, 0x6d]), name]);
  const handler = fullBox("hdlr", 0, 0, u32(0), text("mdirappl"), u32(0, 0), u16(0));
  return box("udta", fullBox("meta", 0, 0, handler, box("ilst", nam)));
}
