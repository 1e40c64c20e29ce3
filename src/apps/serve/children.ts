import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ProblemDocument } from "../../foundation/errors.ts";
import { problemFrom } from "../../foundation/link.ts";
import type { Log } from "../../foundation/log.ts";
import { type Milliseconds, ms } from "../../foundation/duration.ts";

/** One supervised process: what it is called, and the words it is started with. */
export interface ChildSpec {
  /** `control`, `stage`, `origin`, `edge 1`, … */
  readonly name: string;
  readonly args: readonly string[];
}

export type ChildState =
  | { readonly kind: "starting"; readonly process: ChildProcess; readonly since: number }
  | { readonly kind: "ready"; readonly process: ChildProcess; readonly since: number }
  | { readonly kind: "waiting"; readonly restartAt: number; readonly timer: NodeJS.Timeout }
  | { readonly kind: "ended" };

export interface ChildOptions {
  readonly spec: ChildSpec;
  readonly env: NodeJS.ProcessEnv;
  readonly execArgv: readonly string[];
  readonly log: Log;
  /** @default endGrace */
  readonly grace?: Milliseconds;
}

/** Why a process could not start, as it said itself; a problem says what to do. */
interface Failure {
  readonly reason: string;
  readonly problem?: ProblemDocument;
}

/** A process that stayed up this long is well again: its next crash is its first. */
const wellAfter: Milliseconds = ms(10_000);
const backoffStart: Milliseconds = ms(100);
const backoffCap: Milliseconds = ms(5_000);
/** How long a process may take to end after SIGTERM before SIGKILL. */
const endGrace: Milliseconds = ms(12_000);

/** How long to wait before the restart that follows `crashes` crashes in a row: none at first, then doubling to a cap. */
export const backoff = (crashes: number): Milliseconds =>
  ms(crashes <= 1 ? 0 : Math.min(backoffStart * 2 ** (crashes - 2), backoffCap));

/** Keeps one process running: starts it, starts it again with backoff when it dies, and ends it once and for all. */
export class Child {
  readonly spec: ChildSpec;
  readonly #options: ChildOptions;
  readonly #firstReady = Promise.withResolvers<void>();
  #state: ChildState = { kind: "ended" };
  #crashes = 0;
  #restarts = 0;
  #ending = false;
  #exited: (() => void) | undefined;

  constructor(options: ChildOptions) {
    this.spec = options.spec;
    this.#options = options;
    // A failure before anybody waits is told when somebody does.
    this.#firstReady.promise.catch(() => {});
  }

  get state(): ChildState {
    return this.#state;
  }

  get restarts(): number {
    return this.#restarts;
  }

  get pid(): number | undefined {
    return "process" in this.#state ? this.#state.process.pid : undefined;
  }

  /** Resolves when the process first serves; rejects when its first start fails. */
  get ready(): Promise<void> {
    return this.#firstReady.promise;
  }

  /** Without effect once it is ending. */
  start(): void {
    if (this.#ending) return;
    const { spec, env, execArgv, log } = this.#options;
    const entry = fileURLToPath(
      new URL(`../rostra${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
    );
    const process_ = fork(entry, ["run", ...spec.args], {
      env,
      execArgv: [...execArgv],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#state = { kind: "starting", process: process_, since: Date.now() };
    let failure: Failure = { reason: "it ended before it was ready" };
    process_.on("message", (message: { t?: string } & Partial<Failure>) => {
      if (message.t === "ready") {
        this.#state = { kind: "ready", process: process_, since: Date.now() };
        log.info("process-ready", { name: spec.name, pid: process_.pid });
        this.#firstReady.resolve();
      } else if (message.t === "failed" && message.reason) failure = { ...message, reason: message.reason };
    });
    process_.on("error", (error) => log.error("process-error", { name: spec.name, error }));
    process_.on("exit", (code, signal) => this.#onExit(code, signal, failure));
  }

  /** SIGTERM, then SIGKILL after a grace; resolves when the process is gone. Safe to call twice. */
  async end(): Promise<void> {
    this.#ending = true;
    const state = this.#state;
    if (state.kind === "waiting") clearTimeout(state.timer);
    if (!("process" in state)) {
      this.#state = { kind: "ended" };
      return;
    }
    const exited = new Promise<void>((resolve) => {
      this.#exited = resolve;
    });
    state.process.kill("SIGTERM");
    const force = setTimeout(() => state.process.kill("SIGKILL"), this.#options.grace ?? endGrace);
    await exited;
    clearTimeout(force);
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null, failure: Failure): void {
    const { spec, log } = this.#options;
    const since = "since" in this.#state ? this.#state.since : Date.now();
    if (this.#ending) {
      this.#state = { kind: "ended" };
      this.#exited?.();
      return;
    }
    this.#crashes = Date.now() - since >= wellAfter ? 1 : this.#crashes + 1;
    this.#restarts++;
    const delay = backoff(this.#crashes);
    log.warn("process-died", { name: spec.name, code, signal, restartInMs: delay });
    const { reason, problem } = failure;
    this.#firstReady.reject(
      problem
        ? problemFrom(problem.status, JSON.stringify(problem), spec.name)
        : new Error(`${spec.name}: ${reason} (exit code ${code}, signal ${signal})`),
    );
    this.#state = { kind: "waiting", restartAt: Date.now() + delay, timer: setTimeout(() => this.start(), delay) };
  }
}
