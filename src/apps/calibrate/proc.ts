import { readdirSync, readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";

/** Clock ticks of a second in `/proc` (`USER_HZ`): 100 on every Linux that Node runs on, unless getconf says otherwise. */
const ticks = (): number => {
  try {
    return Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" })) || 100;
  } catch {
    return 100;
  }
};
let ticksPerSecond = 0;

/**
 * Seconds of processor time that a process has used, all its threads: from its threads' scheduler statistics, to the nanosecond
 * (`/proc/PID/task/TID/schedstat`, the kernel's sched-stats document), and where the kernel keeps none in ticks of 10 ms
 * (proc_pid_stat(5), fields 14 and 15). NaN when it is gone.
 */
export function cpuOf(pid: number): number {
  try {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`))
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ", 1)[0]);
    if (nanoseconds > 0) return nanoseconds / 1e9;
  } catch {
    // A thread that ended meanwhile, or a kernel without these.
  }
  try {
    ticksPerSecond ||= ticks();
    const fields = afterName(readFileSync(`/proc/${pid}/stat`, "latin1"));
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return Number.NaN;
  }
}

/** What stands in `/proc/PID/stat` behind the name in brackets, which may have any character in it. */
const afterName = (stat: string): string[] => stat.slice(stat.lastIndexOf(")") + 2).split(" ");

/** A process's children, by their titles. */
export function childrenOf(parent: number): { readonly pid: number; readonly title: string }[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const from = afterName(readFileSync(`/proc/${entry}/stat`, "latin1"))[1];
        if (Number(from) !== parent) return [];
        return [
          { pid: Number(entry), title: readFileSync(`/proc/${entry}/cmdline`, "latin1").replaceAll("\0", " ").trim() },
        ];
      } catch {
        return [];
      }
    });
}

/** Seconds for which the machine's processors were busy so far, all together (proc_stat(5), first line without idle and iowait). */
export function busySeconds(): number {
  ticksPerSecond ||= ticks();
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = readFileSync("/proc/stat", "latin1")
    .split("\n", 1)[0]!
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond;
}
