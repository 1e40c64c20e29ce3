import type { LineFacts } from "../wire/tickets.ts";
import type { LineReport } from "../wire/timelines.ts";

/** What has changed of lines is kept this often, ms. */
export const linesKeptEveryMs = 5000;

/** Whoever sums up the lines of Spaces and calls who is next. Spaces by their id. */
export interface Lines {
  /** A Space is open, or is to begin at another time (ms since 1970). */
  open(space: string, startAt: number): void;
  close(space: string): void;
  /** What an edge has done at its doors. */
  report(report: Readonly<Record<string, LineReport>>): void;
  /** Calls by how many all edges can seat; of which Spaces there is news. To be called each second. */
  call(seats: number): string[];
  facts(space: string): LineFacts | undefined;
  /** Keeps what has changed; resolves when it is written, or could not be. */
  keep(): Promise<void>;
}

/** For an origin whose edges call for themselves. */
export const noLines: Lines = {
  open: () => {},
  close: () => {},
  report: () => {},
  call: () => [],
  facts: () => undefined,
  keep: () => Promise.resolve(),
};
