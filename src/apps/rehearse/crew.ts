import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Problem } from "../../foundation/errors.ts";
import type { AttackOrder, AttackTold } from "../../rehearsal/attackers/contract.ts";
import type { SwarmOrder, SwarmSecond } from "../../rehearsal/swarm/contract.ts";

export type Role = "swarm" | "attacker";
/** What a process of a rehearsal is told. */
export type ToMember =
  | { readonly t: "swarm"; readonly order: SwarmOrder }
  | { readonly t: "attacker"; readonly order: AttackOrder }
  | { readonly t: "end" };
/** What it tells. */
export type FromMember =
  | { readonly t: "ready" }
  | { readonly t: "failed"; readonly reason: string }
  | { readonly t: "swarm"; readonly told: SwarmSecond }
  | { readonly t: "attacker"; readonly told: AttackTold };

/** A heap for tens of thousands of sockets, and a young generation that a rush of joins does not overflow. */
const swarmFlags = ["--max-semi-space-size=32", "--max-old-space-size=4096"];

/** One process of a rehearsal, from its fork to its exit. */
export class Member {
  readonly role: Role;
  readonly name: string;
  readonly ready: Promise<void>;
  readonly exited: Promise<void>;
  /** It told its last: its work is done. */
  done = false;
  gone = false;
  /** Why it could not go on, where it said so. */
  failure: string | undefined;
  readonly #process: ChildProcess;

  constructor(role: Role, index: number, hear: (message: FromMember) => void) {
    this.role = role;
    this.name = `${role} ${index}`;
    const entry = fileURLToPath(
      new URL(`../rostra${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
    );
    this.#process = fork(entry, ["rehearse-process", role, String(index)], {
      execArgv: role === "swarm" ? swarmFlags : [],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const ready = Promise.withResolvers<void>();
    const exited = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.exited = exited.promise;
    this.ready.catch(() => {});
    const leave = (why: string): void => {
      this.gone = true;
      ready.reject(failed(this.name, this.failure ?? why));
      exited.resolve();
    };
    this.#process.on("message", (message: FromMember) => {
      if (message.t === "ready") ready.resolve();
      else if (message.t === "failed") this.failure = message.reason;
      else if (message.told.t === "end") this.done = true;
      hear(message);
    });
    this.#process.on("exit", (code, signal) => leave(`it ended (${signal ?? `exit code ${code}`})`));
    this.#process.on("error", (error) => {
      if (this.#process.pid === undefined) leave(error.message);
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  tell(message: ToMember): void {
    if (!this.gone && this.#process.connected) this.#process.send(message, () => {});
  }

  /** Asks it to end, and kills it when it does not within `graceMs`. */
  async end(graceMs: number): Promise<void> {
    if (this.gone) return;
    this.tell({ t: "end" });
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), graceMs);
    await this.exited;
    clearTimeout(timer);
  }
}

const failed = (name: string, why: string): Problem =>
  new Problem({
    status: 500,
    code: "rehearsal-failed",
    title: "A process of the rehearsal could not be started",
    detail: `${name}: ${why}.`,
    action: "Try again; with fewer --processes if memory is short.",
  });
