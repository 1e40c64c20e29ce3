import { audioFile } from "../cmaf/file.ts";
import { packetsPerChunk } from "../cmaf/init.ts";
import { chunksPerSegment } from "../wire/timeline.ts";
import { type Download, downloadOf, packetSizes } from "./downloads.ts";
import type { ReplayReader } from "./replay-reader.ts";

const rendition = "aac-64k";
const perSegment = packetsPerChunk(rendition) * chunksPerSegment;

/** The replay as one MP4 file whose table comes first: a player seeks in it before it has it. */
export async function m4aDownload(replay: ReplayReader): Promise<Download> {
  const packets = await packetSizes(replay, rendition);
  const { head } = audioFile(rendition, packets, replay.spec.title);
  const sizes = new Uint32Array(replay.segments);
  for (const [i, size] of packets.entries()) {
    const segment = Math.floor(i / perSegment);
    sizes[segment] = (sizes[segment] ?? 0) + size;
  }
  return downloadOf(replay, "m4a", {
    contentType: "audio/mp4",
    head,
    sizes,
    piece: async (i) => Buffer.concat(await replay.packets(rendition, replay.first + i)),
  });
}
