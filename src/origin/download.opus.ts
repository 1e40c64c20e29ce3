import { maxSegments, OggOpusWriter, packetsPerPage, pageHeaderBytes } from "../audio/ogg.ts";
import { packetsPerChunk } from "../cmaf/init.ts";
import { chunksPerSegment } from "../wire/timeline.ts";
import { type Download, downloadOf, packetSizes } from "./downloads.ts";
import type { ReplayReader } from "./replay-reader.ts";

const rendition = "opus-32k";
const perSegment = packetsPerChunk(rendition) * chunksPerSegment;
/** Pages of the head: OpusHead, and OpusTags with a title, which is far below a page's 65,025 bytes. */
const headPages = 2;
/** The programme lines its encoders up with the clock, so nothing is to be dropped at the start. */
const preSkip = 0;

/** Segments that a download keeps in memory: those of one page, and of a second reader. */
const keptSegments = 6;

/** Where the pages begin that `OggOpusWriter` makes of packets of these sizes; the last entry is the end. */
export function pagesOf(packets: ArrayLike<number>): { readonly begins: number[]; readonly sizes: number[] } {
  const begins = [0];
  const sizes: number[] = [];
  let lacing = 0;
  let bytes = 0;
  for (let i = 0; i < packets.length; i++) {
    const size = packets[i] ?? 0;
    const laces = Math.floor(size / 255) + 1;
    if (i > 0 && (lacing + laces > maxSegments || i - (begins.at(-1) ?? 0) >= packetsPerPage)) {
      sizes.push(pageHeaderBytes + lacing + bytes);
      begins.push(i);
      lacing = bytes = 0;
    }
    lacing += laces;
    bytes += size;
  }
  sizes.push(pageHeaderBytes + lacing + bytes);
  begins.push(packets.length);
  return { begins, sizes };
}

/** The replay as one Ogg Opus file (RFC 7845). */
export async function opusDownload(replay: ReplayReader): Promise<Download> {
  const { begins, sizes } = pagesOf(await packetSizes(replay, rendition));
  const date = new Date(replay.epochMs).toISOString().slice(0, 10);
  const options = { preSkip, comments: [`TITLE=${replay.spec.title}`, `DATE=${date}`] };
  const lastPage = sizes.length - 1;
  const read = latestKept((segment) => replay.packets(rendition, replay.first + segment));
  return downloadOf(replay, "opus", {
    contentType: "audio/ogg",
    head: new OggOpusWriter(options).head(),
    sizes,
    piece: async (page) => {
      const [from, to] = [begins[page] ?? 0, begins[page + 1] ?? 0];
      const writer = new OggOpusWriter({ ...options, resume: { page: headPages + page, packets: from } });
      // The packet after the page's last one completes it; the very last page is completed by the end.
      const packets = await packetsBetween(read, from, page === lastPage ? to : to + 1);
      let made: Uint8Array | undefined;
      for (const packet of packets) made = writer.push(packet) ?? made;
      return page === lastPage ? writer.end() : (made ?? new Uint8Array());
    },
  });
}

type ReadSegment = (segment: number) => Promise<Uint8Array[]>;

async function packetsBetween(read: ReadSegment, from: number, to: number): Promise<Uint8Array[]> {
  const packets: Uint8Array[] = [];
  const firstSegment = Math.floor(from / perSegment);
  for (let segment = firstSegment; segment * perSegment < to; segment++) packets.push(...(await read(segment)));
  return packets.slice(from - firstSegment * perSegment, to - firstSegment * perSegment);
}

/** Pages and segments do not line up, so the next page begins with the segments that the last one ended with. */
function latestKept(read: ReadSegment): ReadSegment {
  const kept = new Map<number, Promise<Uint8Array[]>>();
  return (segment) => {
    const packets = kept.get(segment) ?? read(segment);
    packets.catch(() => kept.delete(segment));
    kept.set(segment, packets);
    for (const old of kept.keys()) if (kept.size > keptSegments) kept.delete(old);
    return packets;
  };
}
