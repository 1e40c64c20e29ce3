import { CamelCasePlugin, Kysely, PostgresDialect } from "kysely";
import { reason } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import { createDatabase, type Database, type OnProblem } from "./database.ts";
import { isTransient, postgresProblem, unavailable } from "./problems.ts";
import type { Schema } from "./schema.ts";

/** Connections of one process. */
const maxConnections = 8;
/** The most callers that may wait for a connection, and how long they do. */
export const maxWaiting = 1000;
const connectTimeoutMs = 3000;
/** A statement that takes longer is given up. */
const statementTimeoutMs = 10_000;
/** The type number of `bigint`. Ours are counts and milliseconds, far below 2^53. */
const int8 = 20;

/** Opens the database that `url` names. Connections that break are replaced; what was under way on them fails with `store-unavailable`. */
export async function openPostgres(url: string, log: Log, onProblem?: OnProblem): Promise<Database> {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({
    connectionString: url,
    application_name: "rostra",
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    statement_timeout: statementTimeoutMs,
    // Above the server's own limit: it ends a wait for a server that is gone without a word.
    query_timeout: statementTimeoutMs + 2000,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        oid === int8 ? Number : (pg.types.getTypeParser(oid, format as "text") as unknown),
    },
  });
  const lost = (thrown: unknown): void => log.warn("database-connection-lost", { reason: reason(thrown) });
  pool.on("error", lost);
  // A connection may also break between two statements of a transaction, when nobody else listens.
  pool.on("connect", (client) => client.on("error", lost));
  const kysely = new Kysely<Schema>({
    dialect: new PostgresDialect({
      pool: {
        options: pool.options,
        connect: async () => {
          if (pool.waitingCount >= maxWaiting) throw unavailable(`${maxWaiting} calls wait for the database.`);
          return pool.connect();
        },
        end: () => pool.end(),
      },
    }),
    plugins: [new CamelCasePlugin()],
  });
  return createDatabase({ driver: "postgres", kysely, problem: postgresProblem, isTransient, onProblem });
}
