import type { RenditionName } from "./rendition.ts";
import type { SegmentNumber } from "./timeline.ts";

/** What the public sees of a Space's life. `hold` and `replay` are told beside it, in `LiveState`. */
export const publicStatuses = ["scheduled", "lobby", "live", "ended", "cancelled"] as const;
export type PublicStatus = (typeof publicStatuses)[number];

export const roles = ["host", "cohost", "speaker", "listener"] as const;
export type Role = (typeof roles)[number];
/** Roles that have a seat on the stage. */
export type StageRole = Exclude<Role, "listener">;

/** Somebody on stage, as the audience sees them. */
export interface StagePerson {
  /** Stable while the Space lasts; the same id stands in `voices` events. */
  readonly id: string;
  readonly name: string;
  readonly role: StageRole;
  readonly muted: boolean;
  /** False while their connection is away and their place is kept. */
  readonly present: boolean;
}

/** Degradation level of the server, design section 3. */
export type ServiceLevel = 0 | 1 | 2 | 3 | 4;

/** How often a player that was drawn says that it listens, ms. */
export const beaconEveryMs = 10_000;
/** The smallest share of players that is drawn, as halvings: 2^-20. */
export const maxBeaconHalvings = 20;
/** How many edges a state tells at most. */
export const maxToldEdges = 16;

export interface RenditionState {
  readonly name: RenditionName;
  /** RFC 6381 codecs parameter. */
  readonly codecs: string;
  /** Bits per second. */
  readonly bitrate: number;
  /** The init segment (ftyp + moov), base64. */
  readonly init: string;
}

/** `/live/{space}/state.json`: all that is needed to join. Times are milliseconds since 1970 on the server's clock. */
export interface LiveState {
  readonly v: 1;
  readonly id: string;
  readonly slug: string;
  readonly title: string;
  readonly description: string;
  /** BCP 47. */
  readonly language: string;
  readonly unlisted: boolean;
  readonly status: PublicStatus;
  /** True when the segments now published are hold audio in place of the programme. */
  readonly hold: boolean;
  /** True when `/replay/{id}/` answers. */
  readonly replay: boolean;
  /** When it is announced to begin. */
  readonly startAt: number;
  /** When the first live segment began; null before. */
  readonly liveAt: number | null;
  /** `liveAt − startAt`: how late it opened; null before. */
  readonly delayMs: number | null;
  readonly endedAt: number | null;
  /** The server's clock when this was made. */
  readonly now: number;
  /** When segment 0 starts; null when there is no timeline yet (before the lobby). */
  readonly epochMs: number | null;
  /** The oldest and the latest complete segment that can be had; null when there is none. */
  readonly first: SegmentNumber | null;
  readonly latest: SegmentNumber | null;
  /** How `stream.mp4` is pushed now: chunk by chunk or by whole segments. */
  readonly push: "chunk" | "segment";
  readonly level: ServiceLevel;
  /**
   * Who plays now, on all edges: endless responses counted one by one, and of those who fetch numbered segments the greater of
   * who is told apart by address and User-Agent and who is estimated from beacons (standard error at most 5 %).
   */
  readonly listeners: number;
  /** Different listeners since it opened: an estimate with a standard error of 1.6 %, by address and User-Agent. */
  readonly heard: number;
  /**
   * Which share (0 to 1) of the players that do not listen by `stream.mp4` say every `beaconEveryMs` that they listen, so that
   * who listens through a cache is counted and the load of counting stays the same as the crowd grows. 1 or a half of a half …:
   * 2^-k, `k` at most `maxBeaconHalvings`. A player draws a number once, in [0, 1), and says it while that is below the share.
   */
  readonly beacon: number;
  /** Base URLs of edges that have the same sound, without a trailing slash; a player moves to one when its own fails. */
  readonly edges: readonly string[];
  readonly renditions: readonly RenditionState[];
  readonly stage: readonly StagePerson[];
  /** A line by the host for everybody; empty when there is none. */
  readonly notice: string;
}
