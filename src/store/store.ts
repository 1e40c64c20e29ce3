import type { Role } from "../wire/state.ts";

/**
 * What the server keeps between starts: a small port with two drivers (`sqlite.ts`, `postgres.ts`) that pass one
 * contract suite. All times are whole milliseconds since 1970 (drivers round what they are given). What cannot be
 * done for a reason the caller must act on is a typed result; what the database cannot do now is a `Problem` with
 * code `store-unavailable` (503, try again), `data-full` (507) or `data-corrupt` (500).
 */

/** A Space's life. `replay` is `ended` with an archive that can be heard. */
export const spaceStatuses = ["scheduled", "lobby", "live", "hold", "ended", "replay", "cancelled"] as const;
export type SpaceStatus = (typeof spaceStatuses)[number];
/** Those that have, or will have, a timeline: what control looks after. */
export const activeStatuses = ["scheduled", "lobby", "live", "hold"] as const satisfies readonly SpaceStatus[];

export type Visibility = "public" | "unlisted";

export interface SpaceRecord {
  readonly id: string;
  /** Unique; never another Space's id. */
  readonly slug: string;
  readonly title: string;
  readonly description: string;
  /** BCP 47. */
  readonly language: string;
  readonly visibility: Visibility;
  readonly status: SpaceStatus;
  /** When it is announced to begin. */
  readonly startAt: number;
  readonly createdAt: number;
  /** When segment 0 starts; null before the lobby. */
  readonly epochMs: number | null;
  /** From when on the programme goes on air, a segment's start; null before it is decided. */
  readonly liveFrom: number | null;
  /** When the first live segment began; null before. */
  readonly liveAt: number | null;
  /** `liveAt − startAt`; null before. */
  readonly delayMs: number | null;
  readonly endedAt: number | null;
  /** The host's line for everybody; empty when there is none. */
  readonly notice: string;
  readonly demo: boolean;
  /** The id of the Space that this one rehearses; null for every other one. */
  readonly rehearsalOf: string | null;
  /** Grows by one with each update; starts at 1. */
  readonly revision: number;
}

export type NewSpace = Omit<SpaceRecord, "revision">;
export type SpacePatch = Partial<Omit<SpaceRecord, "id" | "createdAt" | "revision" | "demo" | "rehearsalOf">>;

export interface SpaceFilter {
  readonly status?: readonly SpaceStatus[];
  readonly visibility?: Visibility;
  /** Rehearsals alone; they are in no other list. @default false */
  readonly rehearsals?: boolean;
  /** By `startAt`: the latest first, or the soonest first. @default "latest" */
  readonly order?: "latest" | "soonest";
  /** At most `maxListed`. @default 50 */
  readonly limit?: number;
  /** Continue behind this one (the last of the page before). */
  readonly after?: Pick<SpaceRecord, "startAt" | "id">;
}

/** The most rows one `list` gives. */
export const maxListed = 200;

/** One recorded change of a Space's life. `from` is null for its creation. */
export interface ChangeRecord {
  readonly space: string;
  readonly at: number;
  readonly from: SpaceStatus | null;
  readonly to: SpaceStatus;
  readonly why: string;
}

export type Created = { readonly ok: true; readonly space: SpaceRecord } | { readonly ok: false; readonly why: "slug" };

export type Updated =
  | { readonly ok: true; readonly space: SpaceRecord }
  /** `revision`: somebody was faster; `space` is how it is now. */
  | { readonly ok: false; readonly why: "revision"; readonly space: SpaceRecord }
  | { readonly ok: false; readonly why: "slug" | "unknown" };

export interface Spaces {
  /** Also records the change `null → status` at `createdAt`, in the same transaction. */
  create(space: NewSpace, why: string): Promise<Created>;
  get(idOrSlug: string): Promise<SpaceRecord | undefined>;
  list(filter?: SpaceFilter): Promise<readonly SpaceRecord[]>;
  /** All that are scheduled, lobby, live or hold, soonest first, without a limit. */
  listActive(): Promise<readonly SpaceRecord[]>;
  /**
   * Applies the patch when the Space is still at `expectedRevision`. With `change`, the change `old status → new
   * status` is recorded in the same transaction: both are there or neither.
   */
  update(
    id: string,
    expectedRevision: number,
    patch: SpacePatch,
    change?: { readonly at: number; readonly why: string },
  ): Promise<Updated>;
  /** Removes the Space with its changes and participants; without effect where there is none. */
  remove(id: string): Promise<void>;
  /** The recorded changes, oldest first. */
  changes(space: string): Promise<readonly ChangeRecord[]>;
}

export interface ParticipantRecord {
  readonly space: string;
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly muted: boolean;
  readonly joinedAt: number;
  readonly lastSeenAt: number;
  readonly leftAt: number | null;
}

export interface Participants {
  /** Makes or replaces the participant of that Space and id (`joinedAt` stays as first written). */
  upsert(participant: ParticipantRecord): Promise<void>;
  get(space: string, id: string): Promise<ParticipantRecord | undefined>;
  /** In the order they joined, at most `maxListedParticipants`. `present`: only those who have not left. */
  list(space: string, filter?: { readonly present?: boolean }): Promise<readonly ParticipantRecord[]>;
  remove(space: string, id: string): Promise<void>;
}

/** The most rows `participants.list` gives. */
export const maxListedParticipants = 5000;

export interface AccountRecord {
  readonly id: string;
  readonly name: string;
  readonly role: "owner";
  /** A PHC string; null while the account has no password. */
  readonly passwordHash: string | null;
  readonly createdAt: number;
}

export interface Accounts {
  get(id: string): Promise<AccountRecord | undefined>;
  /** The owner's account; `undefined` until the owner link was used. */
  owner(): Promise<AccountRecord | undefined>;
  setPassword(id: string, passwordHash: string | null): Promise<void>;
}

export interface PasskeyRecord {
  /** The credential id, base64url. */
  readonly id: string;
  readonly account: string;
  /** COSE key. */
  readonly publicKey: Uint8Array;
  /** The authenticator's signature counter; stays 0 for those that do not count. */
  readonly counter: number;
  readonly transports: readonly string[];
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

export interface Passkeys {
  /** False when a passkey of that id is there already. */
  add(passkey: PasskeyRecord): Promise<boolean>;
  get(id: string): Promise<PasskeyRecord | undefined>;
  list(account: string): Promise<readonly PasskeyRecord[]>;
  /** Notes a use. False when the counter did not grow (a cloned key) or the passkey is gone; then nothing is changed. */
  used(id: string, counter: number, at: number): Promise<boolean>;
  remove(id: string): Promise<void>;
}

export interface SessionRecord {
  /** SHA-256 of the token, base64url; the token itself is nowhere on the server. */
  readonly hash: string;
  readonly account: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface Sessions {
  create(session: SessionRecord): Promise<void>;
  get(hash: string): Promise<SessionRecord | undefined>;
  extend(hash: string, expiresAt: number): Promise<void>;
  remove(hash: string): Promise<void>;
  /** Ends all sessions of an account, but the one named. */
  removeOf(account: string, except?: string): Promise<void>;
}

/** A one-time owner link, by the hash of its token. */
export interface ClaimRecord {
  readonly hash: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export type Redeemed =
  | { readonly ok: true; readonly account: AccountRecord }
  | { readonly ok: false; readonly why: "unknown" | "used" | "expired" };

export interface Claims {
  add(claim: ClaimRecord): Promise<void>;
  /**
   * Uses the link, atomically and once: every open link is used up with it, and the owner's account is made from
   * `owner`, or, where there is one already, given back with its new name. All of it in one transaction.
   */
  redeem(hash: string, at: number, owner: Pick<AccountRecord, "id" | "name">): Promise<Redeemed>;
}

export interface Challenges {
  /**
   * Notes that a WebAuthn challenge was answered; false when it was answered before. Challenges that were only asked
   * for are not stored: they carry their own proof (see `people`), so that a request by a stranger writes nothing.
   */
  spend(hash: string, expiresAt: number): Promise<boolean>;
}

export interface Settings {
  /** `undefined` when it was never set. */
  get(key: string): Promise<unknown>;
  /** Any JSON value of at most `maxSettingBytes`. */
  set(key: string, value: unknown): Promise<void>;
}

/** The most bytes of JSON one setting may have. */
export const maxSettingBytes = 64 * 1024;

export interface Store {
  readonly driver: "sqlite" | "postgres";
  readonly spaces: Spaces;
  readonly participants: Participants;
  readonly accounts: Accounts;
  readonly passkeys: Passkeys;
  readonly sessions: Sessions;
  readonly claims: Claims;
  readonly challenges: Challenges;
  readonly settings: Settings;
  /** Removes sessions, links and challenges that expired before `now`. Run it at start and every hour. */
  sweep(now: number): Promise<void>;
  /** Closes the database. Safe to call twice. */
  end(): Promise<void>;
}
