import type { EpochMs } from "../../foundation/duration.ts";
import { publicStatus, type Moment } from "../../room/life.ts";
import type { SpaceRecord } from "../../store/store.ts";
import type { Space } from "../../wire/api.ts";
import type { ActiveSpace } from "./active-space.ts";
import { lifeOf } from "./life-record.ts";

const iso = (at: number | EpochMs): string => new Date(at).toISOString();

/** A Space as the API shows it; `active` where control looks after it. */
export function viewOf(record: SpaceRecord, active: ActiveSpace | undefined, now: Moment): Space {
  const life = active?.life ?? lifeOf(record, now.timeline);
  return {
    id: record.id,
    slug: record.slug,
    title: record.title,
    description: record.description,
    language: record.language,
    visibility: record.visibility,
    status: publicStatus(life, now),
    hold: life.kind === "hold",
    startAt: iso(record.startAt),
    liveAt: record.liveAt === null ? null : iso(record.liveAt),
    delayMs: record.delayMs,
    endedAt: record.endedAt === null ? null : iso(record.endedAt),
    listeners: active?.listeners ?? 0,
    replay: life.kind === "replay",
  };
}

/** Live first (most listened to), then what is coming (soonest), then what is over (latest). */
export function listed(spaces: readonly Space[]): readonly Space[] {
  const rank = (space: Space): number =>
    space.status === "live" ? 0 : space.status === "lobby" || space.status === "scheduled" ? 1 : 2;
  return spaces.toSorted((a, b) => {
    const order = rank(a) - rank(b);
    if (order !== 0) return order;
    if (rank(a) === 0) return b.listeners - a.listeners || a.startAt.localeCompare(b.startAt);
    return rank(a) === 1 ? a.startAt.localeCompare(b.startAt) : b.startAt.localeCompare(a.startAt);
  });
}

/** A slug from a title: its Latin letters and digits; empty when it has none. */
export const slugFrom = (title: string): string =>
  title
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/gu, "-")
    .slice(0, 48)
    .replace(/^-+|-+$/gu, "");
