import { Problem, reason } from "../../foundation/errors.ts";
import { Link } from "../../foundation/link.ts";
import type { Log } from "../../foundation/log.ts";
import type { Counter, Meter } from "../../foundation/meter.ts";
import { sockets } from "../config.ts";
import type { Child } from "./children.ts";
import { notRunning } from "./owner-link.ts";
import type { ServeOptions } from "./options.ts";

/** What a reload did. */
export interface Reloaded {
  /** The names of the processes that were replaced, in order. */
  readonly replaced: readonly string[];
  /** Milliseconds that it took. */
  readonly tookMs: number;
}

export interface ReloadOptions {
  readonly children: readonly Child[];
  readonly meter: Meter;
  readonly log: Log;
}

/** Replaces every process that drains by a new one of the code on disk, one after another. One reload at a time. */
export class Reload {
  readonly #children: readonly Child[];
  readonly #log: Log;
  readonly #count: Counter;
  #running = false;

  constructor({ children, meter, log }: ReloadOptions) {
    this.#children = children.filter(({ spec }) => spec.drains);
    this.#log = log;
    this.#count = meter.counter("rostra_reloads_total", "Reloads, by how they went.");
  }

  /** Throws `reload-under-way`, or `reload-failed` with the first process whose successor does not come to serve. */
  async run(): Promise<Reloaded> {
    if (this.#running) throw underWay();
    this.#running = true;
    const since = performance.now();
    const replaced: string[] = [];
    this.#log.info("reloading", { processes: this.#children.length });
    try {
      for (const child of this.#children) {
        await child.replace();
        replaced.push(child.spec.name);
      }
      const tookMs = Math.round(performance.now() - since);
      this.#count.add(1, { outcome: "done" });
      this.#log.info("reloaded", { replaced, tookMs });
      return { replaced, tookMs };
    } catch (failure) {
      this.#count.add(1, { outcome: "failed" });
      this.#log.error("reload-failed", { replaced, reason: reason(failure) });
      throw failure;
    } finally {
      this.#running = false;
    }
  }
}

/** The longest that `rostra reload` waits: 64 processes of which each takes half a minute. */
const longestReloadMs = 32 * 60_000;

/** `rostra reload`: asks the running server for it, and says what became of it. */
export async function requestReload(options: Pick<ServeOptions, "run">): Promise<number> {
  const link = new Link(sockets.metrics(options.run), 1);
  try {
    const { replaced, tookMs } = await link
      .json<Reloaded>({ method: "POST", path: "/reload", timeoutMs: longestReloadMs })
      .catch((failure: unknown) => {
        throw failure instanceof Problem ? failure : notRunning(sockets.metrics(options.run), failure);
      });
    process.stdout.write(`Replaced ${replaced.join(", ") || "nothing"} in ${(tookMs / 1000).toFixed(1)} s.\n`);
    return 0;
  } finally {
    link.close();
  }
}

const underWay = (): Problem =>
  new Problem({
    status: 409,
    code: "reload-under-way",
    title: "A reload is under way",
    detail: "The processes are being replaced just now.",
    action: "Wait until that is done; the log says `reloaded`.",
  });
