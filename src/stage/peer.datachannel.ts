import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import type { Audio as AudioMedia, Direction, PeerConnection, Track } from "node-datachannel";
import { Problem, reason } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import { answerDirection, writeAnswer, writeCheckedOffer } from "./answer.ts";
import type { OfferFacts } from "./offer.ts";
import type { OutgoingPacket, Peer, PeerDriver, PeerEvents, PeerState, ReceptionReport } from "./peer.ts";
import { portTaken } from "./port-taken.ts";
import { isRtcp, readRtp, writeReceiverReport, writeRtp } from "./rtp.ts";
import { attribute, parseSdp } from "./sdp.ts";

type Library = typeof import("node-datachannel");

export interface DataChannelOptions {
  /** The one UDP port of all peers; 0 for any free one. */
  readonly port: number;
  /** The addresses to announce, best first; asked for each answer, since interfaces come and go. */
  readonly addresses: () => readonly string[];
  readonly log: Log;
}

const directions: Record<ReturnType<typeof answerDirection>, Direction> = {
  sendrecv: "SendRecv",
  recvonly: "RecvOnly",
  sendonly: "SendOnly",
  inactive: "Inactive",
};

const states: Readonly<Record<string, PeerState>> = {
  new: "connecting",
  connecting: "connecting",
  connected: "connected",
  disconnected: "disconnected",
  failed: "failed",
  closed: "closed",
};

/**
 * Peers over UDP by libdatachannel. All share one port: the library tells them apart by the ICE user name of their
 * first packets. The port is held from the start, so that a taken one is known before the first speaker comes: later,
 * the library would end the process over it.
 */
export async function dataChannelDriver(asked: DataChannelOptions): Promise<PeerDriver & { readonly port: number }> {
  const library = await import("node-datachannel");
  const options = { ...asked, port: asked.port === 0 ? await freeUdpPort() : asked.port };
  library.initLogger("Warning", (level, message) => options.log.debug("webrtc", { level, message }));
  let listener: InstanceType<Library["IceUdpMuxListener"]>;
  try {
    listener = new library.IceUdpMuxListener(options.port);
  } catch (failure) {
    throw portTaken("UDP", options.port, failure);
  }
  const peers = new Set<Peer>();
  return {
    port: options.port,
    answer: async (offer, events) => {
      const peer = openPeer(library, options, offer, events, () => peers.delete(peer));
      peers.add(peer);
      return peer;
    },
    close: async () => {
      for (const peer of peers) peer.close();
      listener.stop();
    },
  };
}

function freeUdpPort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const socket = createSocket("udp4").once("error", reject);
  socket.bind(0, () => {
    const { port } = socket.address();
    socket.close(() => resolve(port));
  });
  return promise;
}

function openPeer(
  library: Library,
  options: DataChannelOptions,
  offer: OfferFacts,
  events: PeerEvents,
  onClosed: () => void,
): Peer {
  const connection = new library.PeerConnection("speaker", {
    iceServers: [],
    enableIceUdpMux: true,
    portRangeBegin: options.port,
    portRangeEnd: options.port,
    disableAutoNegotiation: true,
  });
  try {
    return new DataChannelPeer(library, connection, options, offer, events, onClosed);
  } catch (failure) {
    connection.close();
    throw new Problem({
      status: 422,
      code: "sdp-unusable",
      title: "The offer cannot be answered",
      detail: `The media library refused it: ${reason(failure).slice(0, 200)}.`,
      action: "Send the SDP that the browser's createOffer() gave, unchanged.",
      cause: failure,
    });
  }
}

class DataChannelPeer implements Peer {
  readonly answer: string;
  readonly #connection: PeerConnection;
  readonly #track: Track;
  readonly #ssrc = randomInt(1, 2 ** 32);
  readonly #offer: OfferFacts;
  readonly #onClosed: () => void;
  #open = false;
  #closed = false;

  constructor(
    library: Library,
    connection: PeerConnection,
    options: DataChannelOptions,
    offer: OfferFacts,
    events: PeerEvents,
    onClosed: () => void,
  ) {
    this.#connection = connection;
    this.#offer = offer;
    this.#onClosed = onClosed;
    const audio: AudioMedia = new library.Audio(offer.mid, directions[answerDirection(offer)]);
    audio.addOpusCodec(offer.payloadType);
    if (offer.receives) audio.addSSRC(this.#ssrc, "rostra", "stage", "mix");
    this.#track = connection.addTrack(audio);
    this.#track.onOpen(() => {
      this.#open = !this.#closed;
    });
    this.#track.onClosed(() => {
      this.#open = false;
    });
    this.#track.onError(() => {
      this.#open = false;
    });
    this.#track.onMessage((message) => {
      if (this.#closed) return;
      if (isRtcp(message)) return events.onAlive();
      const packet = readRtp(message, offer.payloadType);
      if (packet) events.onPacket(packet);
    });
    connection.onStateChange((state) => {
      const known = states[state];
      if (known && !this.#closed) events.onState(known);
    });
    connection.setRemoteDescription(writeCheckedOffer(offer), "offer");
    connection.setLocalDescription("answer");
    this.answer = this.#writeAnswer(options);
  }

  #writeAnswer(options: DataChannelOptions): string {
    const local = parseSdp(this.#connection.localDescription()?.sdp ?? "");
    const find = (name: string): string => {
      const value = [...local.media, local.session].map((one) => attribute(one, name)).find((one) => one !== undefined);
      if (value === undefined) throw new Error(`the library's description has no ${name}`);
      return value;
    };
    return writeAnswer(this.#offer, {
      iceUfrag: find("ice-ufrag"),
      icePwd: find("ice-pwd"),
      fingerprint: find("fingerprint"),
      setup: find("setup"),
      candidates: options.addresses().map((address) => ({ protocol: "udp", address, port: options.port })),
      ssrc: this.#ssrc,
    });
  }

  send(packet: OutgoingPacket): void {
    if (this.#offer.receives) this.#write(writeRtp(packet, this.#offer.payloadType, this.#ssrc));
  }

  report(report: ReceptionReport): void {
    this.#write(writeReceiverReport(this.#ssrc, report));
  }

  /** The track may close between two events of the library; what cannot be sent then is lost like any packet. */
  #write(bytes: Buffer): void {
    if (!this.#open) return;
    try {
      this.#track.sendMessageBinary(bytes);
    } catch {
      this.#open = false;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#open = false;
    this.#connection.close();
    this.#onClosed();
  }
}
