import { type FeatureName, featureNames, type Features } from "./features.ts";

/** What an episode can be. `crowd`: people, in a way that the allowances do not foresee. */
export const causes = ["crowd", "attack", "fault"] as const;
export type Cause = (typeof causes)[number];

/** Where each feature is cut into bins: below the first, …, at or above the last. */
export const cuts: Readonly<Record<FeatureName, readonly number[]>> = {
  excessShare: [0.15, 0.25, 0.4, 0.6, 0.8, 0.95],
  requestsPerAddress: [2, 4, 8, 15, 40, 200],
  requestsAgainstAddresses: [0.5, 1, 2, 4, 10, 50],
  played: [0.05, 0.2, 0.4, 0.6, 0.8, 0.95],
  evenness: [0.5, 0.7, 0.8, 0.9, 0.95, 0.98],
  topShare: [0.05, 0.1, 0.2, 0.4, 0.6, 0.8],
  clusters: [0.4, 0.6, 0.75, 0.85, 0.95],
  notFound: [0.01, 0.03, 0.1, 0.3, 0.6],
  notUnderstood: [0.01, 0.03, 0.1, 0.3, 0.6],
  leftEarly: [0.05, 0.12, 0.25, 0.4, 0.6, 0.85],
  silent: [0.1, 0.25, 0.5, 0.7, 0.9],
  unread: [0.005, 0.02, 0.05, 0.1, 0.3],
  refusedAgain: [0.1, 0.5, 1, 3, 10, 50],
  sinceAnnounced: [30, 120, 600],
  sinceTrouble: [15, 60, 300],
  steadiness: [0.03, 0.08, 0.2, 0.4, 0.8],
  ending: [0.2, 0.4, 0.6, 0.8],
  withPlayers: [-0.5, 0, 0.3, 0.6, 0.9],
  prefixesAlike: [-0.1, 0.1, 0.3, 0.5, 0.7, 0.9],
  handshakesFailed: [0.02, 0.1, 0.3, 0.6],
  kernelDrops: [0.01, 0.1, 1],
  oneKind: [0.4, 0.6, 0.8, 0.95],
  completed: [0.02, 0.06, 0.15, 0.3, 0.6],
  cadence: [0.9, 1.2, 1.6, 2.5, 6, 30],
  errorsBelowCapacity: [0.05, 0.5, 0.95],
  puzzlesIgnored: [0.1, 0.4, 0.8],
};

/** No single feature says more than this for or against a cause, in nats: none decides alone. */
export const cap = 1.5;
/** Fewer features than this that have a voice decide nothing. */
export const leastFeatures = 6;

/** From this share of an episode's load on, what nobody who plays explains is never put down to the crowd. */
export const crowdsMost = 0.4;

/** How often each bin came with each cause, smoothed: logarithms of shares; and the temperature that makes the sum a probability. */
export interface Calibrated {
  /** By feature, by cause (in the order of `causes`), by bin. */
  readonly tables: Readonly<Record<FeatureName, readonly (readonly number[])[]>>;
  readonly temperature: number;
  /** From which probability on a cause is named. */
  readonly bounds: Readonly<Record<Cause, number>>;
  /** 90 % of the calibration's errors of a share were below these: without an episode, with all of them decided, and with one that was not. */
  readonly errors: { readonly calm: number; readonly decided: number; readonly open: number };
  /** Of what it was made: seeds and number of episodes. */
  readonly made: string;
}

export interface Voice {
  readonly feature: FeatureName;
  readonly value: number;
  /** What it adds for each cause, nats, within ± cap. */
  readonly says: Readonly<Record<Cause, number>>;
}

export interface Judgement {
  /** The cause that is named, or "unknown" between the bounds. */
  readonly cause: Cause | "unknown";
  readonly probability: Readonly<Record<Cause, number>>;
  readonly voices: readonly Voice[];
}

export const binOf = (feature: FeatureName, value: number): number => {
  const at = cuts[feature].findIndex((cut) => value < cut);
  return at < 0 ? cuts[feature].length : at;
};

/** What each feature says for and against each cause. */
export function voicesOf(features: Features, { tables }: Pick<Calibrated, "tables">): Voice[] {
  return featureNames.flatMap((feature) => {
    const value = features[feature];
    if (value === undefined || !Number.isFinite(value)) return [];
    const logs = causes.map((_, i) => tables[feature][i]?.[binOf(feature, value)] ?? 0);
    const mean = logs.reduce((a, b) => a + b, 0) / logs.length;
    const [crowd = 0, attack = 0, fault = 0] = logs.map((log) => Math.max(-cap, Math.min(cap, log - mean)));
    return [{ feature, value, says: { crowd, attack, fault } }];
  });
}

/** A softmax of sums that are divided by the temperature. */
export function probabilities(voices: readonly Voice[], temperature: number): Record<Cause, number> {
  const sums = causes.map((cause) => voices.reduce((so, { says }) => so + says[cause], 0) / temperature);
  const highest = Math.max(...sums);
  const weights = sums.map((sum) => Math.exp(sum - highest));
  const all = weights.reduce((a, b) => a + b, 0);
  const [crowd = 0, attack = 0, fault = 0] = weights.map((weight) => weight / all);
  return { crowd, attack, fault };
}

/** Judges an episode by the capped sum of what its features say; between the bounds it abstains. */
export function judge(features: Features, calibrated: Calibrated): Judgement {
  const voices = voicesOf(features, calibrated);
  const probability = probabilities(voices, calibrated.temperature);
  const likely = causes.find((cause) => probability[cause] >= calibrated.bounds[cause]);
  // So much in excess of what they play people are not, whatever else looks like them.
  const named = likely === "crowd" && (features.excessShare ?? 0) >= crowdsMost ? undefined : likely;
  return { cause: voices.length < leastFeatures ? "unknown" : (named ?? "unknown"), probability, voices };
}
