import { type EpochMs, epochMs } from "../../foundation/duration.ts";
import type { Life } from "../../room/life.ts";
import type { SpacePatch, SpaceRecord } from "../../store/store.ts";

/** Reads a Space's life from what the store keeps; a hold begins anew at `now`. What a damaged record lacks counts as its start. */
export function lifeOf(record: SpaceRecord, now: EpochMs): Life {
  const startAt = epochMs(record.startAt);
  const epoch = epochMs(record.epochMs ?? record.startAt);
  const liveFrom = record.liveFrom === null ? null : epochMs(record.liveFrom);
  const endedAt = epochMs(record.endedAt ?? record.startAt);
  const began: EpochMs = liveFrom ?? epoch;
  switch (record.status) {
    case "scheduled":
      return { kind: "scheduled", startAt };
    case "lobby":
      return { kind: "lobby", startAt, epoch };
    case "live":
      return { kind: "live", startAt, epoch, liveFrom: began, onAirFrom: began };
    case "hold":
      return { kind: "hold", startAt, epoch, liveFrom: began, since: now, because: "stage-empty" };
    case "ended":
      return { kind: "ended", startAt, epoch, liveFrom, endedAt };
    case "replay":
      return { kind: "replay", startAt, epoch, liveFrom: began, endedAt };
    case "cancelled":
      return { kind: "cancelled", startAt, endedAt };
  }
}

/** What the store keeps of a life. */
export function recordOf(life: Life): SpacePatch {
  const { kind: status, startAt } = life;
  switch (life.kind) {
    case "scheduled":
      return { status, startAt, epochMs: null, liveFrom: null, endedAt: null };
    case "lobby":
      return { status, startAt, epochMs: life.epoch, liveFrom: null, endedAt: null };
    case "live":
    case "hold":
      return { status, startAt, epochMs: life.epoch, liveFrom: life.liveFrom, endedAt: null };
    case "ended":
    case "replay":
      return { status, startAt, epochMs: life.epoch, liveFrom: life.liveFrom, endedAt: life.endedAt };
    case "cancelled":
      return { status, startAt, liveFrom: null, endedAt: life.endedAt };
  }
}
