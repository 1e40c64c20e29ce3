import * as v from "valibot";
import { levelCauses, type LevelTold } from "./levels.ts";
import { type LineFacts, maxLineBuckets, maxSlotsTold } from "./tickets.ts";
import { maxBeaconHalvings, publicStatuses, type ServiceLevel, type LiveState } from "./state.ts";

/** What control tells the origin about a Space (`PUT /timelines/{id}`); the origin keeps it on disk and goes on alone. */
export const stagePersonSchema = v.object({
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  name: v.pipe(v.string(), v.maxLength(80)),
  role: v.picklist(["host", "cohost", "speaker"]),
  muted: v.boolean(),
  present: v.boolean(),
});

const time = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000_000_000));
const name = v.pipe(v.string(), v.regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/));

const serviceLevelSchema = v.picklist([0, 1, 2, 3, 4] satisfies ServiceLevel[]);

export const timelineSpecSchema = v.object({
  id: name,
  slug: name,
  title: v.pipe(v.string(), v.maxLength(200)),
  description: v.pipe(v.string(), v.maxLength(5000)),
  language: v.pipe(v.string(), v.maxLength(35)),
  unlisted: v.boolean(),
  status: v.picklist(publicStatuses),
  startAt: time,
  /** When segment 0 starts; set from the lobby on, never changed after. */
  epochMs: v.nullable(time),
  /** The start of the first segment that may carry the programme; the archive begins there. Null in the lobby. */
  liveFrom: v.nullable(time),
  endedAt: v.nullable(time),
  stage: v.pipe(v.array(stagePersonSchema), v.maxLength(64)),
  notice: v.pipe(v.string(), v.maxLength(500)),
  /** False for the demo Space, which may play for months: nothing is archived and there is no replay. */
  archive: v.optional(v.boolean(), true),
  /** The level of service that its host asks for: it is never below. */
  level: v.optional(serviceLevelSchema, 0),
});
export type TimelineSpec = v.InferOutput<typeof timelineSpecSchema>;

/**
 * `POST /timelines/{id}/events`: what the audience is told with the next chunk. `voices` ride in the programme's own
 * chunks; `status` and `count` are accepted and not used, since the origin knows them better.
 */
export const roomEventsSchema = v.object({
  events: v.pipe(
    v.array(
      v.variant("t", [
        v.object({ t: v.literal("stage"), people: v.pipe(v.array(stagePersonSchema), v.maxLength(64)) }),
        v.object({ t: v.literal("title"), title: v.pipe(v.string(), v.maxLength(200)) }),
        v.object({ t: v.literal("notice"), text: v.pipe(v.string(), v.maxLength(500)) }),
        v.object({ t: v.literal("level"), level: serviceLevelSchema }),
        v.object({ t: v.literal("status"), status: v.picklist(publicStatuses), hold: v.boolean() }),
        v.object({ t: v.literal("count"), listeners: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
      ]),
    ),
    v.maxLength(64),
  ),
});
export type RoomEvents = v.InferOutput<typeof roomEventsSchema>;

/** What the origin keeps of a Space on disk, to go on without control. */
export const timelineRecordSchema = v.object({
  v: v.literal(1),
  spec: timelineSpecSchema,
  /** The fence of the newest lease. */
  fence: time,
  /** The start of the first segment that carried the programme. */
  liveAt: v.nullable(time),
  /** The first slot that is not published any more, once the Space is over; a segment's first. */
  endSlot: v.nullable(time),
  /** True once everything up to `endSlot` is published and on disk. */
  finished: v.boolean(),
  /** The segments of the replay; null when there is none. */
  replay: v.nullable(v.object({ first: time, last: time })),
  /** Different listeners, once it is over. */
  heard: v.optional(time, 0),
});
export type TimelineRecord = v.InferOutput<typeof timelineRecordSchema>;

/** `POST /timelines/{id}/lease`: whoever asks last holds the programme; older fences are refused from then on. */
export interface Lease {
  readonly fence: number;
}
/** Request header of an ingested chunk: the fence of the lease it is made under. */
export const fenceHeader = "rostra-fence";

/**
 * `PUT /ingest/{space}/{rendition}/{n}/{part}`: one chunk. 204 once it is published and on disk; 200 with `Unarchived`
 * when it is published but the archive could not take it. Neither is to be sent again. 409 `fenced`, `late` or
 * `not-on-air`; 503 `too-early` is to be sent again.
 */
export const ingestPath = (space: string, rendition: string, n: number, part: number): string =>
  `/ingest/${space}/${rendition}/${n}/${part}`;

/** The body of a 200 for an ingested chunk: listeners get it, the replay will not have it. */
export interface Unarchived {
  readonly published: true;
  readonly archived: false;
  readonly why: string;
}

/** How long a serialised sketch of one Space's different listeners may be, base64. */
export const maxSketchLength = 8192;
/** What the origin keeps of an open Space's audience (`audience/<id>.json`), to count on after a restart. */
export const keptAudienceSchema = v.object({
  v: v.literal(1),
  id: name,
  /** base64 of 16 bytes. */
  salt: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]{22}==$/)),
  saltedAt: time,
  heard: time,
  /** The HyperLogLog of its different listeners. */
  different: v.pipe(v.string(), v.maxLength(maxSketchLength)),
});
export type KeptAudience = v.InferOutput<typeof keptAudienceSchema>;

const hexSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
/** What the origin keeps of an open Space's line (`lines/<id>.json`), so that a restart changes nobody's turn. */
export const keptLineSchema = v.object({
  v: v.literal(1),
  id: name,
  hour: time,
  commitment: hexSchema,
  seed: hexSchema,
  buckets: v.pipe(v.array(v.tuple([time, time, count])), v.maxLength(maxLineBuckets)),
  called: v.object({ from: time, part: v.pipe(v.number(), v.minValue(0), v.maxValue(1)) }),
});
export type KeptLine = v.InferOutput<typeof keptLineSchema>;

const levelCauseSchema = v.picklist(levelCauses);

/** How many sketches one report carries; more follow with the next. */
export const maxSketchesTold = 32;

/** What an edge has done at the door of one Space. */
export const lineReportSchema = v.object({
  /** Places that were given: in which slot (its start, seconds since 1970; 0 for all who came before the hour), and how many. */
  places: v.pipe(v.array(v.tuple([time, count])), v.maxLength(maxSlotsTold)),
  /** How many of those in line have sat down. */
  seated: count,
});
export type LineReport = v.InferOutput<typeof lineReportSchema>;

/** `POST /audience`: what one edge counts now, together with the edges below it. Every second. */
export const audienceSchema = v.object({
  edge: v.pipe(v.string(), v.maxLength(100)),
  /** Seats that play now, by Space. */
  listeners: v.record(name, v.pipe(v.number(), v.integer(), v.minValue(0))),
  /** Of these, those who fetch numbered segments and are told apart by address and User-Agent. */
  numbered: v.optional(v.record(name, v.pipe(v.number(), v.integer(), v.minValue(0))), {}),
  /** A HyperLogLog of the different listeners since the edge began, as `src/sketch/` writes it; only what changed. */
  uniques: v.optional(v.record(name, v.pipe(v.string(), v.maxLength(maxSketchLength))), {}),
  /** Beacons taken since the last report, by Space: at place `k` those of players drawn with a share of 2^-k. */
  beacons: v.optional(
    v.record(name, v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(0))), v.maxLength(maxBeaconHalvings + 1))),
    {},
  ),
  /** Base URLs under which players reach this edge and those below it. */
  urls: v.optional(v.pipe(v.array(v.pipe(v.string(), v.url(), v.maxLength(200))), v.maxLength(64)), []),
  /** How many edges are at each level of service by what they measure, it and those below it; and why the highest is. @default one, open */
  level: v.optional(
    v.object({
      edges: v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(0))), v.length(5)),
      cause: levelCauseSchema,
    }),
  ),
  /** What became of the lines since the last report, by Space: only those of which something did. */
  line: v.optional(v.record(name, lineReportSchema)),
  /** How many more listeners it and those below it can seat within the next second. Left out: that is not limited. */
  seats: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
});
export type Audience = v.InferOutput<typeof audienceSchema>;
/** The same as it is sent: what is empty can be left out. */
export type AudienceReport = v.InferInput<typeof audienceSchema>;

/** Whose turn it is at the door of a Space; it follows the Space's state once it is open, and comes again when it has changed. */
export interface LineLine extends LineFacts {
  readonly t: "line";
  readonly id: string;
}

/** `GET /level` of the origin: that of the whole, and how many edges are at each level. */
export interface WholeLevelTold extends LevelTold {
  readonly edges: readonly number[];
}

/**
 * `GET /feed` of the origin (`/edge/feed` of an edge), NDJSON, for edges and for control. On connection every Space it knows, with its salt, and `synced`; then
 * each change. `latest` comes with every complete segment, `state` when anything else changed. A `tick` every second, which
 * only the origin makes: an edge passes it on, so that its silence is heard all the way down.
 */
export type FeedLine =
  /**
   * Under which a Space's listeners are told apart, the same on all edges; never published. base64 of 16 bytes. It follows
   * the Space's state once it is open, and comes anew each day that it stays open.
   */
  | { readonly t: "salt"; readonly id: string; readonly salt: string }
  | { readonly t: "state"; readonly state: LiveState }
  | {
      readonly t: "latest";
      readonly id: string;
      readonly latest: number;
      readonly first: number;
      readonly hold: boolean;
    }
  | { readonly t: "gone"; readonly id: string }
  | LineLine
  /** Through which edges this feed comes: the one that tells it first, then the one it follows, and so on. */
  | { readonly t: "path"; readonly edges: readonly string[] }
  | { readonly t: "synced" }
  | { readonly t: "tick"; readonly now: number };
