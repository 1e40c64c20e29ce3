import { type Milliseconds, ms } from "../../src/foundation/duration.ts";
import type { ProblemDocument } from "../../src/foundation/errors.ts";
import { retryDelay } from "./backoff.ts";
import type { Silence } from "./silence.ts";
import { type Readable, Store } from "./store.ts";
import { browserPorts, type Transport, type WhipOptions, type WhipPorts, WhipRefusal, WhipSession } from "./whip.ts";

/**
 * The speaker's way to the stage, kept up for as long as they want to be there: one WHIP session after another, with
 * the same token, so that the person keeps their place.
 */
export type MediaState =
  | { readonly kind: "off" }
  | { readonly kind: "connecting"; readonly attempt: number; readonly transport: Transport }
  | { readonly kind: "connected"; readonly transport: Transport; readonly heard: MediaStream }
  /** Media stopped flowing; it may come back by itself within two seconds. */
  | { readonly kind: "interrupted"; readonly transport: Transport }
  | { readonly kind: "waiting"; readonly attempt: number; readonly delay: Milliseconds }
  /** The server does not want this token; trying again would change nothing. */
  | { readonly kind: "refused"; readonly status: number; readonly problem: ProblemDocument | undefined };

export interface MediaConnectionOptions {
  readonly url: string;
  readonly token: string;
  readonly track: MediaStreamTrack | undefined;
  /** After how long without media, counted from the answer, the next attempt asks for TCP. @default 6000 */
  readonly connectMs?: Milliseconds;
  /** How long media may be away before a new session is made. @default 2000 */
  readonly interruptionMs?: Milliseconds;
  /** @default Math.random */
  readonly random?: () => number;
  readonly ports?: WhipPorts;
}

/** How good the way to the stage is, from the browser's own statistics. */
export interface MediaHealth {
  readonly roundTripMs: number | undefined;
  /** Of the packets sent lately, how many the server missed. */
  readonly lossPercent: number | undefined;
}

/** The members of a statistics report (W3C webrtc-stats) that are read. */
interface Report {
  readonly type: string;
  readonly nominated?: boolean;
  readonly currentRoundTripTime?: number;
  readonly fractionLost?: number;
}

export class MediaConnection {
  readonly #options: MediaConnectionOptions;
  readonly #state = new Store<MediaState>({ kind: "off" });
  #token: string;
  /** What is sent: the microphone's, or silence. */
  #track: MediaStreamTrack | undefined;
  #silence: Silence | undefined;
  #session: WhipSession | undefined;
  #attempts = 0;
  #transport: Transport = "udp";
  /** Ends the attempt or session that is under way. */
  #current = new AbortController();
  #wanted = false;

  constructor(options: MediaConnectionOptions) {
    this.#options = options;
    this.#token = options.token;
    this.#track = options.track;
  }

  get state(): Readable<MediaState> {
    return this.#state;
  }

  /** Begins, or begins anew at once when an attempt is waiting or the server says that the session is lost. */
  start(): void {
    this.#wanted = true;
    this.#drop();
    void this.#attempt();
  }

  /** The token for the next session: a new role brings a new one. */
  useToken(token: string): void {
    this.#token = token;
  }

  /**
   * Sends another microphone; when one is gone, silence in its place. A session that stops sending counts as interrupted:
   * the audience would get hold audio, and this person would not hear the others.
   */
  async useTrack(track: MediaStreamTrack | undefined): Promise<void> {
    const silence = this.#silence;
    if (track === undefined && (silence !== undefined || this.#track === undefined)) return;
    this.#silence = track ? undefined : (this.#options.ports ?? browserPorts).silence();
    this.#track = track ?? this.#silence?.track;
    await this.#session?.replaceTrack(this.#track ?? null);
    silence?.end();
  }

  /** Leaves. Safe to call twice; `start` begins again. */
  end(): void {
    this.#wanted = false;
    this.#attempts = 0;
    this.#drop();
    if (this.#silence) {
      this.#silence.end();
      this.#silence = undefined;
      this.#track = undefined;
    }
    this.#state.set({ kind: "off" });
  }

  async health(): Promise<MediaHealth> {
    let roundTripMs: number | undefined;
    let lossPercent: number | undefined;
    for (const report of (await this.#session?.peer.getStats())?.values() ?? []) {
      const one = report as Report;
      // STUN measures the way there and back even where the other side's RTCP does not.
      if (one.type === "candidate-pair" && one.nominated && one.currentRoundTripTime !== undefined) {
        roundTripMs = one.currentRoundTripTime * 1000;
      }
      if (one.type === "remote-inbound-rtp" && one.fractionLost !== undefined) lossPercent = one.fractionLost * 100;
    }
    return { roundTripMs, lossPercent };
  }

  async #attempt(): Promise<void> {
    const attempt = ++this.#attempts;
    const transport = this.#transport;
    const current = new AbortController();
    this.#current = current;
    this.#state.set({ kind: "connecting", attempt, transport });
    const offer: WhipOptions = { url: this.#options.url, token: this.#token, track: this.#track, transport };
    try {
      const session = await WhipSession.open(offer, this.#options.ports ?? browserPorts, current.signal);
      if (current.signal.aborted) {
        session.end();
        return;
      }
      this.#session = session;
      if (offer.track !== this.#track) await session.replaceTrack(this.#track ?? null);
      this.#follow(session, transport, current);
    } catch (failure) {
      if (current.signal.aborted) return;
      if (failure instanceof WhipRefusal && !failure.retryable) this.#refused(failure);
      else this.#retry(failure instanceof WhipRefusal ? failure.retryAfter : undefined);
    }
  }

  #follow(session: WhipSession, transport: Transport, current: AbortController): void {
    let patience: ReturnType<typeof setTimeout> | undefined;
    const tooLong = setTimeout(() => this.#failed(current), this.#options.connectMs ?? 6000);
    const look = (): void => {
      if (current.signal.aborted) return;
      const is = session.peer.connectionState;
      if (is === "connected") {
        clearTimeout(tooLong);
        clearTimeout(patience);
        patience = undefined;
        this.#attempts = 0;
        this.#state.set({ kind: "connected", transport, heard: session.heard });
      } else if (is === "failed" || is === "closed") this.#failed(current);
      else if (is === "disconnected" && patience === undefined) {
        this.#state.set({ kind: "interrupted", transport });
        patience = setTimeout(() => this.#failed(current), this.#options.interruptionMs ?? 2000);
      }
    };
    current.signal.addEventListener("abort", () => {
      clearTimeout(tooLong);
      clearTimeout(patience);
    });
    session.peer.addEventListener("connectionstatechange", look);
    look();
  }

  /** Media did not come or went away. What never connected asks for the other transport next; what did, for the same. */
  #failed(current: AbortController): void {
    if (current.signal.aborted) return;
    const before = this.#state.get();
    if (before.kind === "connecting") this.#transport = before.transport === "udp" ? "tcp" : "udp";
    if (before.kind === "connected" || before.kind === "interrupted" || before.kind === "connecting") {
      this.#retry(before.kind === "connecting" && before.transport === "udp" ? ms(0) : undefined);
    }
  }

  #retry(asked: Milliseconds | undefined): void {
    this.#drop();
    if (!this.#wanted) return;
    const attempt = Math.max(1, this.#attempts);
    const delay = asked ?? retryDelay(attempt, this.#options.random);
    const current = new AbortController();
    this.#current = current;
    this.#state.set({ kind: "waiting", attempt, delay });
    const timer = setTimeout(() => void this.#attempt(), delay);
    current.signal.addEventListener("abort", () => clearTimeout(timer));
  }

  #refused(refusal: WhipRefusal): void {
    this.#drop();
    this.#wanted = false;
    this.#state.set({ kind: "refused", status: refusal.status, problem: refusal.problem });
  }

  #drop(): void {
    this.#current.abort();
    this.#session?.end();
    this.#session = undefined;
  }
}
