import type { LoadOptions, Programs } from "../load.ts";
import type { Process } from "../processes.ts";
import type { Source } from "../source.ts";

/** What a server under test is started with. */
export interface Setting {
  /** A folder of its own, there and empty. */
  readonly folder: string;
  readonly source: Source;
  readonly programs: Programs;
}

/** A server that serves the benchmark's sound. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** How the load generator asks it, where that is not as Rostra is asked. */
  readonly ask?: Partial<LoadOptions>;
  /** CPU seconds of all its processes so far. */
  cpu(): number;
  /** Resident bytes of all its processes. */
  rss(): number;
  /** Throws, with what it said last, when one of its processes has ended by itself. */
  requireAlive(): void;
}

/** A server that is these processes. `end` runs first when it ends. */
export function serverOf(
  name: string,
  port: number,
  processes: readonly Process[],
  more: { readonly ask?: Partial<LoadOptions>; readonly end?: () => void } = {},
): Server {
  return {
    name,
    port,
    ...(more.ask ? { ask: more.ask } : {}),
    cpu: () => processes.reduce((sum, one) => sum + one.cpu(), 0),
    rss: () => processes.reduce((sum, one) => sum + one.rss(), 0),
    requireAlive: () => {
      const ended = processes.find((one) => one.ended);
      if (ended) throw new Error(`${ended.name} ended by itself:\n${ended.output}`);
    },
    [Symbol.asyncDispose]: async () => {
      more.end?.();
      await Promise.all(processes.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}
