/**
 * `node bench/slowhttptest.ts [--connections 1000] [--seconds 40] [--listeners 500]`: Debian's `slowhttptest` in its four modes, one
 * after the other, each against a server of its own with one edge and people who listen; a newcomer comes four times a second.
 * With --write the table goes into docs/shield.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UnderAttack } from "../test/e2e/under-attack.ts";
import { slowHttpTest, slowModes } from "../test/e2e/slowhttptest.ts";
import { machine, option } from "./figures.ts";
import { written } from "./shield/table.ts";

const connections = Math.min(2000, option("connections", 1000));
const seconds = Math.min(120, option("seconds", 40));
const listeners = Math.min(5000, option("listeners", 500));

const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? Number.NaN;

const lines = [
  "| mode | its connections were closed, or let go of, after | gaps, cut | newcomers: p50, p99, without sound | its own probe | edge: cores, memory |",
  "| --- | --- | --- | --- | --- | --- |",
];
console.log(`${machine()}; ${listeners} listeners, ${connections} connections of each mode\n\n${lines.join("\n")}`);
for (const mode of slowModes) {
  await using house = await UnderAttack.start({ streams: listeners - 20, numbered: 20 });
  const began = performance.now();
  let free = Number.NaN;
  const { done, heard, used } = await house.during(async () => {
    const over = new AbortController();
    const running = slowHttpTest(mode, house.server.url, { connections, seconds, signal: over.signal });
    // Until they are there; of some modes none stays.
    await sleep(3000);
    await house.until(/^rostra_edge_connections\b/, (now) => now <= house.listeners + 10, seconds * 1000);
    free = (performance.now() - began) / 1000;
    over.abort();
    return running;
  });
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
  const cells = [
    mode,
    done.exit === "No open connections left" ? `closed, ${done.after} s` : `let go of, ${free.toFixed(0)} s`,
    `${heard.faults.length}, ${heard.cut}`,
    `${quantile(heard.joins, 0.5).toFixed(0)} ms, ${quantile(heard.joins, 0.99).toFixed(0)} ms, ${heard.unheard.length} of ${heard.joins.length + heard.unheard.length}`,
    done.available ? "always answered" : "not always answered",
    `${used.cpu.toFixed(2)}, ${megabytes(used.before)} → ${megabytes(used.most)} MB`,
  ];
  const line = `| ${cells.join(" | ")} |`;
  lines.push(line);
  console.log(line);
}
if (process.argv.includes("--write")) {
  const document = join(import.meta.dirname, "../docs/shield.md");
  writeFileSync(document, written(readFileSync(document, "utf8"), lines.join("\n"), "slowhttptest"));
}
