/**
 * What the desk shows of a verdict: `GET /api/v1/spaces/{space}/verdict`. The whole of it is the report beside it. No words travel: causes,
 * features and troubles are keys of the catalogue.
 */
export const verdictKinds = ["crowd", "attack", "attack-in-crowd", "own-fault", "cannot-tell", "quiet"] as const;
export type VerdictKindTold = (typeof verdictKinds)[number];
export const verdictCauses = ["crowd", "attack", "fault", "unknown"] as const;
export type VerdictCause = (typeof verdictCauses)[number];

/** The most points of a curve; of more each is the highest of its time. */
export const maxVerdictPoints = 120;
/** How many features that speak for, and how many that speak against, are told of one episode. */
export const toldFeatures = 4;
/** The most episodes that are told: those with the most load. */
export const maxEpisodesTold = 6;

/** A part of the load, 0 to 1, and between what it lies. */
export interface ShareTold {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** A feature's value, and how it is written. */
export interface FeatureTold {
  readonly name: string;
  readonly value: number;
  readonly as: "share" | "number" | "seconds" | "per minute";
}

/** Times are ISO 8601. */
export interface EpisodeTold {
  readonly from: string;
  readonly to: string;
  /** What it is taken for, and what it is most like, which may be too little to name it. */
  readonly cause: VerdictCause;
  readonly likeliest: Exclude<VerdictCause, "unknown">;
  readonly probability: number;
  /** Of the load in this time. */
  readonly excess: number;
  /** Features that say most for the likeliest cause, and against it. */
  readonly speaksFor: readonly FeatureTold[];
  readonly speaksAgainst: readonly FeatureTold[];
}

/** The highest load without something, and whether what was proven would have borne it. */
export interface WithoutTold {
  /** Of the proven capacity; null where none was proven. */
  readonly ofCapacity: number | null;
  readonly holds: "yes" | "no" | "unknown";
}

export interface VerdictTold {
  /** When it was worked out, and of which time. */
  readonly at: string;
  readonly from: string;
  readonly to: string;
  readonly kind: VerdictKindTold;
  readonly shares: Readonly<Record<VerdictCause, ShareTold>>;
  readonly episodes: readonly EpisodeTold[];
  /** Troubles of our own: when, and what. */
  readonly troubles: readonly { readonly at: string; readonly kinds: readonly string[] }[];
  /** The load by whose it was, ms of processor a second, and players, at even steps from `from` on. */
  readonly curves: {
    readonly stepMs: number;
    readonly load: Readonly<Record<VerdictCause, readonly number[]>>;
    readonly players: readonly number[];
  };
  readonly without: {
    readonly provedBy: string | null;
    readonly honest: WithoutTold;
    readonly attack: WithoutTold;
    readonly withoutFault: WithoutTold;
  };
  /** Who was told to come later or that there is no room, and how many of them at most had done nothing wrong. */
  readonly refused: number;
  readonly innocent: number;
  /** The chains that it stands on, and those that do not hold. */
  readonly chains: number;
  readonly broken: readonly string[];
  /** How many edges on other machines players are told of: their evidence is there. */
  readonly elsewhere: number;
  /** The report, a page. */
  readonly url: string;
}
