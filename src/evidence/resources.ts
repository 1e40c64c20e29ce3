import { readdir, readFile } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Resources } from "../wire/evidence.ts";

/** The monitor wakes every 20 ms and measures from waking to waking: what is over that is the delay. */
const resolutionMs = 20;

type Kernel = NonNullable<Resources["kernel"]>;

/** What this process and its machine used since it was last asked. It keeps no process alive. */
export class ResourceReader {
  readonly #loop = monitorEventLoopDelay({ resolution: resolutionMs });
  #cpu = process.cpuUsage();
  #at = performance.now();
  #kernel: Kernel | undefined;

  constructor() {
    this.#loop.enable();
  }

  async take(): Promise<Resources> {
    const [now, cpu] = [performance.now(), process.cpuUsage(this.#cpu)];
    const share = (cpu.user + cpu.system) / 1000 / Math.max(1, now - this.#at);
    this.#at = now;
    this.#cpu = process.cpuUsage();
    const delay = (nanoseconds: number): number => Math.max(0, Math.round(nanoseconds / 1e5 - 10 * resolutionMs) / 10);
    const [loopP99, loopMax] = [delay(this.#loop.percentile(99)), delay(this.#loop.max)];
    this.#loop.reset();
    const [descriptors, kernel] = await Promise.all([openDescriptors(), kernelCounts()]);
    const before = this.#kernel;
    this.#kernel = kernel;
    return {
      cpu: Math.round(share * 1000) / 1000,
      loopP99,
      loopMax,
      rss: process.memoryUsage.rss(),
      ...(descriptors === undefined ? {} : { descriptors }),
      ...(before && kernel ? { kernel: since(kernel, before) } : {}),
    };
  }

  end(): void {
    this.#loop.disable();
  }
}

const since = (now: Kernel, before: Kernel): Kernel => ({
  drops: now.drops - before.drops,
  attemptsFailed: now.attemptsFailed - before.attemptsFailed,
  resets: now.resets - before.resets,
});

/** Listing them costs 0.2 µs each: with very many of them they are not listed. */
async function openDescriptors(): Promise<number | undefined> {
  return (await readdir("/proc/self/fd").catch(() => undefined))?.length;
}

/** The kernel's own counters, of the whole machine; `undefined` where there are none (not Linux). */
async function kernelCounts(): Promise<Kernel | undefined> {
  try {
    const [snmp, netstat] = await Promise.all(
      ["/proc/net/snmp", "/proc/net/netstat"].map((path) => readFile(path, "utf8")),
    );
    const [tcp, more] = [countersIn(snmp ?? "", "Tcp"), countersIn(netstat ?? "", "TcpExt")];
    const drops = (more.get("ListenDrops") ?? 0) + (more.get("TCPReqQFullDrop") ?? 0);
    return { drops, attemptsFailed: tcp.get("AttemptFails") ?? 0, resets: tcp.get("EstabResets") ?? 0 };
  } catch {
    return undefined;
  }
}

/** Two lines each: the names, and the values. */
export function countersIn(text: string, group: string): Map<string, number> {
  const [names = [], values = []] = text
    .split("\n")
    .filter((line) => line.startsWith(`${group}: `))
    .map((line) => line.split(" ").slice(1));
  return new Map(names.map((name, i) => [name, Number(values[i] ?? 0)]));
}
