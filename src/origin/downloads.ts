import { createHash } from "node:crypto";
import type { ReplayReader } from "./replay-reader.ts";

/**
 * A whole conversation as one file that is not on disk: its length and every byte of it follow from the sizes of its
 * packets, so any range can be sent by reading just the segments it covers.
 */
export interface Download {
  readonly contentType: string;
  readonly bytes: number;
  /** A strong validator (RFC 9110, 8.8.3), with its quotes. */
  readonly etag: string;
  /** The bytes from `from` up to, not including, `to`. */
  read(from: number, to: number): AsyncGenerator<Uint8Array>;
}

/** A file made of a head and of pieces of known sizes, each of which can be made on its own. */
export interface Pieces {
  readonly contentType: string;
  readonly head: Uint8Array;
  /** Bytes of each piece. */
  readonly sizes: ArrayLike<number>;
  /** Makes piece `i`. */
  readonly piece: (i: number) => Promise<Uint8Array>;
}

/** @param name what tells this file from others of the same replay */
export function downloadOf(replay: ReplayReader, name: string, { contentType, head, sizes, piece }: Pieces): Download {
  const starts = new Float64Array(sizes.length + 1);
  starts[0] = head.length;
  for (let i = 0; i < sizes.length; i++) starts[i + 1] = (starts[i] ?? 0) + (sizes[i] ?? 0);
  const bytes = starts[sizes.length] ?? head.length;
  const identity = `${replay.spec.id} ${replay.first} ${replay.last} ${bytes} ${name}`;
  const etag = `"${createHash("sha256").update(identity).update(head).digest("base64url").slice(0, 24)}"`;
  return {
    contentType,
    bytes,
    etag,
    read: async function* (from, to) {
      if (from < head.length) yield head.subarray(from, Math.min(to, head.length));
      for (let i = pieceAt(starts, from); i < sizes.length && (starts[i] ?? 0) < to; i++) {
        const start = starts[i] ?? 0;
        const whole = await piece(i);
        yield whole.subarray(Math.max(0, from - start), Math.min(whole.length, to - start));
      }
    },
  };
}

/** The piece that holds the byte at `offset`: the last one that starts at or before it. */
function pieceAt(starts: Float64Array, offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The sizes of all packets of a rendition, in order. */
export async function packetSizes(replay: ReplayReader, rendition: "aac-64k" | "opus-32k"): Promise<Uint16Array> {
  let sizes = new Uint16Array(0);
  let count = 0;
  for (let n = replay.first; n <= replay.last; n++) {
    const packets = await replay.packets(rendition, n);
    if (sizes.length === 0) sizes = new Uint16Array(packets.length * replay.segments);
    for (const packet of packets) sizes[count++] = packet.length;
  }
  return sizes.subarray(0, count);
}
