import os from "node:os";
import type { Limits } from "../../edge/load.ts";
import { whole } from "./usage.ts";

type Words = Readonly<Record<string, string | boolean | undefined>>;

/** What the edges of this machine may use, all together; what is `undefined` is not limited, or found by the edge itself. */
export interface LimitChoice {
  /** Listeners. */
  readonly listeners: number | undefined;
  /** Megabits a second, to listeners. */
  readonly egress: number | undefined;
  /** Megabytes. */
  readonly memory: number | undefined;
}

/** No edge process has less memory by default, MB: one that nobody listens at takes a third of it. */
const leastMemory = 256;
const mega = 1_000_000;

/** Reads the choice from the command's words and the environment; processes read it from their environment alone. Throws a `usage` Problem. */
export function limitChoice(words: Words, env: NodeJS.ProcessEnv): LimitChoice {
  const number = (flag: string, said: string | boolean | undefined, variable: string): number | undefined => {
    const text = (typeof said === "string" ? said : env[variable]) || "";
    return text === "" ? undefined : whole(flag, text, 1, 1_000_000_000);
  };
  return {
    listeners: number("--max-listeners", words["max-listeners"], "ROSTRA_MAX_LISTENERS"),
    egress: number("--egress-limit", words["egress-limit"], "ROSTRA_EGRESS_LIMIT"),
    memory: number("ROSTRA_MEMORY_LIMIT", undefined, "ROSTRA_MEMORY_LIMIT"),
  };
}

/** The environment from which `limitChoice` reads the same choice. */
export const limitEnvironment = ({ listeners, egress, memory }: LimitChoice): NodeJS.ProcessEnv => ({
  ROSTRA_MAX_LISTENERS: String(listeners ?? ""),
  ROSTRA_EGRESS_LIMIT: String(egress ?? ""),
  ROSTRA_MEMORY_LIMIT: String(memory ?? ""),
});

/** What one of so many edge processes may use: its part. */
export function limitsOf({ listeners, egress, memory }: LimitChoice, edges: number, connections?: number): Limits {
  const all = memory === undefined ? availableMemory() / 2 : memory * mega;
  return {
    connections,
    listeners: listeners === undefined ? undefined : Math.max(1, Math.ceil(listeners / edges)),
    egress: egress === undefined ? undefined : (egress * mega) / 8 / edges,
    memory: memory === undefined ? Math.max(leastMemory * mega, all / edges) : all / edges,
  };
}

/** That of the control group, or of the machine; bytes. */
function availableMemory(): number {
  const machine = os.totalmem();
  const group = process.constrainedMemory();
  return group > 0 && group < machine ? group : machine;
}
