import { appendFile } from "node:fs/promises";
import type { Output } from "./output.ts";
import type { Action } from "./recommendations.ts";

/**
 * One line for each action, in a format that stays: `deploy/shield/` has CrowdSec's parser and fail2ban's filter for it. As in a system's log there
 * is a time, a name with the process in brackets, and what it says; what ends another program's ban is time alone.
 *
 *     2026-01-02T03:04:05.678Z rostra-shield[edge-1]: block prefix=192.0.2.7/32 seconds=60 refused=812 addresses=1 hits=0 of=5012 guard=- reason="…"
 */
export function logLine(action: Action, at: Date, process: string): string {
  const { what, prefix, seconds, refused, addresses, hits, of, guard = "-", reason } = action;
  const figures = `seconds=${seconds} refused=${refused} addresses=${addresses} hits=${hits} of=${of}`;
  return `${at.toISOString()} rostra-shield[${process}]: ${what} prefix=${prefix.text} ${figures} guard=${guard} reason="${reason}"`;
}

export interface LogFileOptions {
  readonly path: string;
  /** What the process is called. */
  readonly process: string;
  readonly now: () => number;
}

/** Writes them at a file's end. It is opened anew for each, so that it may be rotated. */
export const logFile = ({ path, process, now }: LogFileOptions): Output => ({
  name: "file",
  tell: (action) => appendFile(path, `${logLine(action, new Date(now()), process)}\n`, { mode: 0o640 }),
});
