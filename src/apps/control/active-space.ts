import { type EpochMs, epochMs } from "../../foundation/duration.ts";
import {
  emptyBeforeHold,
  type Life,
  type Moment,
  onAirFrom,
  onTimeline,
  publicStatus,
  type Step,
} from "../../room/life.ts";
import { Room } from "../../room/room.ts";
import type { RoomMemory } from "../../room/entry.ts";
import type { SpacePatch, SpaceRecord } from "../../store/store.ts";
import type { SessionState, StageLine, StageSpec } from "../../wire/stages.ts";
import type { LiveState, PublicStatus } from "../../wire/state.ts";
import type { TimelineSpec } from "../../wire/timelines.ts";
import { type AskedLevel, nothingAsked } from "./asked-levels.ts";
import { lifeOf } from "./life-record.ts";

/** How many segments in a row must be hold audio before the programme counts as missing. */
const missingSegments = 2;
/** How long the origin's word on hold audio is not heeded after the programme was put on air: it is on its way. */
const onAirGraceMs = 3000;

export interface MediaSession {
  readonly session: string;
  readonly state: SessionState;
}
/** What is to become of a Space: recorded steps of its life, other facts, or both. */
export interface Plan {
  readonly steps?: readonly Step[];
  /** The life afterwards, where it is not that of the last step. */
  readonly life?: Life;
  readonly patch?: SpacePatch;
}

/** One write to the store; with `change` it is a recorded change of the life. */
export interface Unsaved {
  readonly patch: SpacePatch;
  readonly change?: { readonly at: number; readonly why: string };
}
export type Health = Extract<StageLine, { t: "health" }>;

/** A Space that control looks after: its record, its life, its room, and what origin and stage last said of it. */
export class ActiveSpace {
  readonly id: string;
  readonly room: Room;
  /** By participant. */
  readonly sessions = new Map<string, MediaSession>();
  record: SpaceRecord;
  life: Life;
  /** What the stage last said; undefined until it said something. */
  health: Health | undefined;
  listeners = 0;
  /** The level of service that its host asks for. */
  asked: AskedLevel = nothingAsked;
  /** Base URLs of the edges that the origin tells players of. */
  edges: readonly string[] = [];
  /** When the origin last published a segment, on the timeline's clock; null until it did. */
  publishedAt: EpochMs | null = null;
  /** Who was heard speaking since their media session began. */
  readonly spoke = new Set<string>();
  /** True once those in the room are being told that it is over. */
  parting = false;
  /** What those in the room were last told. */
  toldStatus: PublicStatus | undefined;
  /** False until the stage has told who is connected: until then nobody counts as gone. */
  stageKnown = false;
  /** Changes to the life are made one after the other. */
  queue: Promise<unknown> = Promise.resolve();
  /** How many changes are under way or wait. */
  pending = 0;
  /** What the store could not take yet; it is written when it can again. */
  unsaved: readonly Unsaved[] = [];
  saveAgainAt = 0;
  #holdSegments = 0;
  #emptySince: EpochMs | null;
  /** The announced start on the timeline's clock, from the moment it can move no more. */
  #announced: EpochMs | undefined;

  constructor(record: SpaceRecord, memory: RoomMemory | undefined, now: Moment) {
    this.id = record.id;
    this.record = record;
    this.life = lifeOf(record, now.timeline);
    this.room = new Room({ now: now.timeline, ...(memory ? { memory } : {}) });
    this.#emptySince = now.timeline;
  }

  /** Notes who is on stage. True once nobody could be heard for so long that the audience is told. */
  emptyFor(now: Moment): boolean {
    if (this.room.occupied || !this.stageKnown) this.#emptySince = null;
    else this.#emptySince ??= now.timeline;
    return this.#emptySince !== null && now.timeline - this.#emptySince >= emptyBeforeHold;
  }

  /** The origin published one more segment. */
  segmentPublished(isHold: boolean, now: EpochMs): void {
    this.publishedAt = now;
    this.#holdSegments = isHold ? this.#holdSegments + 1 : 0;
  }

  /** True when the origin publishes hold audio though the programme should be on air. */
  programmeMissing(now: Moment): boolean {
    const from = onAirFrom(this.life);
    return from !== null && now.timeline >= from + onAirGraceMs && this.#holdSegments >= missingSegments;
  }

  /** The programme is published (again). */
  get programmeThere(): boolean {
    return this.#holdSegments === 0;
  }

  status(now: Moment): PublicStatus {
    return publicStatus(this.life, now);
  }

  timelineSpec(now: Moment): TimelineSpec {
    const { life, record } = this;
    const movable = life.kind === "scheduled" || life.kind === "lobby";
    if (movable || this.#announced === undefined) this.#announced = onTimeline(life.startAt, now);
    const stage = this.room.stage.map(({ id, name, role, muted, present }) => ({ id, name, role, muted, present }));
    return { ...timelineOf(record, life), startAt: this.#announced, stage, level: this.asked.level };
  }

  /** What the stage has to know; undefined while there is no stage. */
  stageSpec(): StageSpec | undefined {
    const { life } = this;
    if (life.kind !== "lobby" && life.kind !== "live" && life.kind !== "hold") return undefined;
    const people = this.room.seated.map(({ id, muted, media }) =>
      media.kind === "recording" ? { id, muted, recording: media.recording } : { id, muted },
    );
    return { epochMs: life.epoch, onAirFrom: onAirFrom(life), people };
  }
}

/** What the origin is told of a Space, but for who is on stage. */
export function timelineOf(record: SpaceRecord, life: Life): TimelineSpec {
  const open = "epoch" in life ? life.epoch : record.epochMs;
  return {
    id: record.id,
    slug: record.slug,
    title: record.title,
    description: record.description,
    language: record.language,
    unlisted: record.visibility === "unlisted",
    status: life.kind === "hold" ? "live" : life.kind === "replay" ? "ended" : life.kind,
    startAt: epochMs(Math.round(life.startAt)),
    epochMs: open,
    liveFrom: "liveFrom" in life ? life.liveFrom : null,
    endedAt: "endedAt" in life ? life.endedAt : null,
    stage: [],
    notice: record.notice,
    archive: !record.demo && record.rehearsalOf === null,
    level: 0,
  };
}

/** What of the origin's state the store keeps. */
export const reported = (state: LiveState): Pick<SpaceRecord, "liveAt" | "delayMs"> => ({
  liveAt: state.liveAt,
  delayMs: state.delayMs,
});
