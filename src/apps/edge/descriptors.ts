import { readFileSync } from "node:fs";
import { onwardRoom } from "../../edge/connections.ts";

/** Descriptors for files, ports and the runtime itself. */
const ownRoom = 64;

/**
 * How many connections an edge may have so that it does not run out of descriptors: whoever plays needs some for what the
 * edge asks upstream. Undefined where the system does not tell its limit.
 *
 * @param limits the text of `/proc/self/limits` (proc_pid_limits(5)). Node raises the soft limit to the hard one at its start.
 */
export function mostConnections(limits = processLimits()): number | undefined {
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(soft)) return undefined;
  return Math.max(1, soft - Math.min(onwardRoom + ownRoom, Math.ceil(soft / 2)));
}

function processLimits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    // Not Linux.
    return "";
  }
}
