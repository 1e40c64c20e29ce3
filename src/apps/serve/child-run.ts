import { fork, type ChildProcess, type SendHandle } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Milliseconds, ms } from "../../foundation/duration.ts";
import type { ProblemDocument } from "../../foundation/errors.ts";
import { problemFrom } from "../../foundation/link.ts";

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What comes from a process: its type, and whatever belongs to it. */
export interface ChildMessage {
  readonly t?: string;
  readonly [member: string]: unknown;
}

export interface RunOptions {
  /** For the texts of failures. */
  readonly name: string;
  /** What `rostra run` is given. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly execArgv: readonly string[];
  /** Which process of this name it is, from 1. */
  readonly generation: number;
}

/** How long a process may take to end after SIGTERM before SIGKILL, on top of what it drains for. */
export const endGrace: Milliseconds = ms(12_000);

/** One process from its fork to its exit: whether it serves, what it says, and how it is ended. */
export class ChildRun {
  readonly generation: number;
  readonly since = Date.now();
  /** Resolves when the process serves; rejects when it ends before, with its own problem where it told one. */
  readonly ready: Promise<void>;
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  #serves = false;
  #gone = false;

  /** Forks the code that is on disk now. */
  constructor({ name, args, env, execArgv, generation }: RunOptions) {
    this.generation = generation;
    const entry = fileURLToPath(
      new URL(`../rostra${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
    );
    this.#process = fork(entry, ["run", ...args], {
      env: { ...env, ROSTRA_GENERATION: String(generation) },
      execArgv: [...execArgv],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const ready = Promise.withResolvers<void>();
    const exited = Promise.withResolvers<Exit>();
    let failure: Error | undefined;
    this.onMessage((message) => {
      if (message.t === "ready") {
        this.#serves = true;
        ready.resolve();
      } else if (message.t === "failed") failure = failureOf(name, message);
    });
    const end = (exit: Exit): void => {
      this.#gone = true;
      const how = `(exit code ${exit.code}, signal ${exit.signal})`;
      ready.reject(failure ?? new Error(`${name}: it ended before it was ready ${how}`));
      exited.resolve(exit);
    };
    this.#process.on("exit", (code, signal) => end({ code, signal }));
    this.#process.on("error", (error) => {
      failure ??= error;
      // Without a pid there was no process, and there will be no exit.
      if (this.#process.pid === undefined) end({ code: null, signal: null });
    });
    this.ready = ready.promise;
    this.exited = exited.promise;
    // A failure before anybody waits is told when somebody does.
    this.ready.catch(() => {});
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Whether it has said that it serves, and has not gone since. */
  get serves(): boolean {
    return this.#serves && !this.#gone;
  }

  /** The function returned stops it. */
  onMessage(hear: (message: ChildMessage, handle: unknown) => void): () => void {
    this.#process.on("message", hear);
    return () => void this.#process.off("message", hear);
  }

  /** Says something to the process; `done` is called once it is on its way, or cannot be any more. */
  send(message: ChildMessage, handle?: SendHandle, done: () => void = () => {}): void {
    if (!this.#process.connected) return done();
    this.#process.send(message, handle, {}, done);
  }

  /** SIGTERM, then SIGKILL after the grace; resolves when the process is gone. Safe to call twice. */
  async end(grace: Milliseconds = endGrace): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.goneWithin(grace);
  }

  /** Waits for a process that is ending by itself, and kills it after the grace. */
  async goneWithin(grace: Milliseconds): Promise<void> {
    const force = setTimeout(() => this.#process.kill("SIGKILL"), grace);
    await this.exited;
    clearTimeout(force);
  }
}

function failureOf(name: string, message: ChildMessage): Error {
  const problem = message["problem"] as ProblemDocument | undefined;
  return problem
    ? problemFrom(problem.status, JSON.stringify(problem), name)
    : new Error(`${name}: ${String(message["reason"])}`);
}
