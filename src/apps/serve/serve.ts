import { access, constants, mkdir } from "node:fs/promises";
import { Link } from "../../foundation/link.ts";
import { Problem, reason } from "../../foundation/errors.ts";
import { createLog, type Log } from "../../foundation/log.ts";
import { sockets } from "../config.ts";
import { type ChildSpec, drainTimes } from "./children.ts";
import { frontEnvironment } from "./fronts.ts";
import { limitEnvironment } from "./limits.ts";
import { dataProblem, type ServeOptions } from "./options.ts";
import { baseUrl, ownerLink } from "./owner-link.ts";
import { requireFreePorts } from "./ports.ts";
import { supervise } from "./supervisor.ts";
import { requireTls } from "./tls.ts";

/** Starts all processes on this machine and keeps them running until SIGTERM or SIGINT. Gives the exit code. */
export function serve(options: ServeOptions): Promise<number> {
  const log = createLog({ process: "supervisor", format: options.log });
  return supervise({
    title: "rostra serve",
    run: options.run,
    specs: childSpecs(options.edges),
    env: childEnvironment(options),
    execArgv: leanFlags,
    metrics: options.metrics,
    drain: options.drain,
    log,
    prepare: async () => {
      await prepareData(options);
      await requireNoOther(options);
      await requireFreePorts(options.host, options.port, options.udpPort);
      await requireTls(options);
    },
    announce: () => announce(options, log),
  });
}

/** The processes of one machine. Those that others wait for are first. */
export const childSpecs = (edges: number): ChildSpec[] => [
  { name: "origin", args: ["origin"] },
  { name: "stage", args: ["stage"] },
  // Where control refuses to open the data (a newer version, a damaged file), no other process may write to it.
  { name: "control", args: ["control"], first: true },
  ...edgeSpecs(edges),
];

/** Edge processes that share a port. */
export const edgeSpecs = (edges: number): ChildSpec[] =>
  Array.from({ length: edges }, (_, i) => ({ name: `edge ${i + 1}`, args: ["edge", String(i + 1)], drains: true }));

/**
 * A small young generation and one helper thread for the engine: 36 MB less in all (bench:idle). A crowd that joins an edge at
 * once allocates: half of the default is no slower, and 2 KB less for each of 15,000 listeners.
 */
export const leanFlags = (spec: ChildSpec): readonly string[] =>
  spec.args[0] === "edge" ? ["--max-semi-space-size=8"] : ["--max-semi-space-size=1", "--v8-pool-size=1"];

/** What every process of this machine is given. */
export function childEnvironment(options: ServeOptions): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ROSTRA_DATA: options.data,
    ROSTRA_RUN: options.run,
    PORT: String(options.port),
    ROSTRA_HOST: options.host,
    ROSTRA_UDP_PORT: String(options.udpPort),
    ROSTRA_ICE_TCP_PORT: String(options.iceTcpPort),
    ROSTRA_PUBLIC_IP: options.publicIps.join(","),
    ROSTRA_PUBLIC_URL: options.publicUrl ?? "",
    ROSTRA_EDGE_URLS: options.edgeUrls.join(","),
    ...frontEnvironment(options.fronts),
    ...limitEnvironment(options.limits),
    // Each edge process has its part of the limits.
    ROSTRA_EDGES: String(options.edges),
    ROSTRA_DEMO: options.demo ? "1" : "0",
    ROSTRA_LOG_FORMAT: options.log,
    ROSTRA_DRAIN: String((options.drain ?? drainTimes().replaced) / 1000),
  };
}

/** Makes the folders and looks that they can be written. Throws `data-not-writable`. */
export async function prepareData(options: ServeOptions): Promise<void> {
  try {
    await mkdir(options.data, { recursive: true, mode: 0o700 });
    await mkdir(options.run, { recursive: true, mode: 0o700 });
    await access(options.data, constants.W_OK | constants.X_OK);
    await access(options.run, constants.W_OK | constants.X_OK);
  } catch (thrown) {
    throw dataProblem(options.data, thrown);
  }
}

/** Two servers on one data folder would each break the other's sockets and archive: the second is refused. */
export async function requireNoOther(options: ServeOptions): Promise<void> {
  const link = new Link(sockets.metrics(options.run), 1);
  const other = await link.request({ path: "/healthz", timeoutMs: 1000 }).catch(() => undefined);
  link.close();
  if (other === undefined) return;
  throw new Problem({
    status: 409,
    code: "data-in-use",
    title: "The data folder is in use",
    detail: `Another rostra serves from ${options.data}.`,
    action: "Give this one its own folder with --data, or end the other.",
  });
}

/** Tells the person at the terminal that it serves, and where to look. */
async function announce(options: ServeOptions, log: Log): Promise<void> {
  const url = baseUrl(options);
  const lines = [``, `  Rostra is ready.`, ``, `  listen     ${url}/`, `  your desk  ${url}/desk`];
  try {
    const link = await ownerLink(options);
    if (link)
      lines.push(``, `  You are its owner. Open this link once to sign in (it works for one day):`, `  ${link}`);
  } catch (thrown) {
    log.warn("owner-link-failed", { reason: reason(thrown) });
  }
  lines.push(``, `  metrics    curl --unix-socket ${sockets.metrics(options.run)} http://rostra/metrics`, ``, ``);
  process.stdout.write(lines.join("\n"));
}
