import type { Generated } from "kysely";
import type {
  ChangeRecord,
  ClaimRecord,
  ParticipantRecord,
  PasskeyRecord,
  SessionRecord,
  SpaceRecord,
} from "./store.ts";
import type { AccountRecord } from "./store.ts";

/** The tables as both databases have them: truth values are 0 and 1, lists and settings are JSON text. */

export type SpaceRow = Omit<SpaceRecord, "demo"> & { readonly demo: number };
export type ChangeRow = Omit<ChangeRecord, "from" | "to"> & {
  readonly number: Generated<number>;
  readonly fromStatus: ChangeRecord["from"];
  readonly toStatus: ChangeRecord["to"];
};
export type ParticipantRow = Omit<ParticipantRecord, "muted"> & { readonly muted: number };
export type PasskeyRow = Omit<PasskeyRecord, "transports"> & { readonly transports: string };
export type ClaimRow = ClaimRecord & { readonly usedAt: number | null };

export interface Schema {
  readonly spaces: SpaceRow;
  readonly changes: ChangeRow;
  readonly participants: ParticipantRow;
  readonly accounts: AccountRecord;
  readonly passkeys: PasskeyRow;
  readonly sessions: SessionRecord;
  readonly claims: ClaimRow;
  readonly challenges: { readonly hash: string; readonly expiresAt: number };
  readonly settings: { readonly key: string; readonly value: string };
  readonly migrations: { readonly number: number; readonly name: string; readonly at: number };
}

type Storable<Row> = {
  [Key in keyof Row]: Row[Key] extends boolean ? number : Row[Key];
};

/**
 * Values as both databases take them: truth values become 0 and 1, numbers (times in fractions of a millisecond)
 * become whole, and text loses U+0000, which PostgreSQL cannot keep.
 */
export function storable<Row extends object>(row: Row): Storable<Row> {
  const values = Object.entries(row).map(([key, value]: [string, unknown]) => {
    if (typeof value === "boolean") return [key, value ? 1 : 0];
    if (typeof value === "number") return [key, Math.round(value)];
    if (typeof value === "string") return [key, value.replaceAll("\0", "")];
    return [key, value];
  });
  return Object.fromEntries(values) as Storable<Row>;
}
