import type { Clock } from "../foundation/clock.ts";
import type { Log } from "../foundation/log.ts";
import type { Meter } from "../foundation/meter.ts";
import type { Database, OnProblem } from "./database.ts";
import { migrate } from "./migrations.ts";
import { accounts, challenges, claims, passkeys, sessions } from "./owners.ts";
import { participants } from "./participants.ts";
import { settings } from "./settings.ts";
import { spaces } from "./spaces.ts";
import type { Store } from "./store.ts";

export interface StoreOptions {
  /** The data folder; the embedded database is `rostra.db` in it. */
  readonly data: string;
  /** `postgres://…`: keep everything in PostgreSQL instead. @default undefined */
  readonly databaseUrl?: string | undefined;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /** Counts what the database could not do, by the problem's code. @default nothing is counted */
  readonly meter?: Meter;
}

/**
 * Opens the database, brings it to this version's migration and gives the store over it. What keeps it from opening is
 * a `Problem`: `data-newer`, `data-not-writable`, `data-corrupt`, `data-full`, `store-refused`, `store-unavailable`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { clock, log, meter } = options;
  const failures = meter?.counter("rostra_store_failures_total", "Calls that the database failed, by code.");
  const onProblem = (code: string): void => failures?.add(1, { code });
  const database = await openDatabase(options, onProblem);
  try {
    const applied = await migrate(database, clock.now());
    if (applied > 0) log.info("database-migrated", { driver: database.driver, applied });
    const store = storeOver(database);
    await store.sweep(clock.now());
    return store;
  } catch (thrown) {
    await database.end().catch(() => {});
    throw thrown;
  }
}

/** Each driver is loaded only where it is used. */
async function openDatabase({ data, databaseUrl, log }: StoreOptions, onProblem: OnProblem): Promise<Database> {
  if (databaseUrl === undefined) return (await import("./sqlite.ts")).openSqlite(data, onProblem);
  return (await import("./postgres.ts")).openPostgres(databaseUrl, log, onProblem);
}

function storeOver(database: Database): Store {
  return {
    driver: database.driver,
    spaces: spaces(database),
    participants: participants(database),
    accounts: accounts(database),
    passkeys: passkeys(database),
    sessions: sessions(database),
    claims: claims(database),
    challenges: challenges(database),
    settings: settings(database),
    sweep: (now) =>
      database.transaction(async (on) => {
        const at = Math.round(now);
        await on.deleteFrom("sessions").where("expiresAt", "<=", at).execute();
        await on.deleteFrom("claims").where("expiresAt", "<=", at).execute();
        await on.deleteFrom("challenges").where("expiresAt", "<=", at).execute();
      }),
    end: () => database.end(),
  };
}
