import type { OfferFacts } from "./offer.ts";

/**
 * One speaker's WebRTC connection, as the stage sees it: RTP packets in, Opus payloads out. A driver wraps a media
 * library (`peer.datachannel.ts`: UDP, one port for all; `peer.werift.ts`: TCP for those whose UDP is blocked).
 */
export interface Peer {
  /** The SDP answer for the client. */
  readonly answer: string;
  /** Sends one Opus packet; does nothing while the connection is not open or the far side does not receive. */
  send(packet: OutgoingPacket): void;
  /** Tells the far side what arrives (RTCP receiver report), so that it adapts its FEC. */
  report(report: ReceptionReport): void;
  /** Ends the connection; safe twice. No event comes after it. */
  close(): void;
}

export interface OutgoingPacket {
  readonly payload: Uint8Array;
  /** 16 bits. */
  readonly sequence: number;
  /** In samples at 48 kHz, 32 bits. */
  readonly timestamp: number;
  /** True on the first packet after a pause. */
  readonly marker: boolean;
}

export interface IncomingPacket {
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
  /** One Opus packet. */
  readonly payload: Uint8Array;
}

/** RFC 3550, 6.4.1: the fields of a report block that we fill. */
export interface ReceptionReport {
  readonly ssrc: number;
  /** Lost since the last report, 0…1. */
  readonly fractionLost: number;
  /** Lost in all. */
  readonly lost: number;
  /** The highest sequence number received, with wraps counted in the upper 16 bits. */
  readonly highestSequence: number;
  /** Interarrival jitter in samples. */
  readonly jitter: number;
}

export type PeerState = "connecting" | "connected" | "disconnected" | "failed" | "closed";

export interface PeerEvents {
  onPacket(packet: IncomingPacket): void;
  /** The far side was heard otherwise than by audio (RTCP): it is alive. */
  onAlive(): void;
  onState(state: PeerState): void;
}

export interface PeerDriver {
  /** Answers an offer. Throws a Problem when the library cannot. */
  answer(offer: OfferFacts, events: PeerEvents): Promise<Peer>;
  /** Ends every peer and the port. */
  close(): Promise<void>;
}
