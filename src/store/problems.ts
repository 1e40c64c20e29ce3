import { errno, Problem, reason } from "../foundation/errors.ts";

/** What went wrong in a database, told apart by what the one who runs the server must do. */

/** The database cannot answer now; the same call may be made again. */
export const unavailable = (detail: string, cause?: unknown): Problem =>
  new Problem({
    status: 503,
    code: "store-unavailable",
    title: "The database does not answer now",
    detail,
    action: "Try again in a few seconds; if it goes on, look at whether the database runs and can be reached.",
    retryAfter: 2,
    cause,
  });

export const newerData = (found: number, known: number): Problem =>
  new Problem({
    status: 500,
    code: "data-newer",
    title: "The data is of a newer version of this program",
    detail: `The database is at migration ${found}; this program knows them up to ${known}. Nothing was changed.`,
    action: "Start the newer version again, or restore the backup that was made before the upgrade.",
  });

export const notWritable = (path: string, cause: unknown): Problem =>
  outOfRoom.has(errno(cause) ?? "") ? full(path, cause) : mayNotWrite(path, cause);

const outOfRoom = new Set(["ENOSPC", "EDQUOT"]);

const mayNotWrite = (path: string, cause: unknown): Problem =>
  new Problem({
    status: 500,
    code: "data-not-writable",
    title: "The data folder cannot be written",
    detail: `${path} cannot be opened for writing (${errno(cause) ?? reason(cause)}).`,
    action: "Make the folder exist and belong to the user that runs the server, or set ROSTRA_DATA to one that does.",
    cause,
  });

const corrupt = (path: string, cause: unknown): Problem =>
  new Problem({
    status: 500,
    code: "data-corrupt",
    title: "The database file is damaged",
    detail: `${path} cannot be read as a database (${reason(cause)}). It was left as it is.`,
    action:
      "Keep a copy of the file and those beside it (-wal, -shm), then restore a backup, or recover it with `sqlite3 rostra.db .recover`.",
    cause,
  });

const full = (where: string, cause: unknown): Problem =>
  new Problem({
    status: 507,
    code: "data-full",
    title: "The disk is full",
    detail: `${where} has no room for more (${reason(cause)}). What was acknowledged is kept.`,
    action: "Free space on that disk; the server goes on by itself then.",
    cause,
  });

/** PostgreSQL is there and says no, or its address cannot be read. The address is never repeated: it has a password. */
export const refused = (detail: string, cause?: unknown): Problem =>
  new Problem({
    status: 500,
    code: "store-refused",
    title: "The database refuses this server",
    detail,
    action:
      "Check DATABASE_URL: postgres://user:password@host:port/database, with a user that may create tables there.",
    cause,
  });

const busy = (path: string, cause: unknown): Problem =>
  unavailable(`${path} is being written by another process (${reason(cause)}).`, cause);

/** The number behind an error of `node:sqlite`, its primary result code (https://sqlite.org/rescode.html). */
function sqliteCode(thrown: unknown): number | undefined {
  if (errno(thrown) !== "ERR_SQLITE_ERROR") return undefined;
  const { errcode } = thrown as { errcode?: unknown };
  return typeof errcode === "number" ? errcode : undefined;
}

/** A problem for what SQLite threw; anything that is not about the file or the disk is given back as it is. */
export function sqliteProblem(thrown: unknown, path: string): unknown {
  const code = sqliteCode(thrown);
  if (code === undefined) return thrown;
  switch (code & 0xff) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return busy(path, thrown);
    case 8: // SQLITE_READONLY
    case 14: // SQLITE_CANTOPEN
    case 3: // SQLITE_PERM
      return notWritable(path, thrown);
    case 10: // SQLITE_IOERR
      return unavailable(`Reading or writing ${path} failed (${reason(thrown)}, ${code}).`, thrown);
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return corrupt(path, thrown);
    case 13: // SQLITE_FULL
      return full(path, thrown);
    default:
      return thrown;
  }
}

const lostConnection = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "25006", // read-only transaction: a standby, during a failover
  "53300", // too many connections
  "57014", // statement timeout
  "55P03", // lock timeout
]);
/** Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html that mean "not now". */
const lostClass = /^(?:08|57P|40)/;
const badAddress = new Set(["ERR_INVALID_URL", "ERR_SOCKET_BAD_PORT"]);
const lostText =
  /connection terminated|timeout exceeded when trying to connect|not queryable|connection error|query read timeout/i;
/** Wrong password or role (28…), no such database, not allowed to make tables. */
const refusedCode = /^(?:28|3D000|42501)/;

/** A problem for what PostgreSQL or its client threw; a mistake of this program is given back as it is. */
export function postgresProblem(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof Problem) return thrown;
  const inner: unknown = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  const code = errno(inner) ?? "";
  if (code === "53100") return full("PostgreSQL's disk", thrown);
  // Without its cause: that repeats the address, and with it the password.
  if (badAddress.has(code)) return refused("DATABASE_URL cannot be read as the address of a PostgreSQL database.");
  if (refusedCode.test(code)) return refused(reason(thrown), thrown);
  const isLost = lostConnection.has(code) || lostClass.test(code) || (code === "" && lostText.test(reason(inner)));
  return isLost ? unavailable(`PostgreSQL did not answer (${code || reason(inner)}).`, thrown) : thrown;
}

/** Whether the transaction may simply be run again: serialization failure or deadlock. */
export const isTransient = (thrown: unknown): boolean => errno(thrown) === "40001" || errno(thrown) === "40P01";

/** Whether a unique key was violated (SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY; 23505). */
export function isUniqueViolation(thrown: unknown): boolean {
  const code = sqliteCode(thrown);
  return code === 2067 || code === 1555 || errno(thrown) === "23505";
}
