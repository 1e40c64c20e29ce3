import * as v from "valibot";

/** What control tells the stage about a Space (`PUT /stages/{id}`), whole every time; the stage makes it so. */
export const stageSpecSchema = v.object({
  /** When segment 0 starts, ms since 1970. */
  epochMs: v.pipe(v.number(), v.integer()),
  /** From when on the programme is published; null while the audience gets hold audio (lobby). A segment's start. */
  onAirFrom: v.nullable(v.pipe(v.number(), v.integer())),
  people: v.pipe(
    v.array(
      v.object({
        id: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
        muted: v.boolean(),
        /** A synthetic speaker of the demo Space: the name of a recording in `assets/voices`. */
        recording: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,40}$/))),
      }),
    ),
    v.maxLength(64),
  ),
});
export type StageSpec = v.InferOutput<typeof stageSpecSchema>;

/** The most bytes an SDP offer may have. */
export const maxOfferBytes = 64 * 1024;

/**
 * `POST /stages/{id}/sessions`: an SDP offer becomes a session of a participant who is in the spec's `people`; a second
 * one of the same participant replaces the first. 201 with the answer. `DELETE /stages/{id}/sessions/{session}` ends it.
 */
export const offerSchema = v.object({
  participant: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  sdp: v.pipe(v.string(), v.maxLength(maxOfferBytes)),
  /** `tcp` when the speaker's UDP is blocked. */
  transport: v.optional(v.picklist(["udp", "tcp"]), "udp"),
});
export type Offer = v.InferOutput<typeof offerSchema>;

export interface Answer {
  readonly session: string;
  readonly sdp: string;
}

export type SessionState = "connecting" | "connected" | "interrupted" | "gone";

/**
 * `GET /events` of the stage, NDJSON: on connection the sessions there are and `synced`, then every change. `voices` at
 * 10 Hz while somebody is on a stage: level in dBFS (−90…0) and whether it counts as speech. A `tick` every second.
 */
export type StageLine =
  | {
      readonly t: "session";
      readonly space: string;
      readonly participant: string;
      readonly session: string;
      readonly state: SessionState;
    }
  | {
      readonly t: "voices";
      readonly space: string;
      readonly voices: readonly { readonly id: string; readonly db: number; readonly speaking: boolean }[];
    }
  | {
      readonly t: "health";
      readonly space: string;
      /** How far the programme is behind its clock, ms, and chunks lost for want of an origin. */
      readonly lagMs: number;
      readonly lost: number;
      readonly onAir: boolean;
      readonly sessions: readonly {
        readonly participant: string;
        readonly lossPercent: number;
        readonly jitterMs: number;
      }[];
    }
  | { readonly t: "synced" }
  | { readonly t: "tick"; readonly now: number };
