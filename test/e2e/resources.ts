import { readFile } from "node:fs/promises";

/** Clock ticks a second of `/proc/<pid>/stat`: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;
const lookEveryMs = 200;

/** What a process used while it was watched. */
export interface Used {
  /** Resident bytes at the beginning, at most, and at the end. */
  readonly before: number;
  readonly most: number;
  readonly after: number;
  /** Cores, mean. */
  readonly cpu: number;
}

/** CPU and memory of one process, from outside of it. */
export class Resources {
  readonly #pid: number;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Begins to watch; what it gives ends it. */
  watch(): () => Promise<Used> {
    const began = performance.now();
    let most = 0;
    const first = this.#look();
    const timer = setInterval(() => void this.#look().then(({ bytes }) => (most = Math.max(most, bytes))), lookEveryMs);
    return async () => {
      clearInterval(timer);
      const [before, after] = [await first, await this.#look()];
      return {
        before: before.bytes,
        most: Math.max(most, before.bytes, after.bytes),
        after: after.bytes,
        cpu: ((after.cpu - before.cpu) * 1000) / (performance.now() - began),
      };
    };
  }

  async #look(): Promise<{ bytes: number; cpu: number }> {
    const [status, stat] = await Promise.all(
      ["status", "stat"].map((file) => readFile(`/proc/${this.#pid}/${file}`, "utf8")),
    );
    // Behind the name, which may hold spaces: fields 14 and 15 of proc_pid_stat(5), user and system time.
    const fields = (stat ?? "").slice((stat ?? "").lastIndexOf(")") + 2).split(" ");
    return {
      bytes: Number(/^VmRSS:\s+(\d+)/m.exec(status ?? "")?.[1]) * 1024,
      cpu: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    };
  }
}
