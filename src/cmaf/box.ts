/**
 * ISO base media file format boxes (ISO/IEC 14496-12:2022, section 4.2) as bytes: everything is big-endian, and a box is
 * a 32-bit size, four letters and its content.
 */
const ascii = new TextEncoder();

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const text = (letters: string): Uint8Array => ascii.encode(letters);

export function u8(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function u16(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 2);
  const view = viewOf(bytes);
  for (const [i, value] of values.entries()) view.setUint16(i * 2, value);
  return bytes;
}

export function u32(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = viewOf(bytes);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value);
  return bytes;
}

/** A whole number below 2^53 in 64 bits. */
export function u64(value: number): Uint8Array {
  return u32(Math.floor(value / 2 ** 32), value >>> 0);
}

/** A box: `type` is its four letters. */
export function box(type: string, ...content: readonly Uint8Array[]): Uint8Array {
  const bytes = concat([new Uint8Array(4), text(type), ...content]);
  viewOf(bytes).setUint32(0, bytes.length);
  return bytes;
}

/** A box that begins with a version and 24 bits of flags. */
export function fullBox(type: string, version: number, flags: number, ...content: readonly Uint8Array[]): Uint8Array {
  return box(type, u32(((version << 24) | flags) >>> 0), ...content);
}

/** Four letters as the number that stands in the bytes, to compare without making strings. */
export function fourcc(type: string): number {
  return viewOf(text(type)).getUint32(0);
}
