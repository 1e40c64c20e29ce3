import type { ClientMessage } from "../../src/wire/signalling.ts";
import type { PublicStatus } from "../../src/wire/state.ts";
import { type Air, airOf } from "./air.ts";
import { MediaConnection, type MediaState } from "./media-connection.ts";
import { Microphone } from "./microphone.ts";
import { RoomClient, type RoomClientOptions, type RoomMoment } from "./room-client.ts";
import { type Readable, Store } from "./store.ts";
import type { WhipPorts } from "./whip.ts";

export interface StageSessionOptions extends RoomClientOptions {
  /** `/api/v1/spaces/{id}/whip`. */
  readonly whipUrl: string;
  readonly microphone: Microphone;
  /** Come in silent. */
  readonly muted: boolean;
  readonly ports?: WhipPorts;
}

/** One person on stage: their seat in the room, their microphone, and the media between. This is who joins the three. */
export class StageSession {
  readonly room: RoomClient;
  readonly microphone: Microphone;
  readonly #options: StageSessionOptions;
  readonly #media = new Store<MediaState>({ kind: "off" });
  readonly #air = new Store<Air>({ kind: "offline" });
  readonly #muted: Store<boolean>;
  readonly #unwatch: (() => void)[] = [];
  #connection: MediaConnection | undefined;
  #status: PublicStatus | undefined;
  /** What the person wants; a host who mutes them changes it too. */
  #wantsMuted: boolean;

  constructor(options: StageSessionOptions) {
    this.#options = options;
    this.#wantsMuted = options.muted;
    this.#muted = new Store(options.muted);
    this.room = new RoomClient(options);
    this.microphone = options.microphone;
    this.microphone.setMuted(options.muted);
  }

  get media(): Readable<MediaState> {
    return this.#media;
  }
  get air(): Readable<Air> {
    return this.#air;
  }
  /** True while this microphone is silenced, by oneself or a host. */
  get muted(): Readable<boolean> {
    return this.#muted;
  }

  enter(): void {
    this.#unwatch.push(
      this.room.state.watch(() => this.#follow()),
      this.room.view.watch((view) => {
        if (view?.status !== this.#status) this.#lobbyOpened();
        this.#status = view?.status;
        this.#obeyRoom();
      }),
      this.room.onMoment((moment) => this.#hear(moment)),
      this.microphone.state.watch((state) => {
        void this.#connection?.useTrack(state.kind === "open" ? state.track : undefined).catch(() => {});
        this.#judge();
      }),
    );
    if (this.#wantsMuted) this.room.send({ t: "mute", muted: true });
    this.room.join();
    this.#judge();
  }

  /** Silences at once; speaking again waits for the room, which a host may have told otherwise. */
  setMuted(muted: boolean): void {
    this.#wantsMuted = muted;
    if (muted) this.#silence();
    this.room.send({ t: "mute", muted });
    this.#obeyRoom();
  }

  send(message: ClientMessage): void {
    this.room.send(message);
  }

  health(): ReturnType<MediaConnection["health"]> {
    return this.#connection?.health() ?? Promise.resolve({ roundTripMs: undefined, lossPercent: undefined });
  }

  /** Gives the place up. Safe to call twice. */
  leave(): void {
    this.#connection?.end();
    this.room.leave();
    this.#close();
  }

  /** The page goes away: media ends, the place is kept. */
  detach(): void {
    this.#connection?.end();
    this.room.detach();
  }

  /** The page is back from the browser's memory. */
  reattach(): void {
    this.room.join();
  }

  #close(): void {
    for (const unwatch of this.#unwatch.splice(0)) unwatch();
    this.microphone.end();
    this.#judge();
  }

  #follow(): void {
    const state = this.room.state.get();
    if (state.kind === "joined" && state.role !== "listener") this.#connect(state.token);
    else if (state.kind === "joined" || state.kind === "removed" || state.kind === "refused") this.#connection?.end();
    this.#judge();
  }

  #connect(token: string): void {
    const microphone = this.microphone.state.get();
    if (!this.#connection) {
      this.#connection = new MediaConnection({
        url: this.#options.whipUrl,
        token,
        track: microphone.kind === "open" ? microphone.track : undefined,
        ...(this.#options.ports ? { ports: this.#options.ports } : {}),
      });
      this.#unwatch.push(
        this.#connection.state.watch((state) => {
          this.#media.set(state);
          this.#judge();
        }),
      );
    }
    this.#connection.useToken(token);
    const media = this.#connection.state.get().kind;
    if (media === "off" || media === "refused") this.#connection.start();
  }

  /** An offer that came too early waits half a minute; the open lobby is the moment to try again. */
  #lobbyOpened(): void {
    if (this.#status === "scheduled" && this.#media.get().kind === "waiting") this.#connection?.start();
  }

  #hear(moment: RoomMoment): void {
    if (moment.t === "rejoin") this.#connection?.start();
    if (moment.t === "muted-by") {
      this.#wantsMuted = true;
      this.#silence();
    }
  }

  /** The microphone is open only when both the person and the room want it so. */
  #obeyRoom(): void {
    const state = this.room.state.get();
    const you = state.kind === "joined" ? state.you : undefined;
    const me = this.room.view.get()?.people.find((one) => one.id === you);
    const muted = this.#wantsMuted || (me?.muted ?? this.#muted.get());
    this.microphone.setMuted(muted);
    this.#muted.set(muted);
    this.#judge();
  }

  #silence(): void {
    this.microphone.setMuted(true);
    this.#muted.set(true);
    this.#judge();
  }

  #judge(): void {
    const next = airOf(this.room.view.get(), this.room.state.get(), this.#media.get(), this.microphone.state.get());
    if (JSON.stringify(next) !== JSON.stringify(this.#air.get())) this.#air.set(next);
  }
}
