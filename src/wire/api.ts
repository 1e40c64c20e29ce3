import * as v from "valibot";
import type { LevelCause } from "./levels.ts";
import { publicStatuses, type PublicStatus, type Role, type ServiceLevel, type StageRole } from "./state.ts";

/** The control API, `/api/v1`. Schemas are the border's validation and the source of `/api/openapi.json`. */
const title = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(200));
const description = v.pipe(v.string(), v.maxLength(5000));
const language = v.pipe(v.string(), v.regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$/, "a BCP 47 language tag"));
const slug = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, "lower-case letters, digits and hyphens"),
);
/** ISO 8601 with an offset. */
const instant = v.pipe(v.string(), v.isoTimestamp());

export const createSpaceSchema = v.strictObject({
  title,
  description: v.optional(description, ""),
  language: v.optional(language, "en"),
  /** When it begins; left out: now. */
  startAt: v.optional(instant),
  visibility: v.optional(v.picklist(["public", "unlisted"]), "public"),
  /** Left out: made from the title. */
  slug: v.optional(slug),
});
export type CreateSpace = v.InferInput<typeof createSpaceSchema>;

export const editSpaceSchema = v.strictObject({
  title: v.optional(title),
  description: v.optional(description),
  language: v.optional(language),
  startAt: v.optional(instant),
  visibility: v.optional(v.picklist(["public", "unlisted"])),
});
export type EditSpace = v.InferInput<typeof editSpaceSchema>;

/** One Space as the API shows it. Times are ISO 8601. */
export const spaceSchema = v.object({
  id: v.string(),
  slug: v.string(),
  title: v.string(),
  description: v.string(),
  language: v.string(),
  visibility: v.picklist(["public", "unlisted"]),
  status: v.picklist(publicStatuses),
  hold: v.boolean(),
  startAt: v.string(),
  liveAt: v.nullable(v.string()),
  /** Milliseconds from `startAt` to the first live segment. */
  delayMs: v.nullable(v.number()),
  endedAt: v.nullable(v.string()),
  listeners: v.number(),
  replay: v.boolean(),
});
export type Space = v.InferOutput<typeof spaceSchema>;

export const createInviteSchema = v.strictObject({
  role: v.picklist(["host", "cohost", "speaker"]),
  /** Shown on stage unless the guest gives another. */
  name: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(80))),
  /** Seconds until it expires. */
  expiresIn: v.optional(v.pipe(v.number(), v.integer(), v.minValue(60), v.maxValue(30 * 86_400)), 86_400),
});
export type CreateInvite = v.InferInput<typeof createInviteSchema>;

export interface Invite {
  readonly url: string;
  readonly token: string;
  readonly role: StageRole;
  readonly expiresAt: string;
  /** For OBS or GStreamer: POST an offer here with `Authorization: Bearer <token>`. */
  readonly whipUrl: string;
}

/** `PUT /api/v1/spaces/:space/level`: the level of service that is asked for; 0 takes it back. */
export const askLevelSchema = v.strictObject({ level: v.picklist([0, 1, 2, 3, 4] satisfies ServiceLevel[]) });
export type AskLevel = v.InferInput<typeof askLevelSchema>;

/** What is asked for, what edges measure, and the higher of both: which holds, what made it so, and since when. */
export interface SpaceLevel {
  readonly asked: ServiceLevel;
  readonly measured: ServiceLevel;
  readonly effective: ServiceLevel;
  readonly cause: LevelCause;
  /** ISO 8601. */
  readonly since: string;
  /** How many edges are at each level, 0 to 4. */
  readonly edges: readonly number[];
}

/** One recorded change of a Space's life. */
export interface SpaceChange {
  readonly at: string;
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

/** `POST /api/v1/spaces/:space/host-token`: the owner's own participant token. */
export interface HostToken {
  readonly token: string;
}

/** What one edge counts: who is there now, and totals since it began. */
export interface EdgeFigures {
  /** On endless responses. */
  readonly listeners: number;
  /** By numbered segments, told apart. */
  readonly numbered: number;
  /** Requests held until something is published. */
  readonly held: number;
  readonly joins: number;
  readonly sentBytes: number;
  /** Slow listeners skipped to the live edge, and closed. */
  readonly skips: number;
  readonly closes: number;
  /** Requests to what it follows. */
  readonly fetches: number;
  /** Its own level of service, and what brought it there. */
  readonly level: number;
  readonly cause: LevelCause;
}

/** `GET /api/v1/ops`. */
export interface Ops {
  /** ISO 8601. */
  readonly now: string;
  readonly processes: readonly {
    readonly name: string;
    readonly up: boolean;
    /** Resident memory in bytes; null where it is not known. */
    readonly rss: number | null;
    /** CPU time used since it began, seconds. */
    readonly cpuSeconds: number | null;
    readonly uptimeSeconds: number | null;
    /** Event loop delay, 99th percentile, seconds. */
    readonly loopDelaySeconds: number | null;
    readonly restarts: number | null;
    /** What an edge of this machine counts; null for other processes, and for an edge that does not answer. */
    readonly edge: EdgeFigures | null;
  }[];
  /** Spaces that are scheduled, open or live now. */
  readonly spaces: readonly {
    readonly id: string;
    readonly slug: string;
    readonly title: string;
    readonly status: PublicStatus;
    readonly hold: boolean;
    readonly listeners: number;
    readonly onStage: number;
    readonly hands: number;
    /** How late it opened, ms; null before. */
    readonly delayMs: number | null;
    /** Health of its programme as the stage last told it; null when it told none. */
    readonly programme: { readonly onAir: boolean; readonly lagMs: number; readonly lost: number } | null;
  }[];
  readonly listeners: number;
  /** Open WebSockets of all rooms. */
  readonly sockets: number;
  /** Whether control hears the two it looks after. */
  readonly links: { readonly origin: boolean; readonly stage: boolean };
}

/** `GET /api/v1/me`. */
export interface Me {
  readonly signedIn: boolean;
  readonly name: string | null;
  readonly role: "owner" | null;
  /** False until the owner link was used: the sign-in page then says to look at the server's output. */
  readonly ownerExists: boolean;
}

export interface SpaceList {
  readonly spaces: readonly Space[];
}
export type { PublicStatus, Role };

/*
 * Routes (all JSON; errors are RFC 9457 problem documents):
 *
 * GET    /api/v1/spaces                         public Spaces: live, then upcoming, then ended (newest first; ?limit, ?status;
 *                                               ?all=true for the owner: unlisted and cancelled ones too)
 * POST   /api/v1/spaces                         owner; CreateSpace → 201 Space
 * GET    /api/v1/spaces/:space                  id or slug → Space
 * PATCH  /api/v1/spaces/:space                  owner; EditSpace → Space
 * POST   /api/v1/spaces/:space/start            owner or host token; go live now
 * POST   /api/v1/spaces/:space/end              owner or host token
 * POST   /api/v1/spaces/:space/cancel           owner
 * POST   /api/v1/spaces/:space/host-token       owner → HostToken, with which the desk joins the room
 * GET    /api/v1/spaces/:space/changes          owner → { changes: SpaceChange[] }
 * POST   /api/v1/spaces/:space/invites          owner, or host/cohost token (a cohost: speakers only); CreateInvite → 201 Invite
 * POST   /api/v1/spaces/:space/rehearsal        owner or host token → Space: the hidden rehearsal, made or the one there is
 * DELETE /api/v1/spaces/:space/rehearsal        owner or host token
 * POST   /api/v1/spaces/:space/rehearsal/report owner or host token; the record of a run, also packed → RunSheet
 * GET    /api/v1/spaces/:space/rehearsal/report owner or host token; a page, or JSON
 * GET    /api/v1/spaces/:space/run-sheet        owner or host token → RunSheet, see run-sheet.ts
 * PUT    /api/v1/spaces/:space/run-sheet/audience  owner or host token; ExpectedAudience → RunSheet
 * GET    /api/v1/spaces/:space/run-sheet/plan   owner or host token; a page, or JSON
 * PUT    /api/v1/spaces/:space/run-sheet/:check owner or host token; Tick → RunSheet
 * GET    /api/v1/spaces/:space/level            owner, host or co-host → SpaceLevel
 * PUT    /api/v1/spaces/:space/level            owner, host or co-host; AskLevel → SpaceLevel
 * GET    /api/v1/spaces/:space/verdict          owner or host token → VerdictTold, see verdict.ts
 * GET    /api/v1/spaces/:space/verdict.html     owner or host token; the report, a page
 * POST   /api/v1/spaces/:space/told             owner or host token; ToldOutside → 204: people were told of it outside
 * GET    /api/v1/spaces/:space/calendar.ics     RFC 5545
 * GET    /api/v1/spaces/:space/room             WebSocket, see signalling.ts
 * POST   /api/v1/spaces/:space/whip             RFC 9725; Bearer invite or participant token; 201 + Location
 * DELETE /api/v1/spaces/:space/whip/:session
 * GET    /api/v1/me                             Me
 * POST   /api/v1/owner/claim                    { token, name } one-time owner link → session cookie
 * POST   /api/v1/owner/password                 signed in; { password } sets it
 * POST   /api/v1/session                        { password } → session cookie
 * DELETE /api/v1/session                        sign out
 * GET    /api/v1/passkeys                       signed in → { passkeys: PasskeyInfo[] }
 * DELETE /api/v1/passkeys/:id                   signed in
 * POST   /api/v1/passkeys/register/options|verify   signed in; WebAuthn
 * POST   /api/v1/passkeys/login/options|verify      WebAuthn → session cookie
 * GET    /api/v1/price                          ?for=hand&space=…; what an act costs now → Price, see price.ts
 * GET    /api/v1/ops                            owner; Ops: processes, listeners, for the ops page
 * GET    /api/openapi.json
 */
