import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LoadAnswer, LoadLook, LoadOrder } from "./load-process.ts";

const entry = fileURLToPath(
  new URL(`./load-process${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

/** The process that loads the server, from outside. */
export class Load implements Disposable {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(entry, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Has it do something; one thing at a time. Rejects when it could not be done. */
  async order(order: LoadOrder): Promise<LoadLook> {
    const answer = await new Promise<LoadAnswer>((resolve) => {
      const ended = (): void => resolve({ ok: false, reason: "the process that loads it ended" });
      this.#child.once("exit", ended);
      this.#child.once("message", (told) => {
        this.#child.off("exit", ended);
        resolve(told as LoadAnswer);
      });
      if (this.#child.connected) this.#child.send(order);
      else ended();
    });
    if (!answer.ok) throw new Error(answer.reason);
    return answer.look;
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}
