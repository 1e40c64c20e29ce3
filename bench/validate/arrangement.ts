import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import type { Processors } from "../../src/apps/calibrate/own-server.ts";

/**
 * Which processors serve and which ask: the edges have the first one for themselves, everything else the others, so that
 * the model can be told exactly what the edges have. Undefined where that cannot be had: one processor, or no taskset.
 */
export function arrangement(): Processors | undefined {
  const count = cpus().length;
  if (count < 2) return undefined;
  try {
    const others = `1-${count - 1}`;
    pin(process.pid, others);
    return { edges: "0", others };
  } catch {
    return undefined;
  }
}

/** Has a process and its threads, and those that it starts, run on some processors only. */
export function pin(pid: number, processors: string): void {
  execFileSync("taskset", ["-a", "-c", "-p", processors, String(pid)], { stdio: "ignore" });
}
