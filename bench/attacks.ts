/**
 * What each attacker does to a server with one edge and people who listen: one after the other, against a server of its own.
 * `node bench/attacks.ts [--seconds 10] [--listeners 500] [--times 1] [--only NAME,NAME]`; `--times 10`: ten times the usual strength.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type AttackerName, attackerNames } from "../src/rehearsal/attackers/contract.ts";
import { attackers } from "../src/rehearsal/attackers/registry.ts";
import { UnderAttack } from "../test/e2e/under-attack.ts";
import { machine, option } from "./figures.ts";

const seconds = option("seconds", 10);
const listeners = option("listeners", 500);
const times = option("times", 1);
const only = process.argv[process.argv.indexOf("--only") + 1]?.split(",") ?? [];
const chosen = process.argv.includes("--only") ? attackerNames.filter((name) => only.includes(name)) : attackerNames;

const processes = ["edge 1", "control", "stage"] as const;

/** Cores that each of these takes while something goes on, mean. */
async function coresWhile<T>(pids: readonly number[], work: Promise<T>): Promise<[done: T, cores: readonly string[]]> {
  const seconds = (): Promise<number[]> =>
    Promise.all(
      pids.map(async (pid) => {
        const stat = await readFile(`/proc/${pid}/stat`, "utf8");
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return (Number(fields[11]) + Number(fields[12])) / 100;
      }),
    );
  const [began, before] = [performance.now(), await seconds()];
  const done = await work;
  const [after, took] = [await seconds(), (performance.now() - began) / 1000];
  return [done, after.map((used, i) => ((used - (before[i] ?? 0)) / took).toFixed(2))];
}

const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? Number.NaN;

console.log(`${machine()}; ${listeners} listeners, ${seconds} s each, ${times} × the usual strength\n`);
console.log(
  "| attacker | strength | what it did | gaps, cut | joins: p50, p99, without sound | CPU before, during: edge, control, stage | memory |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- |");

for (const name of chosen) await measure(name);

async function measure(name: AttackerName): Promise<void> {
  const { usual, most, unit } = await attackers[name]();
  const strength = Math.min(most, usual * times);
  await using house = await UnderAttack.start({ streams: listeners - 20, numbered: 20 });
  const pids = await Promise.all(processes.map((one) => house.server.pid(one)));
  const [, before] = await coresWhile(pids, sleep(3000));
  const [attacked, during] = await coresWhile(pids, house.whileAttacked(name, strength, seconds));
  const { told, mostOpen, heard, unanswered, looks, used, segments, fetches } = attacked;
  const { counts } = told;
  const answered = Object.entries(counts.answered).map(([status, count]) => `${status}: ${count}`);
  const did = [
    `${counts.sent} sent`,
    `${counts.connected} connections (${mostOpen} at once, ${counts.failed} failed, ${counts.closed} closed by it)`,
    answered.join(", "),
  ];
  const others =
    unanswered.length > 0 ? `; ${unanswered.length} of ${looks} looks at state and page without answer` : "";
  const upstream = `${fetches} fetches for ${segments} segments`;
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
  const cells = [
    name,
    `${strength} ${unit}`,
    `${did.filter(Boolean).join("; ")}; ${upstream}`,
    `${heard.faults.length}, ${heard.cut}`,
    `${quantile(heard.joins, 0.5).toFixed(0)} ms, ${quantile(heard.joins, 0.99).toFixed(0)} ms, ${heard.unheard.length} of ${heard.joins.length + heard.unheard.length}${others}`,
    before.map((cores, i) => `${cores} → ${during[i]}`).join(", "),
    `${megabytes(used.before)} → ${megabytes(used.most)} MB`,
  ];
  console.log(`| ${cells.join(" | ")} |`);
  for (const fault of [...new Set([...heard.faults, ...heard.unheard])].slice(0, 3)) console.error(`${name}: ${fault}`);
}
