/**
 * `npm run bench:edge`: the edge side by side with other servers and with a bare loop in C, on this machine only. Servers run on
 * one processor, the load on another, every simulated listener checks every byte; all servers of a row in turn within each run.
 * Options: --quick, --runs N, --row NAME (again for more), --json, --markdown FILE, --pictures.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { reason } from "../../src/foundation/errors.ts";
import { machine } from "../figures.ts";
import { Bench, fullSizes, quickSizes } from "./bench.ts";
import { build } from "./load.ts";
import { loadCore, pinMyself } from "./processes.ts";
import { install } from "./rivals.ts";
import { type Row, type Run, type Sample, summarise } from "./row.ts";
import { rowsNamed } from "./rows.ts";
import { drawPictures } from "./pictures.ts";
import { section } from "./table.ts";

const { values: words } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    runs: { type: "string" },
    row: { type: "string", multiple: true, default: [] },
    json: { type: "boolean", default: false },
    markdown: { type: "string" },
    pictures: { type: "boolean", default: false },
  },
});
const runs = Number(words.runs ?? (words.quick ? 1 : 5));
if (!Number.isInteger(runs) || runs < 1 || runs > 100) throw new Error("--runs takes a whole number from 1 to 100");
const rows = rowsNamed(words.row);
const tell = (line: string): void => void process.stderr.write(`${line}\n`);

pinMyself(loadCore);
const wanted = [...new Set([...rows.flatMap(({ rivals }) => rivals), "compiler", "openssl"] as const)];
const missing = new Set(install(wanted, tell));
if (missing.has("compiler"))
  throw new Error("without a C compiler there is no load: install gcc, or name another in CC");
await using bench = await Bench.open(words.quick ? quickSizes : fullSizes, build, missing);

const measured = new Map(rows.map((row): [string, Run[]] => [row.name, []]));
for (let run = 1; run <= runs; run++) {
  for (const row of rows) {
    const samples = new Map<string, Sample>();
    // What breaks one row keeps the others.
    await measure(row, samples, run).catch((thrown: unknown) => {
      process.exitCode = 1;
      tell(`run ${run}/${runs} ${row.name} broke: ${reason(thrown)}`);
    });
    measured.get(row.name)?.push(samples);
  }
}

async function measure(row: Row, samples: Map<string, Sample>, run: number): Promise<void> {
  for await (const sample of row.measure(bench)) {
    samples.set(sample.subject, sample);
    const figures = row.columns.map(
      ({ key, title, digits = 0 }) => `${title} ${sample.values[key]?.toFixed(digits) ?? ""}`,
    );
    tell(`run ${run}/${runs} ${row.name}: ${sample.subject}: ${[...figures, ...sample.faults].join(", ")}`);
  }
}

const results = rows.map((row) =>
  summarise(
    row,
    row.about(bench),
    measured.get(row.name) ?? [],
    row.rivals.filter((one) => missing.has(one)),
  ),
);
const pictures = words.pictures ? drawPictures(results) : new Map<string, never>();
const command = `npm run bench:edge${process.argv.length > 2 ? ` -- ${process.argv.slice(2).join(" ")}` : ""}`;
const markdown = [
  `\`${command}\` on ${machine()}; ${runs === 1 ? "one run" : `${runs} runs, medians with the range`}.\n`,
  ...results.map((result) => section(result, pictures.get(result.row.name))),
].join("\n");
if (words.markdown) writeFileSync(words.markdown, markdown);
if (words.json) {
  const plain = results.map(({ row: { name }, subjects, verdicts }) => ({ row: name, subjects, verdicts }));
  process.stdout.write(`${JSON.stringify({ command, machine: machine(), runs, rows: plain })}\n`);
} else process.stdout.write(`\n${markdown}`);
