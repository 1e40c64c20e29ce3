import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { constants, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seconds } from "../../../foundation/duration.ts";
import { Problem, reason } from "../../../foundation/errors.ts";
import type { Log } from "../../../foundation/log.ts";
import type { Scope } from "../../../foundation/scope.ts";
import type { Audience } from "../../../rehearsal/game-day/facts.ts";

/** How long a plan may take: 8 million over two hours take some seconds. */
const planLimit = seconds(120);
/** How much memory a plan may take, MB: some hundred for a day of 8 million. */
const planMemory = 512;
/** The most plans that wait for the one that is being made. */
const maxWaiting = 1;
/** The most bytes of what a child says that are kept. */
const maxSaid = 4096;

/** The record of the plan, as JSON, or why there is none. */
export type Planned = { readonly ok: true; readonly record: string } | { readonly ok: false; readonly why: string };

interface Job {
  readonly space: string;
  readonly audience: Audience;
  readonly done: (planned: Planned | undefined) => void;
}

/**
 * Makes plans in a process of their own (`rostra plan --json`), which has a low priority and is gone afterwards: a
 * second of simulation in this one would be a second in which nobody could come on stage. One is made at a time, one waits.
 */
export class Planner {
  readonly #scope: Scope;
  readonly #log: Log;
  readonly #waiting: Job[] = [];
  #running: { readonly job: Job; readonly child: AbortController } | undefined;

  constructor(scope: Scope, log: Log) {
    this.#scope = scope;
    this.#log = log;
    scope.onEnd(() => this.#running?.child.abort());
  }

  /** Whether a plan for the Space is being made, or waits. */
  isWorking(space: string): boolean {
    return this.#running?.job.space === space || this.#waiting.some((one) => one.space === space);
  }

  /**
   * Resolves with the plan, or with nothing when it was given up: for a newer wish of the same Space, or because the server
   * stops. Throws `plan-busy`.
   */
  plan(space: string, audience: Audience): Promise<Planned | undefined> {
    const { promise, resolve: done } = Promise.withResolvers<Planned | undefined>();
    const job: Job = { space, audience, done };
    const waiting = this.#waiting.findIndex((one) => one.space === space);
    if (waiting >= 0) {
      for (const older of this.#waiting.splice(waiting, 1, job)) older.done(undefined);
    } else if (this.#running?.job.space === space) {
      this.#running.child.abort();
      this.#waiting.unshift(job);
    } else {
      if (this.#running && this.#waiting.length >= maxWaiting) throw planBusy();
      this.#waiting.push(job);
    }
    this.#next();
    return promise;
  }

  #next(): void {
    if (this.#running || this.#scope.ended) return;
    const job = this.#waiting.shift();
    if (!job) return;
    const child = new AbortController();
    this.#running = { job, child };
    void make(job.audience, child.signal)
      .catch((failure: unknown): Planned => ({ ok: false, why: reason(failure) }))
      .then((planned) => {
        this.#running = undefined;
        const isGivenUp = child.signal.aborted;
        if (!planned.ok && !isGivenUp) this.#log.warn("plan-failed", { space: job.space, reason: planned.why });
        job.done(isGivenUp ? undefined : planned);
        this.#next();
      });
  }
}

/** What `rostra plan` is asked, as one would type it. */
export function planWords({ listeners, over, lasts, edge }: Audience): string[] {
  const spec = `cores=${edge.cores},nic=${edge.nic},mem=${edge.memory}${edge.tls ? ",tls" : ""}`;
  const asked = { "--listeners": String(listeners), "--over": `${over}s`, "--for": `${lasts}s`, "--edge": spec };
  return Object.entries(asked).flat();
}

async function make(audience: Audience, signal: AbortSignal): Promise<Planned> {
  const folder = await mkdtemp(join(tmpdir(), "rostra-plan-"));
  try {
    const file = join(folder, "plan.json");
    const entry = fileURLToPath(
      new URL(`../../rostra${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
    );
    const child = spawn(
      process.execPath,
      [`--max-old-space-size=${planMemory}`, entry, "plan", ...planWords(audience), "--json", file],
      {
        stdio: ["ignore", "ignore", "pipe"],
        env: childEnvironment(),
        signal: AbortSignal.any([signal, AbortSignal.timeout(planLimit)]),
        killSignal: "SIGKILL",
      },
    );
    const { code, said } = await ended(child);
    if (code !== 0) return { ok: false, why: said.trim().split("\n")[0] || `it ended with ${code}` };
    return { ok: true, record: await readFile(file, "utf8") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the child needs of the environment: nothing that is secret. */
const childEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    ["PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "NODE_COMPILE_CACHE"].flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]]],
    ),
  );

function ended(child: ChildProcess): Promise<{ code: number | null; said: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; said: string }>();
  let said = "";
  child.stderr?.on("data", (text: Buffer) => {
    if (said.length < maxSaid) said += text.toString();
  });
  child.on("error", reject);
  child.on("close", (code) => resolve({ code, said }));
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Where it may not be made less important, it is as important as the others.
  }
  return promise;
}

const planBusy = (): Problem =>
  new Problem({
    status: 503,
    code: "plan-busy",
    title: "Another plan is being made",
    detail: `One plan is being made and ${maxWaiting} waits.`,
    action: "Try again in half a minute.",
    retryAfter: 30,
  });
