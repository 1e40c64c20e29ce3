import { readFileSync } from "node:fs";
import { acceptQueues } from "../../edge/accept-queues.ts";
import { onwardRoom } from "../../edge/connections.ts";

/** Descriptors for files, the runtime itself, and the queues of two ports. */
const ownRoom = 64 + 2 * acceptQueues;
/** With fewer descriptors, one in so many is for the queues of a port. */
const queueShare = 32;

/**
 * How many connections an edge may have so that it does not run out of descriptors: whoever plays needs some for what the
 * edge asks upstream. Undefined where the system does not tell its limit.
 *
 * @param limits the text of `/proc/self/limits` (proc_pid_limits(5)). Node raises the soft limit to the hard one at its start.
 */
export function mostConnections(limits = processLimits()): number | undefined {
  const soft = softLimit(limits);
  if (soft === undefined) return undefined;
  return Math.max(1, soft - Math.min(onwardRoom + ownRoom, Math.ceil(soft / 2)));
}

/** How many queues of new connections a port has in a process with so many descriptors. */
export const queuesOf = (limits = processLimits()): number =>
  Math.max(1, Math.min(acceptQueues, Math.floor((softLimit(limits) ?? Infinity) / queueShare)));

function softLimit(limits: string): number | undefined {
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN);
  return Number.isSafeInteger(soft) ? soft : undefined;
}

function processLimits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    // Not Linux.
    return "";
  }
}
