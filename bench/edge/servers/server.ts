import type { Programs } from "../load.ts";
import type { Source } from "../source.ts";

/** What a server under test is started with. */
export interface Setting {
  /** A folder of its own, removed at the end. */
  readonly folder: string;
  readonly source: Source;
  readonly programs: Programs;
}

/** A server that serves the benchmark's sound, and how to listen to it. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** CPU seconds of all its processes so far. */
  cpu(): number;
  /** Resident bytes of all its processes. */
  rss(): number;
}
