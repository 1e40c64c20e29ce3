import type { EdgeMachine, ExpectedAudience, RunCheckName, RunVerdict } from "../../wire/run-sheet.ts";
import type { PublicStatus } from "../../wire/state.ts";

/** All that a run sheet is worked out from, as it is at one moment. Moments are ms since 1970 by the wall's clock. */
export interface GameDayFacts {
  readonly now: number;
  /** The announced minute, T. */
  readonly startAt: number;
  readonly status: PublicStatus;
  /** How late it opened, ms; null before, and where it never did. */
  readonly delayMs: number | null;
  /** What is expected; null until somebody has said it. */
  readonly audience: Audience | null;
  readonly plan: PlanFact;
  /** Machines that serve listeners now: this one while an edge of it is up, and those it knows of. */
  readonly edges: number;
  /** Bytes that are free for the archive; null where the disk does not say. */
  readonly diskFree: number | null;
  readonly certificate: CertificateFact;
  readonly clock: ClockFact;
  /** How many invites were made. */
  readonly invites: number;
  /** What people have ticked. */
  readonly ticks: Readonly<Partial<Record<RunCheckName, TickFact>>>;
  readonly rehearsal: RehearsalFact | null;
  readonly report: ReportFact | null;
  readonly stage: StageFact;
  readonly processes: ProcessFacts;
  /** Whether the lobby's hold audio is published; `closed` while there is no lobby. */
  readonly hold: "playing" | "silent" | "closed";
  /** Why nothing can be recorded; null when it can. */
  readonly notRecording: string | null;
}

export type Audience = ExpectedAudience & { readonly edge: EdgeMachine };

export type PlanFact =
  | { readonly kind: "none" }
  | { readonly kind: "working" }
  | { readonly kind: "failed"; readonly why: string }
  | {
      readonly kind: "there";
      readonly verdict: RunVerdict;
      /** How many edges it takes; null when no number is enough. */
      readonly edges: number | null;
      /** How many bear the loss of one; null where the plan does not say. */
      readonly edgesWithSpare: number | null;
    };

export type CertificateFact =
  /** No TLS that this server knows of. */
  | { readonly kind: "none" }
  /** Something in front has it. */
  | { readonly kind: "elsewhere"; readonly url: string }
  | { readonly kind: "own"; readonly validTo: number }
  | { readonly kind: "unreadable"; readonly why: string };

export interface ClockFact {
  /** How far the wall's clock was set since the server began, ms. */
  readonly setMs: number;
  /** How far the clock of who asks is ahead of this one's, ms; null where it was not told. */
  readonly differsMs: number | null;
}

export interface TickFact {
  readonly by: string;
  readonly at: number;
}

export interface RehearsalFact {
  /** Whether its programme, and no hold audio, is published now. */
  readonly plays: boolean;
  readonly listeners: number;
}

export interface ReportFact {
  readonly verdict: RunVerdict;
  readonly listeners: number | null;
  readonly at: number;
}

/** Who is on the Space's stage. `names` are of those who are meant. */
export interface StageFact {
  readonly seated: number;
  readonly connected: number;
  /** Whether a host or co-host is connected. */
  readonly hasHost: boolean;
  readonly away: readonly string[];
  /** Connected, but not heard so far. */
  readonly unheard: readonly string[];
  /** The connection that does worst; null where there is none. */
  readonly worst: { readonly name: string; readonly lossPercent: number; readonly jitterMs: number } | null;
}

export interface ProcessFacts {
  /** How many there are; 0 when nobody tells. */
  readonly count: number;
  readonly down: readonly string[];
  /** Whose event loop is the slowest, and the 99th percentile of its delay; null when nobody tells. */
  readonly slowest: { readonly name: string; readonly delayMs: number } | null;
  /** Whether control hears origin and stage. */
  readonly linked: boolean;
}
