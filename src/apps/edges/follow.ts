import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Link } from "../../foundation/link.ts";
import { createLog } from "../../foundation/log.ts";
import type { EdgeHealth } from "../../edge/server.ts";
import { sockets } from "../config.ts";
import { baseUrl } from "../serve/owner-link.ts";
import { requireFreePorts } from "../serve/ports.ts";
import { childEnvironment, edgeSpecs, leanFlags, prepareData, requireNoOther } from "../serve/serve.ts";
import { supervise } from "../serve/supervisor.ts";
import { requireTls } from "../serve/tls.ts";
import type { EdgeCommandOptions } from "./options.ts";

/** Milliseconds for which the start waits to hear from an upstream before it says that there is none yet. */
const firstWordMs = 8000;

/** `rostra edge`: starts its workers and keeps them running until SIGTERM or SIGINT. Gives the exit code. */
export function follow(options: EdgeCommandOptions): Promise<number> {
  const log = createLog({ process: "supervisor", format: options.log });
  return supervise({
    title: "rostra edge",
    run: options.run,
    specs: edgeSpecs(options.edges),
    execArgv: leanFlags,
    env: {
      ...childEnvironment(options),
      ROSTRA_UPSTREAM: options.upstreams.join(","),
      ROSTRA_EDGE_KEY: options.key,
      // One name for all workers: one that followed another of them would hear only what it says itself.
      ROSTRA_EDGE_ID: randomBytes(6).toString("hex"),
    },
    metrics: options.metrics,
    drain: options.drain,
    log,
    prepare: async () => {
      await prepareData(options);
      await requireNoOther(options);
      await requireFreePorts(options.host, options.port);
      await requireTls(options);
    },
    announce: () => announce(options),
  });
}

/** Tells the person at the terminal that it serves, and whom it follows. */
async function announce(options: EdgeCommandOptions): Promise<void> {
  const { origin, upstream, spaces, trouble } = await firstWord(options.run);
  const follows = origin
    ? `${upstream} (${spaces === 1 ? "1 Space" : `${spaces} Spaces`})`
    : `nobody yet: ${upstream}: ${trouble ?? "nothing was heard"}. It goes on trying.`;
  const lines = [
    ``,
    `  This edge of Rostra is ready.`,
    ``,
    `  listen     ${baseUrl(options)}/`,
    `  follows    ${follows}`,
    `  metrics    curl --unix-socket ${sockets.metrics(options.run)} http://rostra/metrics`,
    ``,
    ``,
  ];
  process.stdout.write(lines.join("\n"));
}

/** What the first worker has heard from upstream, once it has heard all or in the time for that not. */
async function firstWord(run: string): Promise<EdgeHealth> {
  const link = new Link(sockets.edge(run, 1), 1);
  const until = performance.now() + firstWordMs;
  try {
    for (;;) {
      const health = await link.json<EdgeHealth>({ path: "/healthz" });
      if (health.origin || performance.now() > until) return health;
      await sleep(100);
    }
  } finally {
    link.close();
  }
}
