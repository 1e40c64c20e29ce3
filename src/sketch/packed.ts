import { deflateRawSync, inflateRawSync } from "node:zlib";
import { Problem } from "../foundation/errors.ts";

/** A sketch as text: its kind, its two measures, and its bytes, which are mostly zeros, deflated (RFC 1951) in base64. */
export function pack(kind: string, measures: readonly [number, number], ...parts: readonly ArrayBufferView[]): string {
  const bytes = parts.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
  return `${kind}${measures.join("x")}:${deflateRawSync(Buffer.concat(bytes), { level: 1 }).toString("base64")}`;
}

/**
 * Reads what `pack` wrote. Throws `bad-sketch` for anything else, before more than `most` bytes are taken.
 * @param size how many bytes a sketch of these measures has
 */
export function unpack(
  text: string,
  kind: string,
  size: (measures: readonly [number, number]) => number,
  most: number,
): { readonly measures: readonly [number, number]; readonly bytes: Buffer } {
  const head = /^([a-z])(\d{1,9})x(\d{1,9}):/.exec(text);
  if (head?.[1] !== kind) throw badSketch(`it does not begin with ${kind} and its measures`);
  const measures = [Number(head[2]), Number(head[3])] as const;
  const wanted = size(measures);
  if (!(wanted > 0 && wanted <= most)) throw badSketch(`its measures are ${measures.join(" and ")}`);
  const packed = Buffer.from(text.slice(head[0].length), "base64");
  try {
    const bytes = inflateRawSync(packed, { maxOutputLength: wanted });
    if (bytes.length === wanted) return { measures, bytes };
  } catch {
    // Told below: whatever is wrong with it, it is no sketch.
  }
  throw badSketch(`its measures need ${wanted} bytes, and others came`);
}

export const badSketch = (why: string): Problem =>
  new Problem({
    status: 400,
    code: "bad-sketch",
    title: "This is no sketch",
    detail: `It cannot be read as a summary: ${why}.`,
    action: "Send it as it was made; both servers must be of versions that know the same sketches.",
  });

/** Throws `bad-sketch` when two summaries that are to be merged have other measures. */
export function mustBeAlike(mine: readonly [number, number], other: readonly [number, number]): void {
  if (mine[0] !== other[0] || mine[1] !== other[1])
    throw badSketch(`it has ${other.join(" by ")} places, and is to be merged into ${mine.join(" by ")}`);
}
