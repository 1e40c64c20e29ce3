import * as v from "valibot";
import type { Space } from "./api.ts";

/**
 * The run sheet of a Space: `GET /api/v1/spaces/{space}/run-sheet`. What must be so before the announced minute, at which moment,
 * whether it is so, and what to do. All of it is worked out from the system's facts when it is asked for, but for what only a
 * person can know: that is ticked by one, and says who and when. Nobody's words travel: a text is a key of the catalogue
 * (`run.says.{key}`, `run.do.{key}`) with its values.
 */
export const runMoments = ["day", "hours", "minutes", "minute"] as const;
/** `day`: T−24 h; `hours`: T−2 h; `minutes`: T−10 min; `minute`: T−0. */
export type RunMomentName = (typeof runMoments)[number];

export const runChecks = [
  "audience",
  "plan",
  "edges",
  "disk",
  "certificate",
  "clock",
  "invites",
  "rehearsal-space",
  "rehearsal",
  "speakers",
  "microphones",
  "processes",
  "loop",
  "hold",
  "recording",
  "rehearsal-quiet",
  "live",
] as const;
export type RunCheckName = (typeof runChecks)[number];

/** Those that only a person can tell; the certificate is one where TLS is not this server's own. */
export const tickedChecks = ["invites", "certificate"] as const satisfies readonly RunCheckName[];
export type TickedCheck = (typeof tickedChecks)[number];

/**
 * `green`: it is so. `due`: it is not, and its moment has come. `todo`: it is not, and there is time. `failed`: it was looked
 * at, and it is wrong. `later`: it means nothing before its moment is near, or comes by itself.
 */
export const runStates = ["green", "due", "todo", "failed", "later"] as const;
export type RunState = (typeof runStates)[number];

/** A number with what it counts, so that the reader's language writes it; a moment is ms since 1970. */
export type RunValue = string | number | { readonly value: number; readonly unit: "ms" | "bytes" | "moment" | "share" };
export interface RunText<Key extends string = string> {
  readonly key: Key;
  readonly values: Readonly<Record<string, RunValue>>;
}

/** How it is: `run.says.{key}`. */
export type RunSays =
  | "audience"
  | "audienceMissing"
  | "plan"
  | "planNoAudience"
  | "planWorking"
  | "planFailed"
  | "planNoGo"
  | "edges"
  | "edgesNoPlan"
  | "edgesNone"
  | "edgesNoSpare"
  | "edgesFew"
  | "disk"
  | "diskUnknown"
  | "diskFull"
  | "certificate"
  | "certificateNone"
  | "certificateElsewhere"
  | "certificateTicked"
  | "certificateEnds"
  | "certificateUnreadable"
  | "clock"
  | "clockSet"
  | "clockDiffers"
  | "invites"
  | "invitesTicked"
  | "rehearsalSpace"
  | "rehearsalMissing"
  | "rehearsalSilent"
  | "report"
  | "reportPart"
  | "reportMissing"
  | "reportNoGo"
  | "reportUnclear"
  | "speakers"
  | "speakersNone"
  | "speakersNoHost"
  | "speakersAway"
  | "speakersUnheard"
  | "microphones"
  | "microphonesNone"
  | "microphonesPoor"
  | "processes"
  | "processesUnknown"
  | "processesDown"
  | "processesApart"
  | "loop"
  | "loopUnknown"
  | "loopSlow"
  | "hold"
  | "holdClosed"
  | "holdSilent"
  | "recording"
  | "recordingFailed"
  | "quiet"
  | "quietNot"
  | "live"
  | "liveEarly"
  | "liveLate"
  | "liveWaits"
  | "liveNot"
  | "liveCancelled"
  | "liveNever";
/** What to do: `run.do.{key}`. */
export type RunDo =
  | "sayAudience"
  | "planAgain"
  | "planLook"
  | "edgesStart"
  | "diskRoom"
  | "diskLook"
  | "certificateGive"
  | "certificateTick"
  | "certificateRenew"
  | "clockSet"
  | "invitesGive"
  | "rehearsalMake"
  | "rehearsalAnew"
  | "rehearse"
  | "reportRead"
  | "rehearseAgain"
  | "speakersCome"
  | "speakersHost"
  | "speakersCall"
  | "speakersTalk"
  | "microphonesMend"
  | "processesLook"
  | "loopQuiet"
  | "recordingMend"
  | "quietEnd"
  | "liveStart";

export interface RunCheck {
  readonly id: RunCheckName;
  readonly state: RunState;
  readonly says: RunText<RunSays>;
  /** What to do; null where nothing is. */
  readonly action: RunText<RunDo> | null;
  /** Whether a person ticks it (`PUT …/run-sheet/{id}`). */
  readonly byHand: boolean;
  /** Who ticked it, and when (ISO 8601). */
  readonly ticked: { readonly by: string; readonly at: string } | null;
}

export interface RunMoment {
  readonly moment: RunMomentName;
  /** ISO 8601. */
  readonly at: string;
  readonly checks: readonly RunCheck[];
}

/** How an event is expected to be heard, and what one edge is. `over` and `lasts` in seconds. */
export const expectedAudienceSchema = v.strictObject({
  listeners: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000_000)),
  /** How long until all have come. */
  over: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(86_400)),
  /** How long the event lasts. */
  lasts: v.pipe(v.number(), v.integer(), v.minValue(60), v.maxValue(43_200)),
  /** One edge machine; left out: the machine of this server, with a network card of 1 Gbit/s. */
  edge: v.optional(
    v.strictObject({
      cores: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1024)),
      /** Bits per second. */
      nic: v.pipe(v.number(), v.integer(), v.minValue(1_000_000), v.maxValue(1_000_000_000_000)),
      /** Bytes. */
      memory: v.pipe(v.number(), v.integer(), v.minValue(2 ** 28), v.maxValue(2 ** 44)),
      tls: v.boolean(),
    }),
  ),
});
export type ExpectedAudience = v.InferOutput<typeof expectedAudienceSchema>;
export type EdgeMachine = NonNullable<ExpectedAudience["edge"]>;

export const tickSchema = v.strictObject({ done: v.boolean() });
export type Tick = v.InferOutput<typeof tickSchema>;

export const runVerdicts = ["go", "noGo", "cannotTell"] as const;
export type RunVerdict = (typeof runVerdicts)[number];

/** A rehearsal that was run, as its record says. */
export interface RehearsalReport {
  readonly verdict: RunVerdict;
  readonly title: string;
  /** How many listeners its command asked for; null where it does not say. */
  readonly listeners: number | null;
  /** When it was handed in, ISO 8601. */
  readonly at: string;
  /** Where its page is: the report as HTML. */
  readonly url: string;
}

export interface RunPlan {
  readonly verdict: RunVerdict;
  /** Edges that the audience takes; null when no number is enough. */
  readonly edges: number | null;
  /** Edges that bear the loss of one. */
  readonly edgesWithSpare: number | null;
  readonly at: string;
  readonly url: string;
}

/** `GET …/run-sheet`; the other requests of the run sheet and of the rehearsal answer with it as well. */
export interface RunSheet {
  readonly now: string;
  readonly startAt: string;
  readonly moments: readonly RunMoment[];
  /** What to do next; null where nothing is. */
  readonly next: RunCheckName | null;
  readonly audience: (Required<ExpectedAudience> & { readonly edge: EdgeMachine }) | null;
  readonly plan: RunPlan | null;
  readonly rehearsal: Space | null;
  readonly report: RehearsalReport | null;
  /** The command that sends a crowd to the rehearsal Space; null until there is one, and an audience. */
  readonly command: string | null;
}

/** The most bytes that a record of a rehearsal may have, unpacked. */
export const maxRecordBytes = 4 * 1024 ** 2;
/** The type of a record that is sent packed (RFC 1952), since the body of a request is small. */
export const packedType = "application/gzip";
