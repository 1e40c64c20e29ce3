import type { Server } from "../../test/e2e/server.ts";
import { cpuSeconds, memory } from "../figures.ts";

/** Cores (mean of the attack) and resident bytes. */
export interface Used {
  readonly cores: Readonly<Record<string, number>>;
  /** Of all edges together: at rest, at most, and some seconds after the attack. */
  readonly edgeMemory: { readonly before: number; readonly most: number; readonly after: number };
}

const lookEveryMs = 200;

/** What the server's processes, and those that load it, use while an attack goes on. */
export class Usage {
  /** By what is told of: processes that are told of together. */
  readonly #groups: Readonly<Record<string, readonly number[]>>;
  #timer: NodeJS.Timeout | undefined;
  #from: Record<string, number> = {};
  #cores: Record<string, number> = {};
  #began = 0;
  #before = 0;
  #most = 0;

  private constructor(groups: Readonly<Record<string, readonly number[]>>) {
    this.#groups = groups;
  }

  static async of(server: Server, edges: number, others: Record<string, readonly number[]>): Promise<Usage> {
    const names = Array.from({ length: edges }, (_, i) => `edge ${i + 1}`);
    return new Usage({
      edges: await Promise.all(names.map((name) => server.pid(name))),
      control: [await server.pid("control")],
      origin: [await server.pid("origin")],
      stage: [await server.pid("stage")],
      ...others,
    });
  }

  begin(forSeconds: number): void {
    this.#began = performance.now();
    this.#from = this.#cpu();
    this.#before = this.#most = this.#edgeMemory();
    this.#timer = setInterval(() => (this.#most = Math.max(this.#most, this.#edgeMemory())), lookEveryMs);
    setTimeout(() => this.#end(), forSeconds * 1000);
  }

  #end(): void {
    const took = (performance.now() - this.#began) / 1000;
    this.#cores = Object.fromEntries(
      Object.entries(this.#cpu()).map(([name, used]) => [name, (used - (this.#from[name] ?? 0)) / took]),
    );
  }

  /** To be called when the server had some seconds to itself. */
  read(): Used {
    clearInterval(this.#timer);
    const after = this.#edgeMemory();
    return { cores: this.#cores, edgeMemory: { before: this.#before, most: Math.max(this.#most, after), after } };
  }

  #cpu(): Record<string, number> {
    return Object.fromEntries(
      Object.entries(this.#groups).map(([name, pids]) => [
        name,
        pids.reduce((sum, pid) => sum + quiet(() => cpuSeconds(pid)), 0),
      ]),
    );
  }

  #edgeMemory(): number {
    return (this.#groups["edges"] ?? []).reduce((sum, pid) => sum + quiet(() => memory(pid).rss), 0);
  }
}

/** Nothing of a process that has ended. */
function quiet(read: () => number): number {
  try {
    return read();
  } catch {
    return 0;
  }
}
