import type { TroubleKind } from "../episodes.ts";
import type { FeatureName } from "../features.ts";
import type { Cause } from "../likelihood.ts";
import type { VerdictKind } from "../verdict.ts";

export const verdictWords: Readonly<Record<VerdictKind, string>> = {
  crowd: "The crowd. People came to listen; nothing else of any size did.",
  attack: "An attack. Most of what came was not people who listen.",
  "attack-in-crowd": "An attack inside a crowd.",
  "own-fault": "Our own fault.",
  "cannot-tell": "Cannot tell.",
  quiet: "Nothing happened that could be judged.",
};

export const causeWords: Readonly<Record<Cause | "unknown", string>> = {
  crowd: "crowd",
  attack: "attack",
  fault: "own fault",
  unknown: "unknown",
};

export interface FeatureWords {
  /** What it measures. */
  readonly name: string;
  /** How its value is written. */
  readonly as: "share" | "number" | "seconds" | "per minute";
  readonly source?: string;
}

export const featureWords: Readonly<Record<FeatureName, FeatureWords>> = {
  excessShare: { name: "share of the load that nobody who plays explains", as: "share" },
  requestsPerAddress: { name: "requests of each address in ten seconds", as: "number" },
  requestsAgainstAddresses: {
    name: "growth of requests against growth of addresses",
    as: "number",
    source: "Jung, Krishnamurthy and Rabinovich 2002",
  },
  played: { name: "asked by prefixes that had listened before", as: "share", source: "Jung et al. 2002" },
  evenness: { name: "evenness of who asks (entropy of prefixes against its most)", as: "share" },
  topShare: { name: "asked by the ten prefixes that asked most", as: "share" },
  clusters: { name: "entropy of clusters against that of prefixes", as: "share" },
  notFound: { name: "requests for what does not exist", as: "share" },
  notUnderstood: { name: "connections that spoke no HTTP, or too slowly", as: "share" },
  leftEarly: { name: "joins that left before three segments", as: "share" },
  silent: { name: "connections that neither play nor ask", as: "share" },
  unread: { name: "listeners that did not read what they were sent", as: "per minute" },
  refusedAgain: { name: "refusals for each address: came again although told when to", as: "number" },
  sinceAnnounced: { name: "began after an announcement, a beginning or an end", as: "seconds" },
  sinceTrouble: { name: "began after trouble of ours or a new version", as: "seconds" },
  steadiness: { name: "unevenness of the pace, second by second", as: "number" },
  ending: { name: "steepest fall within three seconds at its end", as: "share" },
  withPlayers: { name: "correlation with the number of players", as: "number" },
  prefixesAlike: { name: "correlation among the prefixes that asked most", as: "number", source: "Yu et al. 2012" },
  handshakesFailed: { name: "TLS handshakes that failed", as: "share" },
  kernelDrops: { name: "connections that the kernel dropped, against those accepted", as: "share" },
  oneKind: { name: "share of one kind of request in the excess", as: "share" },
  completed: { name: "newcomers who came to hear three segments, for each address that asked", as: "number" },
  cadence: { name: "segments asked for against the segments' clock", as: "number" },
  errorsBelowCapacity: { name: "errors and refusals while there was less load than was proven", as: "share" },
  puzzlesIgnored: {
    name: "prices told to those who ignore them and go on",
    as: "share",
    source: "Kandula, Katabi, Jacob and Berger 2005",
  },
};

export const troubleWords: Readonly<Record<TroubleKind, string>> = {
  killed: "an edge process was killed or crashed",
  "origin-away": "an edge had lost the origin",
  stalled: "an edge's event loop stood still although there was little to do",
  segments: "segments came late, spoiled or not at all from our own side",
  "fewer-edges": "there were fewer edges than before",
  silence: "nothing was written down: no edge ran",
};

/** What no edge writes down today, so that no verdict can stand on it. */
export const blindSpots: readonly string[] = [
  "What is never accepted: SYN floods, floods of datagrams at the stage and whatever fills the line before this machine. Only the kernel's drops are seen.",
  "Who behaves in everything as a listener does, however many they are: they are counted as the crowd. So are players in the hands of somebody else as long as they do nothing but play.",
  "The way of a single visitor from page to state to sound: only sums of all visitors are kept, to name nobody.",
  "Whether a single client waits as long as Retry-After says: only refusals against addresses are known, and what the shield counts of those who persist.",
  "Caches and CDNs in front: what they answer themselves is not seen here.",
  "Who was hit by a refusal: it is counted, not known whether it was a person.",
];

/** A number as people read it. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${(value / 1e6).toFixed(1)} million`;
  if (size >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(2)));
}

export const percent = (share: number): string => {
  const value = share * 100;
  return value > 0 && value < 1 ? "under 1 %" : `${Math.round(value)} %`;
};

export function featureValue(feature: FeatureName, value: number): string {
  switch (featureWords[feature].as) {
    case "share":
      return percent(value);
    case "seconds":
      return value >= 3600 ? "nothing within an hour" : `${Math.round(value)} s`;
    case "per minute":
      return `${figure(value)} a minute for each`;
    case "number":
      return figure(value);
  }
}
