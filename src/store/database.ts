import type { Kysely, Transaction } from "kysely";
import { Problem } from "../foundation/errors.ts";
import { unavailable } from "./problems.ts";
import type { Schema } from "./schema.ts";

/** What the tables need of a driver: statements and transactions whose failures are problems. */
export interface Database {
  readonly driver: "sqlite" | "postgres";
  /** Statements outside of a transaction. */
  run<T>(work: (on: Kysely<Schema>) => Promise<T>): Promise<T>;
  /** All or nothing. The work may be run again after a deadlock, so it must do nothing else. */
  transaction<T>(work: (on: Transaction<Schema>) => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

/** Told the code of each problem that a call ended in. */
export type OnProblem = (code: string) => void;

/** How often a transaction is tried when the database says that running it again may help. */
export const maxAttempts = 3;

/**
 * A database over Kysely. `problem` turns what the driver throws into a problem; `isTransient` says which failures of
 * a transaction are worth another try.
 */
export function createDatabase(options: {
  readonly driver: "sqlite" | "postgres";
  readonly kysely: Kysely<Schema>;
  readonly problem: (thrown: unknown) => unknown;
  readonly isTransient: (thrown: unknown) => boolean;
  readonly onProblem?: OnProblem | undefined;
}): Database {
  const { driver, kysely, problem, isTransient } = options;
  let ending: Promise<void> | undefined;
  const failure = (thrown: unknown): unknown => {
    const told = ending ? unavailable("The database is closed.", thrown) : problem(thrown);
    if (told instanceof Problem) options.onProblem?.(told.code);
    return told;
  };
  return {
    driver,
    async run(work) {
      try {
        return await work(kysely);
      } catch (thrown) {
        throw failure(thrown);
      }
    },
    async transaction(work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await kysely.transaction().execute(work);
        } catch (thrown) {
          if (attempt >= maxAttempts || !isTransient(thrown)) throw failure(thrown);
        }
      }
    },
    end: () => (ending ??= kysely.destroy()),
  };
}
