import { maxHandOverMs } from "../../edge/hand-over.ts";
import { Problem, reason } from "../../foundation/errors.ts";
import type { Log } from "../../foundation/log.ts";
import { type Milliseconds, ms } from "../../foundation/duration.ts";
import { type ChildMessage, ChildRun, endGrace, type Exit } from "./child-run.ts";
import { relay } from "./relay.ts";

/** One supervised process: what it is called, and the words it is started with. */
export interface ChildSpec {
  /** `control`, `stage`, `origin`, `edge 1`, … */
  readonly name: string;
  readonly args: readonly string[];
  /** It opens the data: no other process is started before it serves. @default false */
  readonly first?: boolean;
  /** It has listeners: it drains before it ends, is ended before the others, and is what a reload replaces. @default false */
  readonly drains?: boolean;
}

export type ChildState =
  | { readonly kind: "starting"; readonly run: ChildRun }
  | { readonly kind: "ready"; readonly run: ChildRun }
  | { readonly kind: "waiting"; readonly restartAt: number; readonly timer: NodeJS.Timeout }
  | { readonly kind: "ended" };

/** For how long a process that drains does so. */
export interface DrainTimes {
  /** When a successor or another worker is there for its listeners. @default 5 s */
  readonly replaced: Milliseconds;
  /** When the whole server stops. @default 1.5 s */
  readonly stopped: Milliseconds;
}

export interface ChildOptions {
  readonly spec: ChildSpec;
  readonly env: NodeJS.ProcessEnv;
  readonly execArgv: readonly string[];
  readonly log: Log;
  /** @default drainTimes() */
  readonly drain?: DrainTimes;
  /** @default endGrace */
  readonly grace?: Milliseconds;
  /** How long a successor may take until it serves. @default successorGrace */
  readonly successorGrace?: Milliseconds;
  /** Told what one of its processes says to those that serve alongside it. @default nobody is */
  readonly onSiblings?: ((from: ChildRun, message: ChildMessage) => void) | undefined;
}

/** A process that stayed up this long is well again: its next crash is its first. */
const wellAfter: Milliseconds = ms(10_000);
const backoffStart: Milliseconds = ms(100);
const backoffCap: Milliseconds = ms(5_000);
/** How long a successor may take until it serves; then it is killed, and the old process stays. */
const successorGrace: Milliseconds = ms(20_000);

/** How long to wait before the restart that follows `crashes` crashes in a row: none at first, then doubling to a cap. */
export const backoff = (crashes: number): Milliseconds =>
  ms(crashes <= 1 ? 0 : Math.min(backoffStart * 2 ** (crashes - 2), backoffCap));

/** @param wish what was asked for, for either case */
export const drainTimes = (wish?: Milliseconds): DrainTimes => ({
  replaced: wish ?? ms(5000),
  stopped: wish ?? ms(1500),
});

/**
 * Keeps one process running: starts it, starts it again with backoff when it dies, replaces it by a successor without a
 * moment in which nobody serves, and ends it once and for all.
 */
export class Child {
  readonly spec: ChildSpec;
  readonly #options: ChildOptions;
  readonly #firstReady = Promise.withResolvers<void>();
  /** Replaced processes that still drain. */
  readonly #leaving = new Set<ChildRun>();
  #successor: ChildRun | undefined;
  #state: ChildState = { kind: "ended" };
  #generation = 1;
  #crashes = 0;
  #restarts = 0;
  #ending = false;

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

  /** 1 for the first, and one more with each successor. */
  get generation(): number {
    return this.#generation;
  }

  /** Generations that have been replaced and still drain. */
  get leaving(): readonly ChildRun[] {
    return [...this.#leaving];
  }

  /** All its processes that there are now. */
  get runs(): readonly ChildRun[] {
    const own = "run" in this.#state ? [this.#state.run] : [];
    return [...new Set([...own, ...(this.#successor ? [this.#successor] : []), ...this.#leaving])];
  }

  get pid(): number | undefined {
    return "run" in this.#state ? this.#state.run.pid : undefined;
  }

  /** Resolves when the process first serves; rejects when its first start fails. */
  get ready(): Promise<void> {
    return this.#firstReady.promise;
  }

  /** Without effect once it is ending. */
  start(): void {
    if (this.#ending) return;
    const run = this.#fork(this.#generation, false);
    this.#state = { kind: "starting", run };
    run.ready.then(
      () => this.#serves(run),
      (failure: unknown) => this.#firstReady.reject(failure),
    );
  }

  /**
   * Starts a successor from the code on disk; once it serves, this process is told to hand over and drain. Resolves when
   * it has gone. Throws `reload-failed` when the successor does not come to serve: then this process goes on as it was.
   */
  async replace(): Promise<void> {
    const old = this.#state;
    if (this.#ending || this.#successor || old.kind !== "ready") {
      throw reloadFailed(this.spec.name, this.#ending ? "the server is stopping" : "it is being started just now");
    }
    const generation = this.#generation + 1;
    const successor = (this.#successor = this.#fork(generation, true));
    const parted = relay(old.run, successor);
    try {
      await within(successor.ready, this.#options.successorGrace ?? successorGrace);
    } catch (failure) {
      this.#successor = undefined;
      await successor.end(ms(0));
      parted();
      throw reloadFailed(this.spec.name, reason(failure), failure);
    }
    this.#successor = undefined;
    this.#generation = generation;
    this.#crashes = 0;
    this.#serves(successor);
    this.#leaving.add(old.run);
    const { replaced } = this.#drain;
    old.run.send({ t: "end", drainMs: replaced, why: "replaced" });
    await old.run.goneWithin(ms(maxHandOverMs + replaced + this.#grace));
    parted();
  }

  /** Ends it and whoever it was to be replaced by, or has replaced; resolves when all are gone. Safe to call twice. */
  async end(): Promise<void> {
    this.#ending = true;
    const state = this.#state;
    if (state.kind === "waiting") clearTimeout(state.timer);
    if (!("run" in state)) this.#state = { kind: "ended" };
    const runs = new Set([...this.#leaving, ...("run" in state ? [state.run] : [])]);
    if (this.#successor) runs.add(this.#successor);
    await Promise.all([...runs].map((run) => this.#end(run)));
  }

  get #drain(): DrainTimes {
    return this.#options.drain ?? drainTimes();
  }

  get #grace(): Milliseconds {
    return this.#options.grace ?? endGrace;
  }

  /** Who drains is told for how long; the others, and who does not serve yet, have nothing to wait for. */
  #end(run: ChildRun): Promise<void> {
    if (!this.spec.drains || !run.serves) return run.end(this.#grace);
    run.send({ t: "end", drainMs: this.#drain.stopped, why: "stopped" });
    return run.goneWithin(ms(this.#drain.stopped + this.#grace));
  }

  #fork(generation: number, succeeds: boolean): ChildRun {
    const { spec, env, execArgv, log } = this.#options;
    const run = new ChildRun({
      name: spec.name,
      args: spec.args,
      env: succeeds ? { ...env, ROSTRA_SUCCEEDS: "1" } : env,
      execArgv,
      generation,
    });
    run.ready.then(
      () => log.info("process-ready", { name: spec.name, pid: run.pid, generation }),
      () => {},
    );
    run.onMessage((message) => {
      if (message["to"] === "siblings") this.#options.onSiblings?.(run, message);
    });
    void run.exited.then((exit) => this.#onExit(run, exit));
    return run;
  }

  #serves(run: ChildRun): void {
    this.#state = { kind: "ready", run };
    this.#firstReady.resolve();
  }

  #onExit(run: ChildRun, exit: Exit): void {
    const { spec, log } = this.#options;
    if (this.#leaving.delete(run)) return log.info("process-left", { name: spec.name, pid: run.pid, ...exit });
    if (!("run" in this.#state) || this.#state.run !== run) return;
    if (this.#ending) {
      this.#state = { kind: "ended" };
      return;
    }
    this.#crashes = Date.now() - run.since >= wellAfter ? 1 : this.#crashes + 1;
    this.#restarts++;
    const restartInMs = backoff(this.#crashes);
    log.warn("process-died", { name: spec.name, ...exit, restartInMs });
    // Its successor is on its way already; should that fail, it is the one that is started again.
    const successor = this.#successor;
    if (successor && successor !== run) this.#state = { kind: "starting", run: successor };
    else this.#restart(restartInMs);
  }

  #restart(delay: number): void {
    if (this.#ending) return;
    this.#state = { kind: "waiting", restartAt: Date.now() + delay, timer: setTimeout(() => this.start(), delay) };
  }
}

const reloadFailed = (name: string, why: string, cause?: unknown): Problem =>
  new Problem({
    status: 500,
    code: "reload-failed",
    title: "A process could not be replaced",
    detail: `${name}: ${why}.`,
    action: "The processes that were there go on. Look at the log, and reload again.",
    cause,
  });

async function within(done: Promise<void>, limit: Milliseconds): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`its successor did not serve within ${limit / 1000} s`)), limit);
  await Promise.race([done, promise]).finally(() => clearTimeout(timer));
}
