import type { RoomEvent } from "../../src/wire/events.ts";
import type { LiveState } from "../../src/wire/state.ts";
import type { MediaSourceClass } from "./sink.ts";
import type { WayTaken } from "./way.ts";

export type PlayerState =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting" }
  | { readonly kind: "playing" }
  /** Playing, and what plays is hold audio in place of the programme. */
  | { readonly kind: "hold" }
  /** Wants to play and has nothing to play, since this time (ms since 1970). */
  | { readonly kind: "stalled"; readonly since: number }
  /**
   * There are more people than seats: it stands in line, and goes on by itself when there is a seat. How many are before it
   * and wait in all, and when its turn is expected, seconds from now; `null` while nobody has said, or can say.
   */
  | {
      readonly kind: "waiting";
      readonly before: number | null;
      readonly waiting: number | null;
      readonly turnIn: readonly [from: number, to: number] | null;
    }
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly why: "not-found" | "no-way-to-play" | "refused-by-browser" };

export type PlayerChange =
  | { readonly t: "player"; readonly state: PlayerState }
  /** A room event, at the moment its sound is heard. */
  | { readonly t: "event"; readonly event: RoomEvent }
  /** `state.json`, whenever the player had reason to read it. */
  | { readonly t: "live"; readonly live: LiveState };

export interface PlayerMetrics {
  /** From `play()` to the first sound, ms. */
  readonly firstSoundMs: number | null;
  readonly stalls: number;
  readonly reconnects: number;
  /** How often it went on at another edge because one failed. */
  readonly moves: number;
  /** Segments fetched to fill a gap, and gaps that stayed. */
  readonly filled: number;
  readonly gaps: number;
  /** Seeks to the live edge. */
  readonly skips: number;
  /** How far what is heard lies behind the server's clock, ms. */
  readonly latencyMs: number | null;
  readonly way: WayTaken | null;
}

export interface PlayerOptions {
  /** A Space's id or slug. */
  readonly space: string;
  /**
   * Where the server is, without a trailing slash. While it fails the player goes on at the edges that its state tells.
   * @default "" (this page's own host)
   */
  readonly base?: string;
  /** @default a new one, not in the page */
  readonly audio?: HTMLAudioElement;
  /** @default what the browser has */
  readonly mediaSource?: MediaSourceClass | undefined;
  /** @default the global one */
  readonly fetch?: typeof fetch;
  /** @default whether this browser streams responses */
  readonly streams?: boolean;
}

/** Plays one Space. It never throws to the page: what happens is told by `state` and the listeners. */
export interface Player {
  readonly state: PlayerState;
  readonly metrics: PlayerMetrics;
  /** The base URL of the edge that it asks now; empty for the page's own host. */
  readonly base: string;
  readonly audio: HTMLAudioElement;
  /** Call within a click: browsers let sound begin only then. Without effect while it plays. */
  play(): void;
  stop(): void;
  /** Tells the player what the page has read already, so that it need not. */
  learn(live: LiveState): void;
  /** Calls back on every change until the function returned is called. */
  listen(listener: (change: PlayerChange) => void): () => void;
}
