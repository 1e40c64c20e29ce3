/**
 * `npm run bench:idle`: memory of all processes together, with the demo Space live and nobody listening.
 * Options: --runs N (5), --after SECONDS (20), --json.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "../test/e2e/server.ts";
import { cpuSeconds, figures, memory, option, print } from "./figures.ts";

const runs = option("runs", 5);
const after = option("after", 20);
const names = ["serve", "control", "stage", "origin", "edge 1", "edge 2"] as const;
const mega = 1e6;

const rss = new Map<string, number[]>();
const cpu: number[] = [];
const note = (name: string, value: number): void => void rss.set(name, [...(rss.get(name) ?? []), value]);

for (let run = 0; run < runs; run++) {
  await using server = await Server.start({ demo: true });
  await server.until("demo", (state) => state.status === "live" && !state.hold);
  const pids = await Promise.all(
    names.map(async (name) => (name === "serve" ? server.supervisorPid : server.pid(name))),
  );
  await sleep(after * 1000);
  const before = pids.map(cpuSeconds);
  await sleep(5000);
  cpu.push((pids.map(cpuSeconds).reduce((sum, one, i) => sum + one - (before[i] ?? 0), 0) / 5) * 100);
  let total = 0;
  let share = 0;
  for (const [i, pid] of pids.entries()) {
    const one = memory(pid);
    total += one.rss;
    share += one.pss;
    note(`RSS of ${names[i]}`, one.rss / mega);
  }
  note("RSS of all processes", total / mega);
  note("PSS of all processes (shared pages counted once)", share / mega);
}

print("npm run bench:idle", [
  ...[...rss].map(([what, values]) => ({
    what,
    unit: "MB",
    target: what === "RSS of all processes" ? "≤ 400" : "",
    value: figures(values),
  })),
  {
    what: "CPU of all processes, three synthetic speakers on air",
    unit: "% of a core",
    target: "",
    value: figures(cpu),
    digits: 1,
  },
]);
