import { lstat, mkdir, realpath } from "node:fs/promises";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { anchoredClock, type Clock, decodeAnchor, newAnchor } from "../foundation/clock.ts";
import { type Milliseconds, seconds } from "../foundation/duration.ts";
import { createLog, type Level, type Log } from "../foundation/log.ts";
import { Peers } from "./edge/peers.ts";
import { Meter } from "../foundation/meter.ts";
import { Scope } from "../foundation/scope.ts";

/** What every process is given by the supervisor, read from the environment once, here. */
export interface ProcessConfig {
  /** The data folder, absolute. */
  readonly data: string;
  /** The folder of the Unix sockets. */
  readonly run: string;
  /** The public HTTP port. */
  readonly port: number;
  /** The address the public port listens on. */
  readonly host: string;
  /** The stage's UDP port. */
  readonly udpPort: number;
  /** The stage's TCP port, for speakers whose UDP is blocked. */
  readonly iceTcpPort: number;
  /** Addresses to announce to speakers besides those of the interfaces (behind NAT). */
  readonly publicIps: readonly string[];
  /** The URL people use, when it is not what the request says (TLS in front). */
  readonly publicUrl: string | undefined;
  readonly databaseUrl: string | undefined;
  /** How this process is to end; the supervisor says it anew when it ends it. @default drains for 5 s, and has no successor */
  readonly ending?: Ending;
  /** Which process of its name it is, from 1: one more with each reload. @default 1 */
  readonly generation?: number;
  /** Whether it takes the place of another, whose ports and listeners it is given. @default false */
  readonly succeeds?: boolean;
  /** The process before and the one after it, where they can talk to each other. */
  readonly peers?: Peers;
  /** Whether a demo Space plays while there is no other. @default false */
  readonly demo?: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** Ends on SIGTERM and SIGINT, or when the supervisor is gone. */
  readonly scope: Scope;
}

/** How a process ends. */
export interface Ending {
  /** For how long those who listen may move. */
  drain: Milliseconds;
  /**
   * `signal`: somebody ended this process alone. `replaced`: its successor is there, and takes what can be handed over.
   * `stopped`: with all the others.
   */
  why: "signal" | "replaced" | "stopped";
}

export const sockets = {
  control: (run: string): string => join(run, "control.sock"),
  stage: (run: string): string => join(run, "stage.sock"),
  origin: (run: string): string => join(run, "origin.sock"),
  /** Each generation of an edge has its own: a process that ends removes the name of its socket. */
  edge: (run: string, index: number, generation = 1): string =>
    join(run, generation === 1 ? `edge-${index}.sock` : `edge-${index}.${generation}.sock`),
  metrics: (run: string): string => join(run, "metrics.sock"),
} as const;

/** The longest path a Unix socket may have (`sun_path` is 108 bytes with its end). */
const longestSocketPath = 107;

/** The folder for sockets: `<data>/run`, or one under the temporary folder when that path is too long for a socket. */
export async function runFolder(data: string): Promise<string> {
  await mkdir(data, { recursive: true, mode: 0o700 });
  const inData = join(await realpath(data), "run");
  if (Buffer.byteLength(join(inData, "control.sock")) <= longestSocketPath - 8) return inData;
  const elsewhere = join(tmpdir(), `rostra-${createHash("sha256").update(inData).digest("hex").slice(0, 16)}`);
  // Anybody may make a folder there, of any name: in one that is not ours alone, others could put sockets of their own.
  await mkdir(elsewhere, { recursive: true, mode: 0o700 });
  const found = await lstat(elsewhere);
  const isOurs = found.isDirectory() && found.uid === (process.getuid?.() ?? found.uid) && (found.mode & 0o077) === 0;
  if (!isOurs) throw new Error(`the folder of its sockets, ${elsewhere}, is somebody else's or open to others`);
  return elsewhere;
}

/** Far from the UDP port's number, so that servers on neighbouring HTTP ports do not meet. */
export const defaultIceTcpPort = (udpPort: number): number =>
  udpPort === 0 ? 0 : udpPort <= 55_535 ? udpPort + 10_000 : udpPort - 10_000;

/** Reads a child process's configuration from the environment that the supervisor set. */
export async function processConfig(
  process_: NodeJS.Process,
  name: string,
): Promise<ProcessConfig & { readonly ending: Ending }> {
  const env = process_.env;
  const data = resolve(env["ROSTRA_DATA"] ?? "data");
  const run = env["ROSTRA_RUN"] ?? (await runFolder(data));
  await mkdir(run, { recursive: true, mode: 0o700 });
  const port = Number(env["PORT"] ?? 8080);
  const udpPort = Number(env["ROSTRA_UDP_PORT"] ?? port);
  const scope = new Scope();
  process_.title = `rostra ${name}`;
  return {
    data,
    run,
    port,
    host: env["ROSTRA_HOST"] ?? "0.0.0.0",
    udpPort,
    iceTcpPort: Number(env["ROSTRA_ICE_TCP_PORT"] ?? defaultIceTcpPort(udpPort)),
    publicIps: (env["ROSTRA_PUBLIC_IP"] ?? "").split(",").filter(Boolean),
    publicUrl: env["ROSTRA_PUBLIC_URL"] || undefined,
    databaseUrl: env["DATABASE_URL"] || undefined,
    demo: env["ROSTRA_DEMO"] !== "0",
    ending: { drain: seconds(Number(env["ROSTRA_DRAIN"] || 5)), why: "signal" },
    ...(process_.send ? { peers: new Peers(process_) } : {}),
    generation: Number(env["ROSTRA_GENERATION"] ?? 1),
    succeeds: env["ROSTRA_SUCCEEDS"] === "1",
    clock: anchoredClock(decodeAnchor(env["ROSTRA_CLOCK"]) ?? newAnchor()),
    log: createLog({
      process: name,
      level: (env["ROSTRA_LOG"] as Level | undefined) ?? "info",
      format: env["ROSTRA_LOG_FORMAT"] === "text" ? "text" : "json",
    }),
    meter: new Meter(),
    scope,
  };
}
