import * as v from "valibot";
import { publicStatuses, type LiveState } from "./state.ts";

/** What control tells the origin about a Space (`PUT /timelines/{id}`); the origin keeps it on disk and goes on alone. */
export const stagePersonSchema = v.object({
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  name: v.pipe(v.string(), v.maxLength(80)),
  role: v.picklist(["host", "cohost", "speaker"]),
  muted: v.boolean(),
  present: v.boolean(),
});

const time = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const name = v.pipe(v.string(), v.regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/));

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
});
export type TimelineSpec = v.InferOutput<typeof timelineSpecSchema>;

/** `POST /timelines/{id}/lease`: whoever asks last holds the programme; older fences are refused from then on. */
export interface Lease {
  readonly fence: number;
}
/** Request header of an ingested chunk: the fence of the lease it is made under. */
export const fenceHeader = "rostra-fence";

/** `PUT /ingest/{space}/{rendition}/{n}/{part}`: one chunk. 204 once it is on disk; 409 `fenced`, `late` or `not-on-air`. */
export const ingestPath = (space: string, rendition: string, n: number, part: number): string =>
  `/ingest/${space}/${rendition}/${n}/${part}`;

/** `POST /audience`: what one edge counts now. */
export const audienceSchema = v.object({
  edge: v.pipe(v.string(), v.maxLength(100)),
  listeners: v.record(name, v.pipe(v.number(), v.integer(), v.minValue(0))),
});
export type Audience = v.InferOutput<typeof audienceSchema>;

/**
 * `GET /feed` of the origin, NDJSON, for edges and for control. On connection every Space it knows and `synced`; then
 * each change. `latest` comes with every complete segment, `state` when anything else changed. A `tick` every second.
 */
export type FeedLine =
  | { readonly t: "state"; readonly state: LiveState }
  | {
      readonly t: "latest";
      readonly id: string;
      readonly latest: number;
      readonly first: number;
      readonly hold: boolean;
    }
  | { readonly t: "gone"; readonly id: string }
  | { readonly t: "synced" }
  | { readonly t: "tick"; readonly now: number };
