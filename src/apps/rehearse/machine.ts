import { readdir, readFile, readlink } from "node:fs/promises";
import { availableParallelism, cpus, freemem, release, type } from "node:os";
import type { MachineRoom } from "../../rehearsal/run/room.ts";

const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

/** What a system that does not say is taken to have. */
const [usualDescriptors, usualPorts] = [1024, 28_000] as const;

/** What this machine has room for. @param port of the target when it runs here: its processes' descriptors are looked up */
export async function machineRoom(port: number | undefined): Promise<MachineRoom> {
  const [limits, memory, range] = await Promise.all(
    ["/proc/self/limits", "/proc/meminfo", "/proc/sys/net/ipv4/ip_local_port_range"].map(textOf),
  );
  const available = Number(/^MemAvailable:\s+(\d+) kB/m.exec(memory ?? "")?.[1]) * 1024;
  const [, from, to] = /^(\d+)\s+(\d+)/.exec(range ?? "") ?? [];
  return {
    cores: availableParallelism(),
    descriptors: descriptorsIn(limits ?? "") ?? usualDescriptors,
    ports: from === undefined ? usualPorts : Math.min(usualPorts, Number(to) - Number(from) + 1),
    memory: Number.isFinite(available) ? available : freemem(),
    server: port === undefined ? undefined : await descriptorsOfServer(port),
  };
}

/** The soft limit, which a process of ours raises to the hard one when it starts; proc_pid_limits(5). */
function descriptorsIn(limits: string): number | undefined {
  const most = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
  return Number.isSafeInteger(most) && most > 0 ? most : undefined;
}

/** Descriptors of each process of ours or our user's that listens on a TCP port here; `undefined` where none is found. */
async function descriptorsOfServer(port: number): Promise<number[] | undefined> {
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"])
    for (const line of (await textOf(table)).split("\n")) {
      // sl, local address, remote address, state (0A: listening), …, inode: proc_net(5).
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      if (state === "0A" && Number.parseInt(local.split(":")[1] ?? "", 16) === port) inodes.add(`socket:[${inode}]`);
    }
  if (inodes.size === 0) return undefined;
  const found: number[] = [];
  for (const pid of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
    if (!links.some((link) => inodes.has(link))) continue;
    const most = descriptorsIn(await textOf(`/proc/${pid}/limits`));
    if (most !== undefined) found.push(most);
  }
  return found.length > 0 ? found : undefined;
}

/** What the machine is, for the report. */
export async function machineFacts(): Promise<{ cpu: string; cores: number; kernel: string; node: string }> {
  return {
    cpu: cpus()[0]?.model.trim() ?? "?",
    cores: availableParallelism(),
    kernel: `${type()} ${release()}`,
    node: `Node ${process.versions.node}`,
  };
}

/** The share of all cores that was busy since the last call; `undefined` at the first, and where the system does not tell. */
export function busyMeter(): () => Promise<number | undefined> {
  let last: { readonly busy: number; readonly all: number } | undefined;
  return async () => {
    const line = /^cpu +(.*)$/m.exec(await textOf("/proc/stat"))?.[1];
    if (line === undefined) return undefined;
    // user, nice, system, idle, iowait, irq, softirq, steal; what guests use is in user: proc_stat(5).
    const ticks = line.split(" ").slice(0, 8).map(Number);
    const all = ticks.reduce((sum, n) => sum + n, 0);
    const now = { busy: all - (ticks[3] ?? 0) - (ticks[4] ?? 0), all };
    const before = last;
    last = now;
    return before && now.all > before.all ? (now.busy - before.busy) / (now.all - before.all) : undefined;
  };
}
