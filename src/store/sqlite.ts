import { chmodSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import {
  CamelCasePlugin,
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { errno } from "../foundation/errors.ts";
import { createDatabase, type Database, type OnProblem } from "./database.ts";
import { notWritable, sqliteProblem, unavailable } from "./problems.ts";
import type { Schema } from "./schema.ts";

/** The most callers that may wait for a transaction to finish. */
export const maxWaiting = 1000;
/** The most prepared statements that are kept. */
export const maxPrepared = 100;
/** How long a statement waits for another process (a backup, `rostra owner-link`); it blocks, so it is short. */
const busyTimeoutMs = 2000;
/** SQLite's page cache, in KiB: the whole database of a small server fits, and no more. */
const cacheKib = 2048;

/** One SQLite connection under Kysely: statements are synchronous, a transaction has the connection to itself. */
class SqliteDriver implements Driver {
  readonly #open: () => DatabaseSync;
  #connection: SqliteConnection | undefined;
  #taken = false;
  readonly #waiting: (() => void)[] = [];

  constructor(open: () => DatabaseSync) {
    this.#open = open;
  }

  async init(): Promise<void> {
    this.#connection = new SqliteConnection(this.#open());
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    if (!this.#taken) this.#taken = true;
    else {
      if (this.#waiting.length >= maxWaiting) throw unavailable(`${maxWaiting} calls wait for the database.`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#connection) return this.#connection;
    await this.releaseConnection();
    throw unavailable("The database is closed.");
  }

  async releaseConnection(): Promise<void> {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken = false;
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // Immediate: the right to write is taken at once, so no transaction fails in its middle for want of it.
    await connection.executeQuery(CompiledQuery.raw("BEGIN IMMEDIATE"));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("COMMIT"));
  }

  async rollbackTransaction(): Promise<void> {
    // SQLite rolls back by itself after a full disk or an I/O error; a second ROLLBACK would hide why.
    if (this.#connection?.inTransaction) await this.#connection.executeQuery(CompiledQuery.raw("ROLLBACK"));
  }

  async destroy(): Promise<void> {
    this.#connection?.close();
    this.#connection = undefined;
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #file: DatabaseSync;
  /** In the order of their last use. */
  readonly #prepared = new Map<string, StatementSync>();

  constructor(file: DatabaseSync) {
    this.#file = file;
  }

  get inTransaction(): boolean {
    return this.#file.isTransaction;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const statement = this.#prepare(query.sql);
    const values = query.parameters as SQLInputValue[];
    if (statement.columns().length > 0) return { rows: statement.all(...values) as Row[] };
    const { changes } = statement.run(...values);
    return { rows: [], numAffectedRows: BigInt(changes) };
  }

  // oxlint-disable-next-line require-yield -- nothing in this program reads so much that it must be streamed
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error("this dialect does not stream");
  }

  close(): void {
    this.#prepared.clear();
    this.#file.close();
  }

  #prepare(text: string): StatementSync {
    const statement = this.#prepared.get(text) ?? this.#file.prepare(text);
    this.#prepared.delete(text);
    this.#prepared.set(text, statement);
    const [oldest] = this.#prepared.keys();
    if (this.#prepared.size > maxPrepared && oldest !== undefined) this.#prepared.delete(oldest);
    return statement;
  }
}

function openFile(path: string): DatabaseSync {
  const file = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    // It holds hashes of passwords; SQLite gives the files beside it the same mode.
    chmodSync(path, 0o600);
    // FULL: a commit is on the disk when it is acknowledged, whatever happens to the power afterwards.
    file.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -${cacheKib};
      PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 8388608; PRAGMA trusted_schema = OFF;`);
    return file;
  } catch (thrown) {
    file.close();
    throw thrown;
  }
}

/** Opens `<data>/rostra.db`, made if it is not there. */
export async function openSqlite(data: string, onProblem?: OnProblem): Promise<Database> {
  const path = join(data, "rostra.db");
  await mkdir(data, { recursive: true, mode: 0o700 }).catch((thrown: unknown) => {
    throw notWritable(data, thrown);
  });
  let file: DatabaseSync;
  try {
    file = openFile(path);
  } catch (thrown) {
    throw errno(thrown) === "EPERM" ? notWritable(path, thrown) : sqliteProblem(thrown, path);
  }
  const kysely = new Kysely<Schema>({
    dialect: {
      createDriver: () => new SqliteDriver(() => file),
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createAdapter: () => new SqliteAdapter(),
      createIntrospector: (of) => new SqliteIntrospector(of),
    },
    plugins: [new CamelCasePlugin()],
  });
  return createDatabase({
    driver: "sqlite",
    kysely,
    problem: (thrown) => sqliteProblem(thrown, path),
    isTransient: () => false,
    onProblem,
  });
}
