import type { ActionBody } from "./actions.ts";

/**
 * What an edge writes down of itself every ten seconds, and what a verdict reads: the bodies of the records in its evidence
 * chain (`docs/evidence.md`). Plain JSON. No record holds an address: a prefix is a keyed hash of a /24 (IPv4) or /48 (IPv6).
 */

/** A window's length, seconds; windows begin at whole multiples of it since 1970. */
export const windowSeconds = 10;

/** What is counted in each second. */
export const countNames = [
  /** Connections accepted; those closed at once because there were too many. */
  "connections",
  "connectionsRefused",
  /** All that was asked for, however it was answered. */
  "requests",
  /** Of these: pages and their files, states, playlists, numbered segments, init segments, endless responses that began. */
  "pages",
  "states",
  "playlists",
  "segments",
  "inits",
  "joins",
  "beacons",
  "api",
  "replays",
  /** Answered that there is no such thing; that there is too much of it now; not understood or too slow to come. */
  "notFound",
  "refused",
  "bad",
  /** Endless responses and connections for numbered segments that ended; those of them that had fewer than three segments. */
  "left",
  "leftEarly",
  /** Listeners skipped or closed because they did not read. */
  "unread",
  "handshakes",
  "handshakesFailed",
  /** What went wrong on our side: segments left out or spoiled, lines of the feed not understood, upstreams given up. */
  "trouble",
  /** Bytes of sound that were written. */
  "bytes",
  /** What the shield told to come later; of these, where some behave behind the same address or prefix; and what it closed at once. */
  "later",
  "laterBehaved",
  "dropped",
  /** What clients did that costs, as the shield counts it; of this: came again although refused, or before they were told to. */
  "misdeeds",
  "persisted",
  /** Newcomers who were told that no seat is free, and places in line that were given. */
  "noSeat",
  "placed",
  /** Asked by those who stand: the live text, how their line stands, and places. */
  "standing",
] as const;
export type CountName = (typeof countNames)[number];
/** Those of the shield: an edge without one has none. */
export const shieldCountNames = ["later", "laterBehaved", "dropped", "misdeeds", "persisted"] as const;
export type ShieldCountName = (typeof shieldCountNames)[number];

/** What there is at each second's end. */
export const gaugeNames = [
  /** Connections; listeners on endless responses; listeners by numbered segments; requests held for a segment. */
  "open",
  "listeners",
  "numbered",
  "held",
  /** Milliseconds that the second took: more than a thousand when the process stood still. */
  "took",
] as const;
export type GaugeName = (typeof gaugeNames)[number];

/** One value a second; what was zero throughout is left out. */
export type Columns<Name extends string> = Readonly<Partial<Record<Name, readonly number[]>>>;

/** Who asked, in sums: of HTTP requests and of endless responses that began; requests on a connection that asks for one segment after the other count once. */
export interface Sources {
  /** How often somebody asked. */
  readonly asked: number;
  /** Different addresses (an IPv6 /64 is one), as a HyperLogLog with the installation's key. */
  readonly addresses: string;
  /** Different prefixes, and what was asked by those that had no room in the table. */
  readonly prefixes: number;
  readonly overflow: number;
  /** Shannon entropy of who asked, bits: over prefixes, and over clusters (/16 and /32). */
  readonly entropy: number;
  readonly clusterEntropy: number;
  /** Share of the ten prefixes that asked most. */
  readonly topShare: number;
  /** Share of what was asked by prefixes that had listened before this window; and how many such prefixes are known. */
  readonly played: number;
  readonly playedPrefixes: number;
  /** The prefixes that asked most in the window before, and what they asked in each second of this one. */
  readonly top: readonly { readonly prefix: string; readonly asked: readonly number[] }[];
  /** Drawn at random of all that asked: its prefix, and when, milliseconds into the window. */
  readonly sample: readonly { readonly prefix: string; readonly at: number }[];
}

export interface Resources {
  /** Share of one core that the process used. */
  readonly cpu: number;
  /** Event loop delay, ms: the 99th percentile and the longest. */
  readonly loopP99: number;
  readonly loopMax: number;
  /** Bytes. */
  readonly rss: number;
  /** Descriptors that are open; left out where the system does not tell. */
  readonly descriptors?: number;
  /** Of the whole machine in this window: connections that the kernel dropped before they were accepted; handshakes that failed; resets. */
  readonly kernel?: { readonly drops: number; readonly attemptsFailed: number; readonly resets: number };
}

export interface WindowBody {
  readonly t: "window";
  /** When it began, ms since 1970: a multiple of ten seconds, but for a process's first. */
  readonly from: number;
  readonly counts: Columns<CountName>;
  readonly gauges: Columns<GaugeName>;
  readonly sources: Sources;
  readonly resources: Resources;
  /** Listeners by Space, those of both kinds. */
  readonly spaces: Readonly<Record<string, number>>;
  /** The level of service, and whether the origin's feed was connected. */
  readonly level: number;
  readonly origin: boolean;
}

/** A process began: what it is and how it was set up. */
export interface BeginBody {
  readonly t: "begin";
  readonly version: string;
  readonly process: string;
  /** Whether it takes the place of another (`rostra reload`). */
  readonly succeeds: boolean;
  readonly configuration: Readonly<Record<string, string | number | boolean>>;
}

/** It ended in order. A `begin` without it before: the process was killed, or the machine stopped. */
export interface EndBody {
  readonly t: "end";
  readonly why: string;
}

/** What became of a Space: opened, live, ended; also when it is announced to begin. */
export interface SpaceBody {
  readonly t: "space";
  readonly id: string;
  readonly slug: string;
  readonly title: string;
  readonly status: string;
  readonly hold: boolean;
  readonly startAt: number;
}

/** The level of service changed, and why. */
export interface LevelBody {
  readonly t: "level";
  readonly level: number;
  readonly cause: string;
}

/**
 * Something that was done on purpose or said to people: what hosts and the announced minute did, in control's chain.
 */
export const actNames = [
  /** People were told of a Space outside: a post, a notification. */
  "said",
  /** A Space was made, moved to another time or shown differently, went on in its life, or was removed. */
  "space",
  /** The host's line to everybody. */
  "notice",
  /** A host asked for a level, or let go of it. */
  "level",
  /** Somebody came on stage or left it. */
  "stage",
] as const;
export type ActName = (typeof actNames)[number];
export interface ActBody {
  readonly t: "act";
  readonly act: ActName;
  /** The Space's id. */
  readonly space?: string;
  /** In words, at most 300 characters, without addresses and names of people. */
  readonly says: string;
  /** When it was, ms since 1970, where it is told only afterwards. @default when it was written */
  readonly when?: number | undefined;
}

/** What control counted in ten seconds, of the price of what costs it per act (`price.ts`); what was zero is left out. */
export const tallyNames = [
  /** Times a price was told, and of these to addresses that have left many unanswered before. */
  "pricesTold",
  "pricesToldPersisting",
  /** Paid by work; by waiting; answers that were wrong, late, or used before. */
  "pricesPaid",
  "pricesWaited",
  "answersRefused",
] as const;
export type TallyName = (typeof tallyNames)[number];
export interface TallyBody {
  readonly t: "tally";
  readonly from: number;
  readonly counts: Readonly<Partial<Record<TallyName, number>>>;
}

/** First in each file: what a verifier needs who has not the files before. */
export interface FileBody {
  readonly t: "file";
  /** The hash of the record before it. */
  readonly previous: string;
  /** The number of the first record that is kept: what is before it was removed for its age or size. */
  readonly keptFrom: number;
  /** SHA-256 of the public key (SPKI), hexadecimal. */
  readonly key: string;
  readonly process: string;
}

export type EvidenceBody =
  | WindowBody
  | BeginBody
  | EndBody
  | SpaceBody
  | LevelBody
  | ActBody
  | TallyBody
  | ActionBody
  | FileBody;
/** As it stands in the chain: its number, from 0, when it was written, and how many records before it could not be. */
export type EvidenceRecord = EvidenceBody & { readonly n: number; readonly at: number; readonly lost?: number };
