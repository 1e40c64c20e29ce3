/**
 * `node bench/plans.ts`: the plans of docs/rehearsal.md, as they are printed there: for one and for eight million, with and without
 * TLS, with and without the loss of an edge. `--write` puts them, and the table of them, into the document.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { putBetween } from "./document.ts";

const rostra = join(import.meta.dirname, "../src/apps/rostra.ts");
const blocks: string[] = [];
const rows: string[] = [];

for (const [listeners, people] of [
  ["1M", "1 million"],
  ["8M", "8 million"],
] as const) {
  for (const tls of ["", ",tls"]) {
    for (const loss of [[], ["--lose", "1@T+30s"]]) {
      const args = ["plan", "--listeners", listeners, "--edge", `cores=16,nic=25G,mem=64G${tls}`, ...loss];
      const printed = execFileSync(process.execPath, [rostra, ...args], { encoding: "utf8" });
      const [answer = ""] = printed.split("\n\nThe question\n");
      blocks.push(`\`\`\`\n$ rostra ${args.join(" ")}\n${answer}\n\`\`\``);
      rows.push(row(answer, [people, tls ? "TLS" : "plain", loss.length > 0 ? "one at T+30 s" : "none"]));
    }
  }
}

if (process.argv.includes("--write")) {
  const head = [
    "| listeners | | lost | edges | binds or fullest | join p99 | egress |",
    "| --- | --- | --- | --- | --- | --- | --- |",
  ];
  await putBetween("docs/rehearsal.md", "plans-table", [...head, ...rows].join("\n"));
  await putBetween("docs/rehearsal.md", "plans", blocks.join("\n\n"));
} else process.stdout.write(`${blocks.join("\n\n")}\n`);

/** A line of the table, from what a plan printed. */
function row(answer: string, cells: readonly string[]): string {
  const text = answer.replaceAll(/\n\s+/g, " ");
  const found = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? "?";
  const edges = `${found(/- ([\d,]+) edges? (?:are|is) needed/)} (${found(/needed; (.+?) at the two ends/)})`;
  return `| ${[
    ...cells,
    edges,
    found(/What (?:binds first|is fullest) is (.+?)[,:]/),
    found(/First sound for 99 of 100, at the server: (.+?) \(/),
    found(/leave at up to (.+?) \(/),
  ].join(" | ")} |`;
}
