import type { Key } from "./words/en.ts";

/**
 * What a rehearsal came to, of a model or of a real run: all that a report says, and nothing that it would have to work out. It is
 * plain JSON (`rostra plan --json`). Times are seconds from T, the announced minute.
 */
export interface RehearsalRecord {
  readonly v: 1;
  /** `plan`: a model, and marked as one everywhere; `run`: measured. */
  readonly kind: "plan" | "run";
  readonly title: string;
  /** The command that gives this again. */
  readonly command: string;
  /** What was asked, and on what: each a name and what it was. */
  readonly question: readonly Fact[];
  readonly setup: readonly Fact[];
  /** What came of it, most important first. */
  readonly findings: readonly Said[];
  readonly promises: readonly Kept[];
  /** From where to where the rush goes; the charts show it larger. */
  readonly rush: { readonly from: number; readonly to: number };
  readonly curves: readonly Curve[];
  /** Moments worth a line in the charts: an edge lost, an attack (`to`: its end). */
  readonly marks: readonly Mark[];
  readonly attacks: readonly Attack[];
  /** What to change first, in this order. */
  readonly changes: readonly Said[];
  /** How far this can be believed, and what it cannot know. */
  readonly confidence: readonly Said[];
  /** Why it ended early, if it did: then this is what there was. */
  readonly interrupted?: Said;
}

/** A number with what it counts, written as the reader's language does. */
export type Quantity =
  | {
      readonly value: number;
      /** `s`: a length; `at`: a moment from T; `share`: of 1. */
      readonly unit: "count" | "s" | "at" | "bit/s" | "bytes" | "share" | "cores" | "level";
    }
  | { readonly value: number; readonly unit: "money"; /** ISO 4217. */ readonly currency: string };

/** Something to be said: a text of the catalogue with its values, or one that is the same in every language. */
export type Said = { readonly key: Key; readonly values?: Readonly<Record<string, Value>> } | { readonly text: string };
export type Value = string | Quantity | Said;

export interface Fact {
  readonly name: Said;
  readonly value: Value;
}

/** A promise to the listeners, what was owed, what came, and whether that holds. */
export interface Kept {
  readonly promise: Said;
  readonly owed: Value;
  /** Left out when it was not measured. */
  readonly came?: Value;
  readonly verdict: "held" | "broken" | "unknown";
  readonly why?: Said;
}

/** Values at even steps; `null` where there is none. */
export interface Curve {
  readonly name: CurveName;
  readonly from: number;
  readonly step: number;
  readonly values: readonly (number | null)[];
}

/** What a curve shows; the charts know which belong together, and their units. */
export const curveNames = [
  "arriving",
  "joining",
  "seated",
  "standing",
  "leafed",
  "joinP50",
  "joinP99",
  "behindP50",
  "behindP99",
  "gaps",
  "egress",
  "cpuMean",
  "cpuMost",
  "level",
] as const;
export type CurveName = (typeof curveNames)[number];

export interface Mark {
  readonly at: number;
  readonly to?: number;
  readonly says: Said;
}

/** An attacker that was in the mix, and what it did to the platform and its listeners. */
export interface Attack {
  readonly name: Said;
  readonly from: number;
  readonly to: number;
  /** How much of it there was. */
  readonly strength: Value;
  /** What it cost the edges: processor, and joins that came later. */
  readonly cost: Value;
  /** What the platform owed its listeners meanwhile, and whether it held. */
  readonly owed: Said;
  readonly verdict: Kept["verdict"];
}

export type Verdict = "go" | "noGo" | "cannotTell";

/** Go when every promise held, those that attacks owe too, no go when one broke, and else it cannot be told. */
export function verdictOf({ promises, attacks, interrupted }: RehearsalRecord): Verdict {
  const all = [...promises, ...attacks];
  if (all.some(({ verdict }) => verdict === "broken")) return "noGo";
  if (promises.length === 0 || interrupted || all.some(({ verdict }) => verdict === "unknown")) return "cannotTell";
  return "go";
}
