import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createConnection, createServer, type Server as TcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Link } from "../../src/foundation/link.ts";
import { freePort } from "./server.ts";

const root = resolve(import.meta.dirname, "../..");

/** The key of the installation in a data folder, as its owner would read it. */
export async function edgeKey(data: string): Promise<string> {
  const words = ["scripts/start.mjs", "edge-key", "--data", data];
  return (await promisify(execFile)(process.execPath, words, { cwd: root })).stdout.trim();
}

/** A real `rostra edge` of its own. */
export class EdgeProcess implements AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly data: string;
  /** All it printed. */
  output = "";
  readonly #process: ChildProcess;

  private constructor(name: string, url: string, data: string, process_: ChildProcess) {
    this.name = name;
    this.url = url;
    this.data = data;
    this.#process = process_;
    for (const stream of [process_.stdout, process_.stderr])
      stream?.on("data", (text: Buffer) => (this.output += text.toString()));
  }

  /** Starts one with one worker; `port` 0 is any. */
  static async start(name: string, upstreams: readonly string[], key: string, port = 0): Promise<EdgeProcess> {
    const data = await mkdtemp(join(tmpdir(), "rostra-edge-"));
    const file = join(data, "key");
    await writeFile(file, key, { mode: 0o600 });
    const on = port || (await freePort());
    const words = ["--upstream", upstreams.join(","), "--key-file", file, "--port", String(on), "--data", data];
    const child = spawn(
      process.execPath,
      ["scripts/start.mjs", "edge", ...words, "--host", "127.0.0.1", "--workers", "1", "--log", "json"],
      { cwd: root, stdio: ["ignore", "pipe", "pipe"] },
    );
    const edge = new EdgeProcess(name, `http://127.0.0.1:${on}`, data, child);
    const deadline = Date.now() + 30_000;
    while (!edge.output.includes("This edge of Rostra is ready")) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${name} did not start:\n${edge.output}`);
      await sleep(50);
    }
    return edge;
  }

  async metrics(): Promise<string> {
    const link = new Link(join(this.data, "run", "metrics.sock"), 1);
    const answer = await link.request({ path: "/metrics" }).finally(() => link.close());
    return answer.body.toString();
  }

  /** kill -9 of the worker; its supervisor starts another. */
  async killWorker(): Promise<void> {
    process.kill(await this.#worker(), "SIGKILL");
  }

  /** kill -9 of all of it: nobody starts it again. */
  async kill(): Promise<void> {
    const worker = await this.#worker();
    this.#process.kill("SIGKILL");
    process.kill(worker, "SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exited = new Promise((done) => this.#process.once("exit", done));
      this.#process.kill("SIGTERM");
      await exited;
    }
    await rm(this.data, { recursive: true, force: true });
  }

  async #worker(): Promise<number> {
    for (const entry of await readdir("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      const status = await readFile(`/proc/${entry}/status`, "utf8").catch(() => "");
      if (Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]) === this.#process.pid) return Number(entry);
    }
    throw new Error(`${this.name} has no worker`);
  }
}

/** A network between two machines that can be cut: what is under way then is neither delivered nor refused. */
export class Wire implements AsyncDisposable {
  readonly url: string;
  readonly #server: TcpServer;
  readonly #ends = new Set<Socket>();
  #isCut = false;

  private constructor(url: string, server: TcpServer) {
    this.url = url;
    this.#server = server;
  }

  static async to(url: string): Promise<Wire> {
    const server = createServer({ allowHalfOpen: false });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("no port");
    const wire = new Wire(`http://127.0.0.1:${address.port}`, server);
    server.on("connection", (near) => wire.#join(near, Number(new URL(url).port)));
    return wire;
  }

  cut(): void {
    this.#isCut = true;
    for (const end of this.#ends) end.pause();
  }

  /** The network is back; what was under way when it was cut is lost. */
  mend(): void {
    this.#isCut = false;
    for (const end of this.#ends) end.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) end.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  #join(near: Socket, port: number): void {
    const far = createConnection({ port, host: "127.0.0.1" });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#ends.add(one);
      one.on("data", (data) => other.write(data));
      one.on("error", () => {});
      one.on("close", () => {
        this.#ends.delete(one);
        if (!this.#isCut) other.destroy();
      });
      if (this.#isCut) one.pause();
    }
  }
}
