import type { RTCPeerConnection, RTCRtpSender } from "werift";
import { Problem, reason } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import { answerDirection, writeAnswer, writeCheckedOffer } from "./answer.ts";
import type { OfferFacts } from "./offer.ts";
import type { OutgoingPacket, Peer, PeerDriver, PeerEvents } from "./peer.ts";
import { writeRtp } from "./rtp.ts";
import { attribute, attributes, parseSdp } from "./sdp.ts";
import { openTcpMux, type TcpMux } from "./tcp-mux.ts";

export interface WeriftOptions {
  /** The one TCP port of all peers; 0 for any. */
  readonly port: number;
  /** The addresses to announce, best first. */
  readonly addresses: () => readonly string[];
  readonly log: Log;
}

const loopback = "127.0.0.1";

/**
 * Peers over TCP by werift, for speakers whose UDP is blocked: ICE lite, passive TCP candidates (RFC 6544). Each peer
 * listens on loopback only; the mux in front gives them one public port. The library costs 25 MB, so it is loaded
 * for the first such speaker.
 */
export async function weriftDriver(options: WeriftOptions): Promise<PeerDriver & { readonly port: number }> {
  const mux = await openTcpMux(options.port, options.log);
  const peers = new Set<Peer>();
  return {
    port: mux.port,
    answer: async (offer, events) => {
      const library = await import("werift");
      const connection = new library.RTCPeerConnection({
        codecs: { audio: [library.useOPUS({ payloadType: offer.payloadType })], video: [] },
        headerExtensions: { audio: [], video: [] },
        iceServers: [],
        iceLite: true,
        iceUseTcp: true,
        iceUseIpv4: false,
        iceUseIpv6: false,
        iceAdditionalHostAddresses: [loopback],
      });
      try {
        const peer: Peer = await openPeer(library, connection, mux, options, offer, events, () => peers.delete(peer));
        peers.add(peer);
        return peer;
      } catch (failure) {
        await connection.close().catch(() => {});
        throw new Problem({
          status: 422,
          code: "sdp-unusable",
          title: "The offer cannot be answered",
          detail: `The media library refused it: ${reason(failure).slice(0, 200)}.`,
          action: "Send the SDP that the browser's createOffer() gave, unchanged.",
          cause: failure,
        });
      }
    },
    close: async () => {
      for (const peer of peers) peer.close();
      await mux.close();
    },
  };
}

async function openPeer(
  library: typeof import("werift"),
  connection: RTCPeerConnection,
  mux: TcpMux,
  options: WeriftOptions,
  offer: OfferFacts,
  events: PeerEvents,
  onClosed: () => void,
): Promise<Peer> {
  let closed = false;
  connection.connectionStateChange.subscribe((state) => {
    if (!closed) events.onState(state === "new" ? "connecting" : state);
  });
  connection.onRemoteTransceiverAdded.subscribe((transceiver) => {
    transceiver.setDirection(answerDirection(offer));
  });
  await connection.setRemoteDescription({ type: "offer", sdp: writeCheckedOffer(offer) });
  await connection.setLocalDescription(await connection.createAnswer());
  const sender = connection.getTransceivers()[0]?.sender;
  if (!sender) throw new Error("the library made no audio transceiver");
  const transport = sender.dtlsTransport;
  // Before the library's own routing, which knows only senders whose SSRC stands in the offer.
  transport.onRtp.subscribe(({ header, payload }) => {
    if (closed || header.payloadType !== offer.payloadType || payload.length === 0) return;
    const { ssrc, sequenceNumber: sequence, timestamp } = header;
    events.onPacket({ ssrc, sequence, timestamp, payload });
  });
  transport.onRtcp.subscribe(() => {
    if (!closed) events.onAlive();
  });
  const local = localTransport(connection, sender);
  const forget = mux.register(local);
  const candidates = options.addresses().map((address) => ({ protocol: "tcp" as const, address, port: mux.port }));
  return {
    answer: writeAnswer(offer, { ...local, candidates }),
    send: (packet: OutgoingPacket) => {
      if (closed || !offer.receives || connection.connectionState !== "connected") return;
      // What cannot be sent any more is lost like any packet; the state event tells the rest.
      void sender.sendRtp(writeRtp(packet, offer.payloadType, sender.ssrc)).catch(() => {});
    },
    report: (report) => {
      if (closed || connection.connectionState !== "connected") return;
      const block = new library.RtcpReceiverInfo({
        ssrc: report.ssrc,
        fractionLost: Math.min(255, Math.floor(report.fractionLost * 256)),
        packetsLost: Math.max(0, report.lost),
        highestSequence: report.highestSequence,
        jitter: Math.round(report.jitter),
        lsr: 0,
        dlsr: 0,
      });
      const packet = new library.RtcpRrPacket({ ssrc: sender.ssrc, reports: [block] });
      void transport.sendRtcp([packet]).catch(() => {});
    },
    close: () => {
      if (closed) return;
      closed = true;
      forget();
      void connection.close().catch((failure: unknown) => options.log.debug("webrtc", { reason: reason(failure) }));
      onClosed();
    },
  };
}

function localTransport(
  connection: RTCPeerConnection,
  sender: RTCRtpSender,
): {
  iceUfrag: string;
  icePwd: string;
  fingerprint: string;
  setup: string;
  ssrc: number;
  iceLite: true;
  loopbackPort: number;
} {
  const sdp = parseSdp(connection.localDescription?.sdp ?? "");
  const sections = [...sdp.media, sdp.session];
  const find = (name: string): string => {
    const value = sections.map((one) => attribute(one, name)).find((one) => one !== undefined);
    if (value === undefined) throw new Error(`the library's description has no ${name}`);
    return value;
  };
  const passive = sections
    .flatMap((one) => attributes(one, "candidate"))
    .map((one) => / tcp \d+ 127\.0\.0\.1 (\d+) typ host.* tcptype passive/i.exec(one)?.[1])
    .find((port) => port !== undefined);
  if (passive === undefined) throw new Error("the library listens on no TCP port");
  return {
    iceUfrag: find("ice-ufrag"),
    icePwd: find("ice-pwd"),
    fingerprint: find("fingerprint"),
    setup: find("setup"),
    ssrc: sender.ssrc,
    iceLite: true,
    loopbackPort: Number(passive),
  };
}
