import { type Kysely, sql } from "kysely";
import type { Database } from "./database.ts";
import { newerData } from "./problems.ts";
import type { Schema } from "./schema.ts";

/** Words that the two databases spell differently. */
interface Words {
  /** 64-bit whole number. */
  readonly int: string;
  /** Text that is compared byte by byte. */
  readonly id: string;
  readonly bytes: string;
  /** A number that grows with each row. */
  readonly serial: string;
  /** Behind the closing parenthesis of a table. */
  readonly strict: string;
}

const words: Record<Database["driver"], Words> = {
  sqlite: {
    int: "INTEGER",
    id: "TEXT",
    bytes: "BLOB",
    serial: "INTEGER PRIMARY KEY AUTOINCREMENT",
    strict: " STRICT",
  },
  postgres: {
    int: "bigint",
    id: `text COLLATE "C"`,
    bytes: "bytea",
    serial: "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    strict: "",
  },
};

interface Migration {
  readonly name: string;
  statements(words: Words): readonly string[];
}

/** In order; the first is number 1. A released one is never edited: what must change is a new one at the end. */
const migrations: readonly Migration[] = [
  {
    name: "spaces, participants and owners",
    statements: ({ int, id, bytes, serial, strict }) => [
      `CREATE TABLE spaces (
        id ${id} PRIMARY KEY, slug ${id} NOT NULL UNIQUE, title text NOT NULL, description text NOT NULL,
        language text NOT NULL, visibility text NOT NULL, status text NOT NULL, start_at ${int} NOT NULL,
        created_at ${int} NOT NULL, epoch_ms ${int}, live_from ${int}, live_at ${int}, delay_ms ${int},
        ended_at ${int}, notice text NOT NULL, demo ${int} NOT NULL, revision ${int} NOT NULL)${strict}`,
      `CREATE INDEX spaces_by_status ON spaces (status, start_at, id)`,
      `CREATE TABLE changes (
        number ${serial}, space ${id} NOT NULL REFERENCES spaces (id) ON DELETE CASCADE, at ${int} NOT NULL,
        from_status text, to_status text NOT NULL, why text NOT NULL)${strict}`,
      `CREATE INDEX changes_by_space ON changes (space, number)`,
      `CREATE TABLE participants (
        space ${id} NOT NULL REFERENCES spaces (id) ON DELETE CASCADE, id ${id} NOT NULL, name text NOT NULL,
        role text NOT NULL, muted ${int} NOT NULL, joined_at ${int} NOT NULL, last_seen_at ${int} NOT NULL,
        left_at ${int}, PRIMARY KEY (space, id))${strict}`,
      `CREATE TABLE accounts (
        id ${id} PRIMARY KEY, name text NOT NULL, role text NOT NULL, password_hash text,
        created_at ${int} NOT NULL)${strict}`,
      `CREATE UNIQUE INDEX accounts_one_owner ON accounts (role) WHERE role = 'owner'`,
      `CREATE TABLE passkeys (
        id ${id} PRIMARY KEY, account ${id} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        public_key ${bytes} NOT NULL, counter ${int} NOT NULL, transports text NOT NULL,
        created_at ${int} NOT NULL, last_used_at ${int})${strict}`,
      `CREATE INDEX passkeys_by_account ON passkeys (account, created_at)`,
      `CREATE TABLE sessions (
        hash ${id} PRIMARY KEY, account ${id} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        created_at ${int} NOT NULL, expires_at ${int} NOT NULL)${strict}`,
      `CREATE INDEX sessions_by_account ON sessions (account)`,
      `CREATE TABLE claims (
        hash ${id} PRIMARY KEY, created_at ${int} NOT NULL, expires_at ${int} NOT NULL, used_at ${int})${strict}`,
      `CREATE TABLE challenges (hash ${id} PRIMARY KEY, expires_at ${int} NOT NULL)${strict}`,
      `CREATE TABLE settings (key ${id} PRIMARY KEY, value text NOT NULL)${strict}`,
    ],
  },
  {
    name: "rehearsals",
    statements: ({ id }) => [`ALTER TABLE spaces ADD COLUMN rehearsal_of ${id}`],
  },
];

/** The number of the newest migration this program knows. */
export const newestMigration = migrations.length;

/** Any fixed number: "rostra" in ASCII. Whoever holds it in PostgreSQL is the one that migrates. */
const advisoryLock = 0x726f73747261;

/** The number of the newest migration that the database has; 0 for an empty one. */
async function appliedMigration(on: Kysely<Schema>): Promise<number> {
  const row = await on
    .selectFrom("migrations")
    .select((of) => of.fn.max<number | null>("number").as("newest"))
    .executeTakeFirst();
  return row?.newest ?? 0;
}

/**
 * Brings the database to the newest migration, in one transaction: all of it or nothing. Two processes that start at
 * once wait for each other. A database of a newer version is refused with `data-newer` and left untouched.
 *
 * @returns how many migrations were applied
 */
export async function migrate(database: Database, now: number): Promise<number> {
  return database.transaction(async (on) => {
    if (database.driver === "postgres") await sql`SELECT pg_advisory_xact_lock(${advisoryLock})`.execute(on);
    const spelled = words[database.driver];
    const { int, strict } = spelled;
    await sql
      .raw(
        `CREATE TABLE IF NOT EXISTS migrations (number ${int} PRIMARY KEY, name text NOT NULL, at ${int} NOT NULL)${strict}`,
      )
      .execute(on);
    const applied = await appliedMigration(on);
    if (applied > newestMigration) throw newerData(applied, newestMigration);
    for (const [index, migration] of migrations.entries()) {
      if (index < applied) continue;
      for (const statement of migration.statements(spelled)) await sql.raw(statement).execute(on);
      await on
        .insertInto("migrations")
        .values({ number: index + 1, name: migration.name, at: Math.round(now) })
        .execute();
    }
    return newestMigration - applied;
  });
}
