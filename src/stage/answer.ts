import { randomInt } from "node:crypto";
import type { OfferFacts } from "./offer.ts";

/** Our end of a peer's transport, as its media library made it. */
export interface LocalTransport {
  readonly iceUfrag: string;
  readonly icePwd: string;
  readonly fingerprint: string;
  readonly setup: string;
  readonly candidates: readonly Candidate[];
  /** The SSRC of what we send. */
  readonly ssrc: number;
  /** Our end only answers checks (RFC 8445, 2.5). @default false */
  readonly iceLite?: boolean;
}

/** A host candidate of ours (RFC 8839; TCP: RFC 6544, passive). */
export interface Candidate {
  readonly protocol: "udp" | "tcp";
  readonly address: string;
  readonly port: number;
}

const eol = "\r\n";

/**
 * What an endpoint must be able to send and receive here: mono speech with in-band FEC, no DTX (a stream that never
 * pauses tells loss from silence), and a rate that leaves room for FEC (RFC 7587).
 */
const opusParameters = "minptime=10;useinbandfec=1;stereo=0;sprop-stereo=0;usedtx=0;maxaveragebitrate=48000";

const opusLines = (payloadType: number): string[] => [
  `a=rtpmap:${payloadType} opus/48000/2`,
  `a=fmtp:${payloadType} ${opusParameters}`,
];

/** The direction of the answer (RFC 3264): a sendonly offer must be answered recvonly, or browsers refuse it. */
export const answerDirection = (offer: OfferFacts): "sendrecv" | "recvonly" | "sendonly" | "inactive" =>
  offer.sends ? (offer.receives ? "sendrecv" : "recvonly") : offer.receives ? "sendonly" : "inactive";

const offerDirection = {
  sendrecv: "sendrecv",
  recvonly: "sendonly",
  sendonly: "recvonly",
  inactive: "inactive",
} as const;

/**
 * The offer as a media library gets it: written anew from checked facts, one audio line, and without the far side's
 * candidates. The stage learns addresses only from packets that carry the session's ICE password, so an offer cannot
 * make it send anything to an address of the offer's choosing.
 */
export function writeCheckedOffer(offer: OfferFacts): string {
  return [
    "v=0",
    "o=- 1 1 IN IP4 0.0.0.0",
    "s=-",
    "t=0 0",
    `a=group:BUNDLE ${offer.mid}`,
    "a=msid-semantic: WMS *",
    `m=audio 9 UDP/TLS/RTP/SAVPF ${offer.payloadType}`,
    "c=IN IP4 0.0.0.0",
    `a=mid:${offer.mid}`,
    `a=${offerDirection[answerDirection(offer)]}`,
    "a=rtcp-mux",
    `a=ice-ufrag:${offer.iceUfrag}`,
    `a=ice-pwd:${offer.icePwd}`,
    "a=ice-options:trickle",
    `a=fingerprint:${offer.fingerprint.algorithm} ${offer.fingerprint.value}`,
    `a=setup:${offer.setup}`,
    ...opusLines(offer.payloadType),
    "",
  ].join(eol);
}

/** RFC 8445 5.1.2.1: host candidates, earlier ones preferred; component 1 (RTP and RTCP share it). */
function candidateLine(candidate: Candidate, index: number): string {
  const type = candidate.protocol === "udp" ? 126 : 90;
  const priority = type * 2 ** 24 + (65_535 - index) * 2 ** 8 + 255;
  const { protocol, address, port } = candidate;
  const tcpType = protocol === "tcp" ? " tcptype passive" : "";
  return `a=candidate:${index + 1} 1 ${protocol} ${priority} ${address} ${port} typ host${tcpType}`;
}

/** The answer a client gets: as many m-lines as it offered, all but the accepted one rejected with port 0. */
export function writeAnswer(offer: OfferFacts, local: LocalTransport): string {
  const direction = answerDirection(offer);
  const first = local.candidates[0];
  const address = first && first.protocol === "udp" ? first : { address: "0.0.0.0", port: 9 };
  const lines = ["v=0", `o=- ${randomInt(1, 2 ** 47)} 1 IN IP4 0.0.0.0`, "s=-", "t=0 0"];
  if (local.iceLite) lines.push("a=ice-lite");
  if (offer.bundled) lines.push(`a=group:BUNDLE ${offer.mid}`);
  lines.push("a=msid-semantic: WMS *");
  for (const [index, media] of offer.media.entries()) {
    if (index !== offer.accepted) {
      lines.push(`m=${media.kind} 0 ${media.protocol} ${media.format}`, "c=IN IP4 0.0.0.0");
      if (media.mid !== undefined) lines.push(`a=mid:${media.mid}`);
      lines.push("a=inactive");
      continue;
    }
    lines.push(
      `m=audio ${address.port} ${media.protocol} ${offer.payloadType}`,
      `c=IN ${address.address.includes(":") ? "IP6" : "IP4"} ${address.address}`,
    );
    if (media.mid !== undefined) lines.push(`a=mid:${media.mid}`);
    lines.push(
      `a=${direction}`,
      "a=rtcp-mux",
      ...(offer.reducedSizeRtcp ? ["a=rtcp-rsize"] : []),
      `a=ice-ufrag:${local.iceUfrag}`,
      `a=ice-pwd:${local.icePwd}`,
      `a=fingerprint:${local.fingerprint}`,
      `a=setup:${local.setup}`,
      ...opusLines(offer.payloadType),
      "a=ptime:20",
      "a=maxptime:60",
    );
    if (offer.receives) lines.push("a=msid:stage mix", `a=ssrc:${local.ssrc} cname:rostra`);
    lines.push(...local.candidates.map(candidateLine), "a=end-of-candidates");
  }
  return `${lines.join(eol)}${eol}`;
}
