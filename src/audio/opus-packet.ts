/** What the first bytes of an Opus packet tell without decoding it (RFC 6716, section 3). */

/** The samples at 48 kHz of one frame, by the TOC byte's config (RFC 6716, table 2). */
const frameSamplesOf = (config: number): number => {
  if (config < 12) return [480, 960, 1920, 2880][config % 4] ?? 0;
  if (config < 16) return config % 2 === 0 ? 480 : 960;
  return [120, 240, 480, 960][config % 4] ?? 0;
};

/** The longest packet, in samples at 48 kHz: 120 ms. */
export const longestOpusPacket = 5760;

/** How many samples at 48 kHz a packet decodes to; `undefined` when it is not an Opus packet. */
export function opusSamples(packet: Uint8Array): number | undefined {
  const toc = packet[0];
  if (toc === undefined) return undefined;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code === 3 ? (packet[1] ?? 0) & 0x3f : 2;
  const samples = frames * frameSamplesOf(toc >> 3);
  return samples > 0 && samples <= longestOpusPacket ? samples : undefined;
}

/**
 * Whether a packet carries a copy of the frame before it (in-band FEC, RFC 6716, sections 4.2.3 and 4.2.4): the LBRR flag
 * that follows the VAD flags of the SILK layer, for each channel. Only read for packets of one frame; others are said to have none.
 */
export function opusHasFec(packet: Uint8Array): boolean {
  const toc = packet[0] ?? 0xff;
  const config = toc >> 3;
  if (config >= 16 || (toc & 3) !== 0) return false;
  const silkFrames = Math.max(1, frameSamplesOf(config) / 960);
  const flags = packet[1] ?? 0;
  const side = (toc & 4) !== 0 ? (flags >> (6 - 2 * silkFrames)) & 1 : 0;
  return ((flags >> (7 - silkFrames)) & 1) === 1 || side === 1;
}
