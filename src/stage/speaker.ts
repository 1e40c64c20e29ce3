import { randomInt } from "node:crypto";
import type { OpusEncoderHandle } from "libopus-wasm";
import { type AudioFrame, frameSamples } from "../audio/frame.ts";
import type { Clock } from "../foundation/clock.ts";
import { type EpochMs, type Milliseconds, between, seconds } from "../foundation/duration.ts";
import type { SessionState } from "../wire/stages.ts";
import { type Decoder, JitterBuffer, type JitterCounts } from "./jitter-buffer.ts";
import type { IncomingPacket, Peer, PeerEvents, PeerState } from "./peer.ts";
import { Reception } from "./reception.ts";

/** The encoder of what a speaker hears: mono, 20 ms. */
export type Encoder = Pick<OpusEncoderHandle, "encodeFloat" | "setPacketLossPercent" | "free">;

/** Where a session is; each member holds only what is true there. */
export type SpeakerState =
  | { readonly is: "connecting"; readonly since: EpochMs }
  | { readonly is: "connected" }
  /** Nothing is heard from the far side, or its connection is away. */
  | { readonly is: "interrupted"; readonly since: EpochMs }
  | { readonly is: "gone"; readonly why: GoneReason };

export type GoneReason = "left" | "failed" | "silent" | "timeout" | "replaced" | "removed" | "ended";

/** A session that is not connected by then is given up. */
export const connectTimeout: Milliseconds = seconds(15);
/** Audio comes 50 times a second; without any for this long the session counts as interrupted. */
export const interruptedAfter: Milliseconds = seconds(1);
/** …and as gone, when the far side was sending audio. */
export const goneAfter: Milliseconds = seconds(5);
/** Somebody who only listens is heard by RTCP every few seconds. */
export const listenerGoneAfter: Milliseconds = seconds(20);

export interface SpeakerOptions {
  readonly participant: string;
  readonly session: string;
  readonly clock: Clock;
  readonly decoder: Decoder;
  readonly encoder: Encoder;
  /** What the offer said of the far side. */
  readonly sends: boolean;
  readonly receives: boolean;
  readonly onState: (speaker: Speaker) => void;
}

export interface SpeakerHealth {
  readonly lossPercent: number;
  readonly jitterMs: number;
}

/** One participant's session: their peer, what arrives of them, and what they are sent. */
export class Speaker {
  readonly participant: string;
  readonly session: string;
  readonly #options: SpeakerOptions;
  readonly #buffer: JitterBuffer;
  readonly #reception = new Reception();
  readonly #sequence = randomInt(2 ** 16);
  readonly #timestamp = randomInt(2 ** 32);
  #peer: Peer | undefined;
  #state: SpeakerState;
  #heardAt: EpochMs;
  #audioHeard = false;
  #sent = 0;
  #lastSentFrame: number | undefined;
  #health: SpeakerHealth = { lossPercent: 0, jitterMs: 0 };

  constructor(options: SpeakerOptions) {
    this.participant = options.participant;
    this.session = options.session;
    this.#options = options;
    this.#buffer = new JitterBuffer(options.decoder);
    this.#heardAt = options.clock.now();
    this.#state = { is: "connecting", since: this.#heardAt };
  }

  /** For the driver that makes the peer; what comes before `attach` is taken too. */
  readonly events: PeerEvents = {
    onPacket: (packet) => this.#onPacket(packet),
    onAlive: () => this.#onRtcp(),
    onState: (state) => this.#onPeerState(state),
  };

  get state(): SpeakerState {
    return this.#state;
  }

  /** The state in the words of the contract. */
  get sessionState(): SessionState {
    return this.#state.is;
  }

  get health(): SpeakerHealth {
    return this.#health;
  }

  /** What happened to their packets since this was last asked. */
  takeCounts(): JitterCounts {
    return this.#buffer.takeCounts();
  }

  /** Gives the session its peer; a session that ended meanwhile ends it. */
  attach(peer: Peer): void {
    if (this.#state.is === "gone") peer.close();
    else this.#peer = peer;
  }

  /** Their 20 ms; `undefined` when they give none now. */
  pull(): AudioFrame | undefined {
    return this.#state.is === "gone" ? undefined : this.#buffer.pull();
  }

  /** Lets their sound pass unheard: muted. */
  discard(): void {
    this.#buffer.clear();
  }

  /** Sends them 20 ms. Costs nothing when they do not receive or are not connected. */
  send(frameIndex: number, frame: AudioFrame): void {
    if (this.#state.is !== "connected" || !this.#options.receives || !this.#peer) return;
    const marker = this.#lastSentFrame === undefined || frameIndex !== this.#lastSentFrame + 1;
    this.#lastSentFrame = frameIndex;
    this.#peer.send({
      payload: this.#options.encoder.encodeFloat(frame),
      sequence: (this.#sequence + this.#sent++) % 2 ** 16,
      // The timestamp follows the clock, so that a tick that was skipped is a gap and not a drift.
      timestamp: (this.#timestamp + frameIndex * frameSamples) % 2 ** 32,
      marker,
    });
  }

  /** Once a second: reports to the far side, measures, and gives up what is silent or never connected. */
  watch(): void {
    const now = this.#options.clock.now();
    if (this.#state.is === "connecting") {
      if (between(this.#state.since, now) >= connectTimeout) this.end("timeout");
      return;
    }
    if (this.#state.is === "gone") return;
    const report = this.#reception.report();
    if (report) {
      this.#peer?.report(report);
      this.#health = {
        lossPercent: Math.round(report.fractionLost * 1000) / 10,
        jitterMs: Math.round(this.#reception.jitterMs * 10) / 10,
      };
    }
    const quiet = between(this.#heardAt, now);
    if (quiet >= (this.#audioHeard ? goneAfter : listenerGoneAfter)) this.end("silent");
    else if (this.#audioHeard && quiet >= interruptedAfter) this.#interrupt();
  }

  /** Ends the session; safe twice. */
  end(why: GoneReason): void {
    if (this.#state.is === "gone") return;
    this.#peer?.close();
    this.#buffer.free();
    this.#options.encoder.free();
    this.#to({ is: "gone", why });
  }

  #onPacket(packet: IncomingPacket): void {
    if (this.#state.is === "gone" || !this.#options.sends) return;
    const now = this.#options.clock.now();
    const sequence = this.#reception.count(packet.ssrc, packet.sequence, packet.timestamp, now);
    this.#audioHeard = true;
    this.#buffer.push({ ...packet, sequence });
    this.#onAlive();
  }

  /** Alive without sound: they have stopped sending, and are kept as one who only listens until they send again. */
  #onRtcp(): void {
    if (this.#state.is === "interrupted") this.#audioHeard = false;
    this.#onAlive();
  }

  #onAlive(): void {
    this.#heardAt = this.#options.clock.now();
    if (this.#state.is === "interrupted") this.#to({ is: "connected" });
  }

  #onPeerState(state: PeerState): void {
    if (this.#state.is === "gone" || state === "connecting") return;
    if (state === "connected") {
      this.#heardAt = this.#options.clock.now();
      this.#to({ is: "connected" });
    } else if (state === "disconnected") this.#interrupt();
    else this.end(state === "failed" ? "failed" : "left");
  }

  #interrupt(): void {
    if (this.#state.is === "connected") this.#to({ is: "interrupted", since: this.#options.clock.now() });
  }

  #to(state: SpeakerState): void {
    if (this.#state.is === "gone" || this.#state.is === state.is) return;
    this.#state = state;
    this.#options.onState(this);
  }
}
