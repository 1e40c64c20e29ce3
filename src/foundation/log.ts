/**
 * Structured logs: one JSON object a line on standard output (`time`, `level`, `process`, `event`, then the values), or
 * short readable lines when a person watches. Secrets never pass through here: callers log ids, never tokens.
 */
export type Level = "debug" | "info" | "warn" | "error";
export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** The same log with fields that every line carries. */
  with(fields: Fields): Log;
}

export interface LogOptions {
  readonly process: string;
  /** @default "info" */
  readonly level?: Level;
  /** @default "json" */
  readonly format?: "json" | "text";
  /** @default writes to standard output */
  readonly write?: (line: string) => void;
}

const rank: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 };

function plain(value: unknown): unknown {
  return value instanceof Error ? { message: value.message, stack: value.stack } : value;
}

export function createLog(options: LogOptions, carried: Fields = {}): Log {
  const least = rank[options.level ?? "info"];
  const write = options.write ?? ((line: string) => void process.stdout.write(line));
  const emit = (level: Level, event: string, fields: Fields = {}): void => {
    if (rank[level] < least) return;
    const values = Object.fromEntries(Object.entries({ ...carried, ...fields }).map(([k, v]) => [k, plain(v)]));
    const time = new Date().toISOString();
    if (options.format === "text") {
      const rest = Object.entries(values).map(([k, v]) => ` ${k}=${typeof v === "string" ? v : JSON.stringify(v)}`);
      write(`${time.slice(11, 23)} ${level.padEnd(5)} ${options.process}: ${event}${rest.join("")}\n`);
    } else write(`${JSON.stringify({ time, level, process: options.process, event, ...values })}\n`);
  };
  return {
    debug: (event, fields) => emit("debug", event, fields),
    info: (event, fields) => emit("info", event, fields),
    warn: (event, fields) => emit("warn", event, fields),
    error: (event, fields) => emit("error", event, fields),
    with: (fields) => createLog(options, { ...carried, ...fields }),
  };
}

/** A log that keeps nothing, for tests. */
export const silentLog: Log = createLog({ process: "test", write: () => {} });
