import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Link } from "../../../src/foundation/link.ts";
import { freePort, Process, serverCore } from "../processes.ts";
import { type Server, serverOf, type Setting } from "./server.ts";

const program = resolve(import.meta.dirname, "../../../src/apps/rostra.ts");

export interface RostraOptions {
  /** How many edge processes share the port. @default 1 */
  readonly workers?: number;
  /** @default the servers' */
  readonly core?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The edge as `rostra serve` runs it: each worker a process of its own on the shared port, following the source's feed. */
export async function startRostra({ folder, source }: Setting, options: RostraOptions = {}): Promise<Server> {
  const { workers = 1, core = serverCore } = options;
  const port = await freePort();
  await mkdir(folder, { recursive: true });
  const env = {
    ROSTRA_RUN: folder,
    ROSTRA_DATA: folder,
    ROSTRA_HOST: "127.0.0.1",
    PORT: String(port),
    ROSTRA_LOG: "warn",
    // Crowds here may be as large as descriptors allow; rivals have no level at which newcomers get a place in line.
    ROSTRA_LEVELS: "0",
    ...options.env,
  };
  if (source.socketPath !== join(folder, "origin.sock")) throw new Error("the edge looks for its origin in its folder");
  const edges = Array.from(
    { length: workers },
    (_, i) => new Process(`edge ${i + 1}`, [process.execPath, program, "run", "edge", String(i + 1)], { core, env }),
  );
  for (const [i, edge] of edges.entries()) await ready(join(folder, `edge-${i + 1}.sock`), edge);
  // It is ready inside before its port is open, and the others of the same port do not show that of one.
  for (const until = Date.now() + 5000; listening(port) < workers;) {
    if (Date.now() > until) throw new Error(`${listening(port)} of ${workers} edges listen:\n${edges[0]?.output}`);
    await sleep(20);
  }
  return serverOf("Rostra", port, edges);
}

/** How many sockets listen on a port (/proc/net/tcp, proc(5): the local address is hexadecimal, state 0A is LISTEN). */
function listening(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  const lines = readFileSync("/proc/net/tcp", "utf8").split("\n");
  return lines.filter((line) => line.includes(`${local}00000000:0000 0A`)).length;
}

/** Waits until an edge knows the Space. */
async function ready(socketPath: string, edge: Process): Promise<void> {
  const link = new Link(socketPath, 1);
  const until = Date.now() + 20_000;
  try {
    for (;;) {
      const answer = await link.request({ path: "/healthz", timeoutMs: 1000 }).catch(() => undefined);
      const { origin, spaces } = JSON.parse(answer?.body.toString() || "{}") as { origin?: boolean; spaces?: number };
      if (origin && spaces) return;
      if (edge.ended || Date.now() > until) throw new Error(`${edge.name} is not ready:\n${edge.output}`);
      await sleep(50);
    }
  } finally {
    link.close();
  }
}
