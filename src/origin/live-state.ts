import { initSegment } from "../cmaf/init.ts";
import type { EpochMs } from "../foundation/duration.ts";
import { renditionFacts, renditionNames } from "../wire/rendition.ts";
import type { LiveState, PublicStatus, RenditionState, ServiceLevel } from "../wire/state.ts";
import type { TimelineRecord } from "../wire/timelines.ts";
import type { AudienceFigures } from "./space-audience.ts";
import type { Timeline } from "./timeline.ts";

/** What is true now and not kept on disk. */
export interface Momentary {
  readonly now: EpochMs;
  readonly audience: AudienceFigures;
  /** Base URLs of edges that players are told of. */
  readonly edges: readonly string[];
  readonly level: ServiceLevel;
  /** `undefined` before the lobby, and some time after the end. */
  readonly timeline: Timeline | undefined;
}

/** The init segments of all renditions as bytes and for `state.json`: the same for every Space. */
export const inits = new Map(renditionNames.map((name) => [name, Buffer.from(initSegment(name))]));
const renditions: readonly RenditionState[] = renditionNames.map((name) => ({
  name,
  codecs: renditionFacts[name].codecs,
  bitrate: renditionFacts[name].bitrate,
  init: inits.get(name)?.toString("base64") ?? "",
}));

export function liveState(record: TimelineRecord, { now, audience, edges, level, timeline }: Momentary): LiveState {
  const { spec, liveAt, finished, replay } = record;
  return {
    v: 1,
    id: spec.id,
    slug: spec.slug,
    title: spec.title,
    description: spec.description,
    language: spec.language,
    unlisted: spec.unlisted,
    status: publicStatus(record, now),
    hold: !finished && (timeline?.hold ?? false),
    replay: replay !== null,
    startAt: spec.startAt,
    liveAt,
    delayMs: liveAt === null ? null : liveAt - spec.startAt,
    endedAt: spec.endedAt,
    now: Math.round(now),
    epochMs: spec.epochMs,
    first: timeline?.ring.first() ?? null,
    latest: timeline?.ring.latest() ?? null,
    push: "chunk",
    level,
    ...audience,
    edges,
    renditions,
    stage: spec.stage,
    notice: spec.notice,
  };
}

/** Live only from `liveFrom` on, and over only when the last segment is published: until then something follows. */
export function publicStatus({ spec, finished }: TimelineRecord, at: number): PublicStatus {
  const over = spec.status === "ended" || spec.status === "cancelled";
  if (finished || spec.epochMs === null || (!over && spec.status !== "live")) return spec.status;
  return spec.liveFrom === null || at < spec.liveFrom ? "lobby" : "live";
}
