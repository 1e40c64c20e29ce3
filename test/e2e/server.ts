import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Link } from "../../src/foundation/link.ts";
import type { CreateSpace, Invite, Space } from "../../src/wire/api.ts";
import type { LiveState } from "../../src/wire/state.ts";

const root = resolve(import.meta.dirname, "../..");

/** A free TCP port of this machine (and, with luck, the UDP port of the same number). */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "0.0.0.0", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}

export interface ServerOptions {
  /** @default false: no demo Space */
  readonly demo?: boolean;
  /** @default 2 */
  readonly edges?: number;
  /** A data folder to go on with. @default a new one, removed at the end */
  readonly data?: string;
  /** More environment variables. */
  readonly env?: NodeJS.ProcessEnv;
  /** An installed `rostra` to run instead of this working tree. */
  readonly program?: string;
  /** The working tree to run. @default this one */
  readonly checkout?: string | undefined;
}

/** A real `rostra serve` of its own, with its owner signed in. */
export class Server implements AsyncDisposable {
  readonly url: string;
  readonly data: string;
  /** All it printed. */
  output = "";
  readonly #process: ChildProcess;
  readonly #ownsData: boolean;
  #cookie = "";

  private constructor(url: string, data: string, process_: ChildProcess, ownsData: boolean) {
    this.url = url;
    this.data = data;
    this.#process = process_;
    this.#ownsData = ownsData;
    for (const stream of [process_.stdout, process_.stderr])
      stream?.on("data", (text: Buffer) => (this.output += text.toString()));
  }

  static async start(options: ServerOptions = {}): Promise<Server> {
    const port = await freePort();
    const data = options.data ?? (await mkdtemp(join(tmpdir(), "rostra-e2e-")));
    const args = [
      "serve",
      "--port",
      String(port),
      "--data",
      data,
      "--edges",
      String(options.edges ?? 2),
      "--log",
      "json",
    ];
    if (!options.demo) args.push("--no-demo");
    const { program } = options;
    const child = spawn(program ?? process.execPath, program ? args : ["scripts/start.mjs", ...args], {
      cwd: program ? data : (options.checkout ?? root),
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const server = new Server(`http://localhost:${port}`, data, child, options.data === undefined);
    const deadline = Date.now() + 30_000;
    while (!server.output.includes("Rostra is ready")) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`the server did not start:\n${server.output}`);
      await sleep(50);
    }
    return server;
  }

  /** Signs the owner in by the one-time link that the server printed. */
  async claim(): Promise<void> {
    for (let tries = 0; tries < 40 && !/\/owner#/.test(this.output); tries++) await sleep(50);
    const token = /\/owner#([\w.~-]+)/.exec(this.output)?.[1];
    if (!token) throw new Error(`no owner link was printed:\n${this.output}`);
    const answer = await fetch(`${this.url}/api/v1/owner/claim`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: this.url },
      body: JSON.stringify({ token, name: "Owner" }),
    });
    if (!answer.ok) throw new Error(`claim: ${answer.status} ${await answer.text()}`);
    this.#cookie = answer.headers
      .getSetCookie()
      .map((cookie) => cookie.split(";")[0])
      .join("; ");
  }

  get supervisorPid(): number {
    return this.#process.pid ?? 0;
  }

  get cookie(): string {
    return this.#cookie;
  }

  async api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        cookie: this.#cookie,
        origin: this.url,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  createSpace(space: CreateSpace): Promise<Space> {
    return this.api<Space>("POST", "/spaces", space);
  }

  invite(space: string, role: "host" | "cohost" | "speaker", name: string): Promise<Invite> {
    return this.api<Invite>("POST", `/spaces/${space}/invites`, { role, name });
  }

  async state(space: string): Promise<LiveState> {
    const answer = await fetch(`${this.url}/live/${space}/state.json`);
    if (!answer.ok) throw new Error(`state of ${space}: ${answer.status}`);
    return (await answer.json()) as LiveState;
  }

  /** Waits until the Space's state is as wanted; throws with the last one seen. */
  async until(space: string, wanted: (state: LiveState) => boolean, withinMs = 20_000): Promise<LiveState> {
    const deadline = Date.now() + withinMs;
    let last: unknown;
    while (Date.now() < deadline) {
      try {
        const state = await this.state(space);
        last = { ...state, renditions: state.renditions.length };
        if (wanted(state)) return state;
      } catch (thrown) {
        last = thrown;
      }
      await sleep(100);
    }
    throw new Error(`the Space did not come to be as wanted; last seen: ${JSON.stringify(last)} ${String(last)}`);
  }

  /** All processes' metrics in one text. */
  async metrics(): Promise<string> {
    const link = new Link(join(this.data, "run", "metrics.sock"), 1);
    const answer = await link.request({ path: "/metrics" });
    link.close();
    return answer.body.toString();
  }

  /** The pid of one of its processes (`control`, `edge 1`), found by its title. */
  async pid(name: string): Promise<number> {
    for (const entry of await readdir("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      const [status, words] = await Promise.all(
        ["status", "cmdline"].map((file) => readFile(`/proc/${entry}/${file}`, "utf8").catch(() => "")),
      );
      if (!words?.startsWith(`rostra ${name}`) || words.replaceAll("\0", "").trim() !== `rostra ${name}`) continue;
      if (Number(/^PPid:\s+(\d+)/m.exec(status ?? "")?.[1]) === this.#process.pid) return Number(entry);
    }
    throw new Error(`there is no process "rostra ${name}"`);
  }

  /** kill -9 of one process. */
  async kill(name: string): Promise<void> {
    process.kill(await this.pid(name), "SIGKILL");
  }

  /** SIGTERM; resolves with the exit code. The data folder stays until disposal. */
  async stop(): Promise<number | null> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return exitCode;
    const exited = new Promise<number | null>((done) => this.#process.once("exit", done));
    this.#process.kill("SIGTERM");
    return exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    if (this.#ownsData) await rm(this.data, { recursive: true, force: true });
  }
}
