import type { IncomingPacket, OutgoingPacket, ReceptionReport } from "./peer.ts";

/** RTP and RTCP as bytes (RFC 3550). */

/** RFC 5761, 4: with rtcp-mux, a second byte of 192…223 means RTCP. */
export const isRtcp = (packet: Uint8Array): boolean => {
  const type = packet[1] ?? 0;
  return type >= 192 && type <= 223;
};

/** Reads an RTP packet with the given payload type; `undefined` for anything else or malformed. */
export function readRtp(packet: Buffer, payloadType: number): IncomingPacket | undefined {
  if (packet.length < 12 || packet.readUInt8(0) >> 6 !== 2) return undefined;
  const flags = packet.readUInt8(0);
  if ((packet.readUInt8(1) & 0x7f) !== payloadType) return undefined;
  let start = 12 + (flags & 0x0f) * 4;
  if (flags & 0x10) {
    if (packet.length < start + 4) return undefined;
    start += 4 + packet.readUInt16BE(start + 2) * 4;
  }
  let end = packet.length;
  if (flags & 0x20) end -= packet.readUInt8(end - 1);
  if (end <= start) return undefined;
  return {
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
    payload: packet.subarray(start, end),
  };
}

export function writeRtp(packet: OutgoingPacket, payloadType: number, ssrc: number): Buffer {
  const bytes = Buffer.allocUnsafe(12 + packet.payload.length);
  bytes.writeUInt8(0x80, 0);
  bytes.writeUInt8((packet.marker ? 0x80 : 0) | payloadType, 1);
  bytes.writeUInt16BE(packet.sequence & 0xffff, 2);
  bytes.writeUInt32BE(packet.timestamp >>> 0, 4);
  bytes.writeUInt32BE(ssrc >>> 0, 8);
  bytes.set(packet.payload, 12);
  return bytes;
}

/** A receiver report with one block and the SDES CNAME that a compound packet must carry (RFC 3550, 6.1). */
export function writeReceiverReport(from: number, report: ReceptionReport): Buffer {
  const cname = "rostra";
  const sdesBytes = 4 + 4 + 2 + cname.length + 4 - ((2 + cname.length) % 4);
  const bytes = Buffer.alloc(32 + sdesBytes);
  bytes.writeUInt8(0x81, 0);
  bytes.writeUInt8(201, 1);
  bytes.writeUInt16BE(7, 2);
  bytes.writeUInt32BE(from >>> 0, 4);
  bytes.writeUInt32BE(report.ssrc >>> 0, 8);
  bytes.writeUInt8(Math.min(255, Math.max(0, Math.floor(report.fractionLost * 256))), 12);
  bytes.writeIntBE(Math.min(0x7fffff, Math.max(-0x800000, report.lost)), 13, 3);
  bytes.writeUInt32BE(report.highestSequence >>> 0, 16);
  bytes.writeUInt32BE(Math.max(0, Math.round(report.jitter)) >>> 0, 20);
  bytes.writeUInt8(0x81, 32);
  bytes.writeUInt8(202, 33);
  bytes.writeUInt16BE(sdesBytes / 4 - 1, 34);
  bytes.writeUInt32BE(from >>> 0, 36);
  bytes.writeUInt8(1, 40);
  bytes.writeUInt8(cname.length, 41);
  bytes.write(cname, 42, "ascii");
  return bytes;
}
