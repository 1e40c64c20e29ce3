import { type EpochMs, epochMs, later, type Milliseconds, minutes, ms, seconds } from "../foundation/duration.ts";
import { Problem } from "../foundation/errors.ts";
import type { PublicStatus } from "../wire/state.ts";
import { epochFor, segmentFrom, segmentStart } from "../wire/timeline.ts";

/**
 * The life of a Space: scheduled → lobby → live ⇄ hold → ended → replay, and cancelled. Each kind holds only its own
 * facts. `startAt` is a moment of the wall's clock, since people agreed on it; everything else is on the timeline's.
 */
export type Life = Scheduled | Lobby | Live | Hold | Ended | Replay | Cancelled;

export interface Scheduled {
  readonly kind: "scheduled";
  readonly startAt: EpochMs;
}
export interface Lobby {
  readonly kind: "lobby";
  readonly startAt: EpochMs;
  /** When segment 0 starts; never changes again. */
  readonly epoch: EpochMs;
}
export interface Live {
  readonly kind: "live";
  readonly startAt: EpochMs;
  readonly epoch: EpochMs;
  /** The start of the first live segment; ahead of now when going live was decided for the minute. */
  readonly liveFrom: EpochMs;
  /** Since when the programme is on air without a break: `liveFrom`, or when a hold ended. */
  readonly onAirFrom: EpochMs;
}
/** Why the audience gets hold audio. With `no-programme` people are on stage and the stage is told to go on. */
export type HoldReason = "stage-empty" | "no-programme";
export interface Hold {
  readonly kind: "hold";
  readonly startAt: EpochMs;
  readonly epoch: EpochMs;
  readonly liveFrom: EpochMs;
  readonly since: EpochMs;
  readonly because: HoldReason;
}
export interface Ended {
  readonly kind: "ended";
  readonly startAt: EpochMs;
  readonly epoch: EpochMs;
  /** Null when it ended without having been live. */
  readonly liveFrom: EpochMs | null;
  readonly endedAt: EpochMs;
}
export interface Replay {
  readonly kind: "replay";
  readonly startAt: EpochMs;
  readonly epoch: EpochMs;
  readonly liveFrom: EpochMs;
  readonly endedAt: EpochMs;
}
export interface Cancelled {
  readonly kind: "cancelled";
  readonly startAt: EpochMs;
  readonly endedAt: EpochMs;
}
export type LifeKind = Life["kind"];

/** One moment, read on both clocks. */
export interface Moment {
  readonly wall: EpochMs;
  readonly timeline: EpochMs;
}

/** One recorded change. `at` is wall time, as people read it. */
export interface Change {
  readonly at: EpochMs;
  readonly from: LifeKind;
  readonly to: LifeKind;
  readonly why: string;
}
export interface Step<L extends Life = Life> {
  readonly life: L;
  readonly change: Change;
}

/** How long before the start the lobby opens. */
export const lobbyLead: Milliseconds = minutes(30);
/** How far ahead of the minute going live is decided, so that stage and origin know in time. */
export const decisionLead: Milliseconds = seconds(2);
/** What the stage needs to hear of a segment before it starts. */
export const onAirLead: Milliseconds = ms(400);
/** How long a stage stays empty before the audience gets hold audio: shorter gaps are quicker over than announced. */
export const emptyBeforeHold: Milliseconds = seconds(3);
/** How long the clocks may differ before it counts: below, the difference is rounding and slewing. */
const toleratedDrift: Milliseconds = ms(500);

/** A moment of the wall's clock, on the timeline's: the same, unless the wall was set since the server started. */
export function onTimeline(at: EpochMs, now: Moment): EpochMs {
  const drift = Math.round(now.wall - now.timeline);
  return Math.abs(drift) < toleratedDrift ? epochMs(Math.round(at)) : epochMs(Math.round(at) - drift);
}

const step = <L extends Life>(from: Life, life: L, now: Moment, why: string): Step<L> => ({
  life,
  change: { at: now.wall, from: from.kind, to: life.kind, why },
});

/** The first segment boundary at or after `at` that the stage can still make. */
function boundary(epoch: EpochMs, at: EpochMs, now: Moment): EpochMs {
  const earliest = Math.max(at, later(now.timeline, onAirLead));
  return segmentStart(epoch, segmentFrom(epoch, epochMs(earliest)));
}

export const schedule = (startAt: EpochMs): Scheduled => ({ kind: "scheduled", startAt });

export const lobbyIsDue = (life: Scheduled, now: Moment): boolean => now.wall >= life.startAt - lobbyLead;

/** Opens the lobby. The epoch is set so that the announced start falls exactly on a segment's boundary. */
export function openLobby(life: Scheduled, now: Moment, why = "lobby-opens"): Step<Lobby> {
  const epoch = epochFor(onTimeline(life.startAt, now), now.timeline);
  return step(life, { kind: "lobby", startAt: life.startAt, epoch }, now, why);
}

/** True from a little before the announced minute on: who is on stage then is put on air at the minute. */
export const startIsDue = (life: Lobby, now: Moment): boolean =>
  now.timeline >= onTimeline(life.startAt, now) - decisionLead;

/** Goes live at the announced minute, or, after it, with the next segment that the stage can make. */
export function goLive(life: Lobby, now: Moment, why = "on-time"): Step<Live> {
  const from = boundary(life.epoch, onTimeline(life.startAt, now), now);
  return step(life, { ...life, kind: "live", liveFrom: from, onAirFrom: from }, now, why);
}

/** Goes live by hand, early or late: with the next segment. From the schedule it opens the lobby on the way. */
export function startNow(life: Life, now: Moment, why: string): { steps: readonly Step[]; life: Life } {
  switch (life.kind) {
    case "scheduled": {
      const opened = openLobby(life, now, why);
      const live = startNow(opened.life, now, why);
      return { steps: [opened, ...live.steps], life: live.life };
    }
    case "lobby": {
      const from = boundary(life.epoch, now.timeline, now);
      const live = step(life, { ...life, kind: "live" as const, liveFrom: from, onAirFrom: from }, now, why);
      return { steps: [live], life: live.life };
    }
    case "live": {
      // Decided already, for a minute that is still ahead: by hand means sooner.
      const from = boundary(life.epoch, now.timeline, now);
      if (from >= life.liveFrom) throw spaceLive();
      return { steps: [], life: { ...life, liveFrom: from, onAirFrom: from } };
    }
    case "hold":
      throw spaceLive();
    case "ended":
    case "replay":
    case "cancelled":
      throw spaceOver(life);
  }
}

/** The audience gets hold audio. */
export function hold(life: Live | Hold, because: HoldReason, now: Moment): Step<Hold> {
  const { startAt, epoch, liveFrom } = life;
  return step(life, { kind: "hold", startAt, epoch, liveFrom, since: now.timeline, because }, now, because);
}

/** The programme is back: with the next segment that the stage can make, or, where it was never told to stop, already. */
export function resume(life: Hold, now: Moment, why: string): Step<Live> {
  const { startAt, epoch, liveFrom } = life;
  const from = life.because === "no-programme" ? liveFrom : boundary(epoch, liveFrom, now);
  return step(life, { kind: "live", startAt, epoch, liveFrom, onAirFrom: from }, now, why);
}

export function end(life: Life, now: Moment, why: string): Step<Ended> {
  switch (life.kind) {
    case "lobby":
    case "live":
    case "hold": {
      // Decided for a minute that never came: it was not live.
      const began = life.kind !== "lobby" && life.liveFrom <= now.timeline;
      const endedAt = epochMs(Math.round(now.timeline));
      const { startAt, epoch } = life;
      return step(life, { kind: "ended", startAt, epoch, liveFrom: began ? life.liveFrom : null, endedAt }, now, why);
    }
    case "scheduled":
      throw new Problem({
        status: 409,
        code: "space-not-open",
        title: "The Space has not opened yet",
        detail: `It opens at ${iso(epochMs(life.startAt - lobbyLead))}; there is nothing to end.`,
        action: "Cancel it instead.",
      });
    case "ended":
    case "replay":
    case "cancelled":
      throw spaceOver(life);
  }
}

export function offerReplay(life: Ended, now: Moment): Step<Replay> | undefined {
  if (life.liveFrom === null) return undefined;
  return step(life, { ...life, kind: "replay", liveFrom: life.liveFrom }, now, "archive-ready");
}

export function cancel(life: Life, now: Moment, why: string): Step<Cancelled> {
  switch (life.kind) {
    case "scheduled":
    case "lobby":
      return step(life, { kind: "cancelled", startAt: life.startAt, endedAt: epochMs(Math.round(now.wall)) }, now, why);
    case "live":
    case "hold":
      throw new Problem({
        status: 409,
        code: "space-live",
        title: "The Space is live",
        detail: `It has been live since ${iso(life.liveFrom)}.`,
        action: "End it instead; people are listening.",
      });
    case "ended":
    case "replay":
    case "cancelled":
      throw spaceOver(life);
  }
}

/** Moves the announced start. An open lobby stays open, on the same timeline, however far the start moves. */
export function moveStart(life: Life, startAt: EpochMs): Scheduled | Lobby {
  switch (life.kind) {
    case "scheduled":
    case "lobby":
      return { ...life, startAt };
    case "live":
    case "hold":
      throw spaceLive();
    case "ended":
    case "replay":
    case "cancelled":
      throw spaceOver(life);
  }
}

/** What the public is told. A Space that is decided to go live at the minute is in its lobby until then. */
export function publicStatus(life: Life, now: Moment): PublicStatus {
  switch (life.kind) {
    case "live":
      return now.timeline < life.liveFrom ? "lobby" : "live";
    case "hold":
      return "live";
    case "replay":
      return "ended";
    default:
      return life.kind;
  }
}

/** From when on the stage publishes the programme; null while the audience gets hold audio. */
export function onAirFrom(life: Life): EpochMs | null {
  if (life.kind === "live") return life.onAirFrom;
  return life.kind === "hold" && life.because === "no-programme" ? life.liveFrom : null;
}

export const isOver = (life: Life): life is Ended | Replay | Cancelled =>
  life.kind === "ended" || life.kind === "replay" || life.kind === "cancelled";

const iso = (at: number): string => new Date(at).toISOString();

export const spaceLive = (): Problem =>
  new Problem({
    status: 409,
    code: "space-live",
    title: "The Space is live",
    detail: "It is live already; its start cannot be changed any more.",
    action: "Nothing is needed; to stop it, end it.",
  });

export function spaceOver(life: Ended | Replay | Cancelled): Problem {
  const cancelled = life.kind === "cancelled";
  return new Problem({
    status: 409,
    code: cancelled ? "space-cancelled" : "space-ended",
    title: cancelled ? "The Space is cancelled" : "The Space has ended",
    detail: `It ${cancelled ? "was cancelled" : "ended"} at ${iso(life.endedAt)}.`,
    action: cancelled ? "Schedule another one." : "Listen to the replay, or open another Space.",
  });
}
