import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuSeconds, memory } from "../figures.ts";

/** The processor that servers run on, and the one that everything else does. */
export const serverCore = "0";
export const loadCore = cpus().length > 1 ? "1" : "0";
/** All processors, for what needs more than one. */
export const anyCore = `0-${cpus().length - 1}`;

export interface ProcessOptions {
  /** A list of processors, as taskset takes it. */
  readonly core: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether it can be written to. @default false */
  readonly input?: boolean;
}

/** Lets this process, and the threads it has, run on one processor only. */
export function pinMyself(core: string): void {
  execFileSync("taskset", ["-a", "-c", "-p", core, String(process.pid)], { stdio: "ignore" });
}

const running = new Set<Process>();
process.once("exit", () => {
  for (const one of running) one.kill();
});

/** A process that the benchmark started, on its processors, with all that it starts itself. */
export class Process implements AsyncDisposable {
  readonly name: string;
  readonly child: ChildProcess;
  /** The end of what it printed, for when it fails. */
  output = "";
  readonly #exited: Promise<void>;

  constructor(name: string, command: readonly string[], { core, cwd, env, input = false }: ProcessOptions) {
    this.name = name;
    this.child = spawn("taskset", ["-c", core, ...command], {
      cwd,
      env: { ...process.env, ...env },
      stdio: [input ? "pipe" : "ignore", "pipe", "pipe"],
    });
    running.add(this);
    this.#exited = new Promise((resolve) => {
      this.child.once("error", (error) => {
        this.output += error.message;
        resolve();
      });
      this.child.once("close", () => resolve());
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on("data", (text: Buffer) => (this.output = (this.output + text.toString()).slice(-4000)));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** It and its descendants. */
  get pids(): number[] {
    const parents = new Map<number, number>();
    for (const entry of readdirSync("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      const parent = parentOf(Number(entry));
      if (parent !== undefined) parents.set(Number(entry), parent);
    }
    const found = [this.pid];
    for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
    return found;
  }

  /** CPU seconds of it and its descendants that live. */
  cpu(): number {
    return this.pids.reduce((sum, pid) => sum + quiet(() => cpuSeconds(pid)), 0);
  }

  /** Resident bytes, the same. */
  rss(): number {
    return this.pids.reduce((sum, pid) => sum + quiet(() => memory(pid).rss), 0);
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** SIGKILL to it and its descendants. */
  kill(): void {
    if (this.ended) return;
    for (const pid of this.pids) quiet(() => Number(process.kill(pid, "SIGKILL")));
  }

  /** Ends it at once: nothing that it has is wanted any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await Promise.race([this.#exited, sleep(2000, undefined, { ref: false })]);
    running.delete(this);
  }
}

const parentOf = (pid: number): number | undefined =>
  quiet<number | undefined>(
    () =>
      Number(
        readFileSync(`/proc/${pid}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ")[1],
      ),
    undefined,
  );

/** What a process that may just have ended gives, or else the other. */
function quiet(read: () => number): number;
function quiet<T>(read: () => T, otherwise: T): T;
function quiet<T>(read: () => T, otherwise: T | number = 0): T | number {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** A port that nobody has. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}

/** Waits until a process accepts connections; throws with what it printed when it ends or takes ten seconds. */
export async function accepts(port: number, process_: Process): Promise<void> {
  const until = Date.now() + 10_000;
  while (!(await canConnect(port))) {
    if (process_.ended || Date.now() > until) throw new Error(`${process_.name} does not accept:\n${process_.output}`);
    await sleep(50);
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(socket.destroy() !== undefined));
    socket.once("error", () => resolve(false));
  });
}
