import { type Milliseconds, ms } from "../../src/foundation/duration.ts";
import type { ProblemDocument } from "../../src/foundation/errors.ts";
import { preferOpus } from "./sdp.ts";
import { openSilence, type Silence } from "./silence.ts";

/**
 * One media session by WHIP (RFC 9725): an offer with one audio section both ways is POSTed, the answer carries the
 * mix-minus back, DELETE on the Location ends it. A session is used once; `media-connection.ts` makes the next one.
 */
export type Transport = "udp" | "tcp";

export interface WhipOptions {
  /** Where offers go: `/api/v1/spaces/{id}/whip`. */
  readonly url: string;
  /** An invite or a participant's token. */
  readonly token: string;
  /** What is sent; without one the session only hears, until `replaceTrack`. */
  readonly track: MediaStreamTrack | undefined;
  /** How media should travel; `tcp` is asked for with `?transport=tcp`. */
  readonly transport: Transport;
  readonly iceServers?: readonly RTCIceServer[];
  /** How long ICE candidates are waited for before the offer goes. @default 500 */
  readonly gatheringMs?: Milliseconds;
}

/** What a session needs of the browser; a test gives its own. */
export interface WhipPorts {
  createPeer(configuration: RTCConfiguration): RTCPeerConnection;
  /** A stream that an `<audio>` element can play. */
  streamOf(track: MediaStreamTrack): MediaStream;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** What is sent while there is no microphone. */
  silence(): Silence;
}

export const browserPorts: WhipPorts = {
  createPeer: (configuration) => new RTCPeerConnection(configuration),
  streamOf: (track) => new MediaStream([track]),
  fetch: (url, init) => fetch(url, init),
  silence: openSilence,
};

/** Why an offer was not answered. `retryable` is false when the same offer would be refused again. */
export class WhipRefusal extends Error {
  readonly status: number;
  readonly problem: ProblemDocument | undefined;
  /** How long the server asks to wait, from Retry-After. */
  readonly retryAfter: Milliseconds | undefined;

  constructor(status: number, problem: ProblemDocument | undefined, retryAfter: Milliseconds | undefined) {
    super(problem?.detail ?? `WHIP answered ${status}`);
    this.name = "WhipRefusal";
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  get retryable(): boolean {
    return this.status >= 500 || [404, 408, 409, 425, 429].includes(this.status);
  }
}

/** Time the server has to answer an offer. */
const answerTimeoutMs = 8000;

export class WhipSession {
  readonly peer: RTCPeerConnection;
  /** The mix-minus: everybody but oneself. */
  readonly heard: MediaStream;
  readonly #ports: WhipPorts;
  readonly #location: string;
  readonly #token: string;
  readonly #sender: RTCRtpSender;
  #ended = false;

  private constructor(
    ports: WhipPorts,
    peer: RTCPeerConnection,
    sender: RTCRtpSender,
    heard: MediaStream,
    location: string,
    token: string,
  ) {
    this.#ports = ports;
    this.peer = peer;
    this.#sender = sender;
    this.heard = heard;
    this.#location = location;
    this.#token = token;
  }

  /** Offers and takes the answer; media may connect later or never. Throws `WhipRefusal`, or what the network threw. */
  static async open(options: WhipOptions, ports: WhipPorts, signal: AbortSignal): Promise<WhipSession> {
    const peer = ports.createPeer({ iceServers: [...(options.iceServers ?? [])], bundlePolicy: "max-bundle" });
    try {
      const transceiver = peer.addTransceiver(options.track ?? "audio", { direction: "sendrecv" });
      preferOpusCodec(transceiver);
      await peer.setLocalDescription(await peer.createOffer());
      await gathered(peer, options.gatheringMs ?? ms(500), signal);
      const answer = await ports.fetch(offerUrl(options), {
        method: "POST",
        headers: { "content-type": "application/sdp", authorization: `Bearer ${options.token}` },
        body: preferOpus(peer.localDescription?.sdp ?? ""),
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]),
      });
      if (answer.status !== 201) throw await refusal(answer);
      const location = new URL(answer.headers.get("location") ?? "", new URL(answer.url || options.url, baseUrl()))
        .href;
      const sdp = preferOpus(await answer.text());
      const session = new WhipSession(
        ports,
        peer,
        transceiver.sender,
        ports.streamOf(transceiver.receiver.track),
        location,
        options.token,
      );
      try {
        signal.throwIfAborted();
        await peer.setRemoteDescription({ type: "answer", sdp });
      } catch (failure) {
        session.end();
        throw failure;
      }
      return session;
    } catch (failure) {
      peer.close();
      throw failure;
    }
  }

  /** Sends another microphone from now on; no new offer is needed. */
  replaceTrack(track: MediaStreamTrack | null): Promise<void> {
    return this.#sender.replaceTrack(track);
  }

  /** Ends the session here and on the server. Goes through even while the page is being closed. Safe to call twice. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.peer.close();
    void this.#ports
      .fetch(this.#location, {
        method: "DELETE",
        headers: { authorization: `Bearer ${this.#token}` },
        keepalive: true,
      })
      .catch(() => {
        /* the server notices by itself that the media is gone */
      });
  }
}

const baseUrl = (): string | undefined => (typeof location === "undefined" ? undefined : location.href);

const offerUrl = (options: WhipOptions): string =>
  options.transport === "tcp" ? `${options.url}${options.url.includes("?") ? "&" : "?"}transport=tcp` : options.url;

function preferOpusCodec(transceiver: RTCRtpTransceiver): void {
  const codecs = typeof RTCRtpReceiver === "undefined" ? undefined : RTCRtpReceiver.getCapabilities?.("audio")?.codecs;
  if (!codecs || !transceiver.setCodecPreferences) return;
  const opus = codecs.filter((codec) => codec.mimeType.toLowerCase() === "audio/opus");
  if (opus.length > 0) transceiver.setCodecPreferences([...opus, ...codecs.filter((codec) => !opus.includes(codec))]);
}

/** Waits until all ICE candidates are known, but no longer than `bound`: the server answers to those it gets. */
function gathered(peer: RTCPeerConnection, bound: Milliseconds, signal: AbortSignal): Promise<void> {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, bound);
  peer.addEventListener("icegatheringstatechange", () => {
    if (peer.iceGatheringState === "complete") resolve();
  });
  signal.addEventListener("abort", () => resolve());
  return promise.finally(() => clearTimeout(timer));
}

async function refusal(answer: Response): Promise<WhipRefusal> {
  const seconds = Number(answer.headers.get("retry-after") ?? Number.NaN);
  const problem = answer.headers.get("content-type")?.includes("problem+json")
    ? ((await answer.json().catch(() => undefined)) as ProblemDocument | undefined)
    : undefined;
  return new WhipRefusal(answer.status, problem, Number.isFinite(seconds) ? ms(seconds * 1000) : undefined);
}
