import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createServer } from "node:net";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Problem } from "../../foundation/errors.ts";
import { Link } from "../../foundation/link.ts";
import { sockets } from "../config.ts";
import { demoSlug } from "../control/demo.ts";
import { childrenOf } from "./proc.ts";

/** Which processors the edges may run on, and which the other processes, as taskset takes them. */
export interface Processors {
  readonly edges: string;
  readonly others: string;
}

export interface OwnServerOptions {
  readonly edges: number;
  /** @default all for all */
  readonly processors?: Processors | undefined;
  readonly signal?: AbortSignal;
}

const readyWithinMs = 30_000;
const entry = fileURLToPath(new URL(`../rostra${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url));

/**
 * A `rostra serve` of this program's own, to be measured: on loopback, on free ports, in a folder that is removed afterwards,
 * with the demo's voices and, where there is an `openssl`, a certificate of its own.
 */
export class OwnServer implements AsyncDisposable {
  readonly space = demoSlug;
  readonly port: number;
  /** Undefined when no certificate could be made. */
  readonly tlsPort: number | undefined;
  /** The certificate, PEM. */
  readonly certificate: string | undefined;
  readonly #folder: string;
  readonly #process: ChildProcess;
  #output = "";
  /** Process ids of its edges, and of all its processes. */
  edges: readonly number[] = [];
  all: readonly number[] = [];

  private constructor(
    folder: string,
    ports: readonly number[],
    certificate: string | undefined,
    options: OwnServerOptions,
  ) {
    const [port = 0, tlsPort = 0, udp = 0, ice = 0] = ports;
    this.port = port;
    this.tlsPort = certificate === undefined ? undefined : tlsPort;
    this.certificate = certificate;
    this.#folder = folder;
    const words = [
      ["--port", port],
      ["--host", "127.0.0.1"],
      ["--udp-port", udp],
      ["--ice-tcp-port", ice],
      ["--data", join(folder, "data")],
      ["--edges", options.edges],
      ["--log", "json"],
      ...(certificate === undefined
        ? []
        : [
            ["--tls-cert", join(folder, "cert.pem")],
            ["--tls-key", join(folder, "key.pem")],
            ["--tls-port", tlsPort],
          ]),
    ];
    this.#process = spawn(process.execPath, [entry, "serve", ...words.flat().map(String)], {
      stdio: ["ignore", "pipe", "pipe"],
      env: ownEnvironment(),
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on("data", (text: Buffer) => (this.#output = (this.#output + text.toString()).slice(-4000)));
  }

  /** @throws Problem `own-server-failed` */
  static async start(options: OwnServerOptions): Promise<OwnServer> {
    const folder = await mkdtemp(join(tmpdir(), "rostra-calibrate-"));
    const certificate = await makeCertificate(folder);
    const server = new OwnServer(folder, await freePorts(4), certificate, options);
    try {
      await server.#ready(options);
    } catch (thrown) {
      await server[Symbol.asyncDispose]();
      throw thrown;
    }
    return server;
  }

  async #ready({ edges, processors, signal }: OwnServerOptions): Promise<void> {
    const until = Date.now() + readyWithinMs;
    for (;;) {
      if (this.#output.includes("Rostra is ready") && (await this.#plays())) break;
      signal?.throwIfAborted();
      if (this.#process.exitCode !== null || Date.now() > until) throw this.#failed();
      await sleep(50);
    }
    const children = childrenOf(this.#process.pid ?? 0);
    this.all = [this.#process.pid ?? 0, ...children.map(({ pid }) => pid)];
    this.edges = children.filter(({ title }) => title.startsWith("rostra edge")).map(({ pid }) => pid);
    if (this.edges.length !== edges) throw this.#failed();
    if (processors === undefined) return;
    for (const pid of this.all) {
      const list = this.edges.includes(pid) ? processors.edges : processors.others;
      await promisify(execFile)("taskset", ["-a", "-c", "-p", list, String(pid)]);
    }
  }

  /** The first edge's process id. */
  get edge(): number {
    return this.edges[0] ?? 0;
  }

  async #plays(): Promise<boolean> {
    const state = await this.state().catch(() => undefined);
    return state?.status === "live" && !state.hold && state.latest > 2;
  }

  async state(): Promise<{ status: string; hold: boolean; latest: number; push: string }> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/live/${this.space}/state.json`);
    return (await answer.json()) as { status: string; hold: boolean; latest: number; push: string };
  }

  /** A metric of all its processes together. */
  async metric(...names: readonly string[]): Promise<number> {
    const link = new Link(sockets.metrics(join(this.#folder, "data", "run")), 1);
    try {
      const { body } = await link.request({ path: "/metrics", timeoutMs: 5000 });
      const lines = body.toString("utf8").split("\n");
      return lines
        .filter((one) => names.some((name) => one.startsWith(`${name}{`) || one.startsWith(`${name} `)))
        .reduce((sum, one) => sum + Number(one.slice(one.lastIndexOf(" "))), 0);
    } finally {
      link.close();
    }
  }

  /** Bytes that its edges sent as sound. */
  sentBytes(): Promise<number> {
    return this.metric("rostra_edge_stream_sent_bytes_total", "rostra_edge_numbered_sent_bytes_total");
  }

  get alive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  #failed(): Problem {
    return new Problem({
      status: 500,
      code: "own-server-failed",
      title: "The server that was to be measured did not start or did not stay",
      detail: `What it said last: ${this.#output.trim() || "nothing"}`,
      action: "`rostra doctor` looks at this machine; then try again.",
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.alive) {
      const gone = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGTERM");
      await Promise.race([gone, sleep(8000, undefined, { ref: false })]);
      if (this.alive) this.#process.kill("SIGKILL");
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** What this process was told about another server is not for this one. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const mine = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("ROSTRA_") && !["PORT", "DATABASE_URL", "NODE_OPTIONS"].includes(name),
  );
  return { ...Object.fromEntries(mine), ROSTRA_DRAIN: "0" };
}

/** Ports that nobody has now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once("error", reject).listen(0, "127.0.0.1", () => {
            const address = server.address();
            resolve(typeof address === "object" && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A certificate for this machine, ECDSA on P-256; undefined when there is no `openssl` to make one. */
async function makeCertificate(folder: string): Promise<string | undefined> {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  // prettier-ignore
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert];
  try {
    await promisify(execFile)("openssl", words);
    await chmod(key, 0o600);
    return await readFile(cert, "utf8");
  } catch {
    return undefined;
  }
}
