/**
 * `npm run bench:shield`: each attacker of the rehearsal, alone and three at once, at ten times the crowd, against a server of its
 * own with 5,000 real listeners, each of whom checks every byte; while newcomers come four times a second. Loopback only.
 *
 * Options: --only NAME,NAME (waves; a triple is written with its plus signs, or as `triples`), --seconds 8, --listeners 5000,
 * --edges 2, --times 10, --server DIR (the same against another working tree: its rows are "before"), --results FILE (what was
 * measured; rows that are measured again replace those of before, so a run that was broken off goes on), --missing (only what has no
 * row yet), --write (puts the table into docs/shield.md; `oxfmt` it), --json.
 *
 * "Before" is a copy of an older commit with the packages of this one and its own pages:
 *   git archive 0b96e3a | tar x -C DIR && ln -s "$PWD/node_modules" DIR/ && (cd DIR && node_modules/.bin/vite build)
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { machine, option } from "./figures.ts";
import { arena, type Row } from "./shield/arena.ts";
import { build } from "./edge/load.ts";
import { type Wave, waveName, waves } from "./shield/plan.ts";
import { type Measured, type Results, type Side, table, written } from "./shield/table.ts";

const word = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
const has = (name: string): boolean => process.argv.includes(`--${name}`);

const root = resolve(import.meta.dirname, "..");
const checkout = word("server");
const side: Side = checkout === undefined ? "after" : "before";
const file = resolve(word("results") ?? join(import.meta.dirname, "shield/measured.json"));
const document = join(root, "docs/shield.md");
const only = word("only")?.split(",");
/** Nothing of it is longer than this, whatever is asked for. */
const mostSeconds = 60;
const mostListeners = 15_000;
const settings = {
  checkout: checkout === undefined ? undefined : resolve(checkout),
  edges: option("edges", 2),
  listeners: Math.min(mostListeners, option("listeners", 5000)),
  seconds: Math.min(mostSeconds, option("seconds", 8)),
  times: option("times", 10),
};

function results(): Results {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Results) : {};
}

function keep(row: Row): void {
  const all = results();
  const rows = (all[side]?.rows ?? []).filter(({ wave }) => wave !== row.wave);
  const measured: Measured = { machine: machine(), rows: [...rows, row] };
  writeFileSync(file, `${JSON.stringify({ ...all, [side]: measured }, null, 2)}\n`);
}

const isChosen = (wave: Wave): boolean =>
  only === undefined || only.includes(waveName(wave)) || (only.includes("triples") && wave.length > 1);
const there = new Set(results()[side]?.rows.map(({ wave }) => wave));
const chosen = waves.filter((wave) => isChosen(wave) && !(has("missing") && there.has(waveName(wave))));

const folder = await mkdtemp(join(tmpdir(), "bench-shield-"));
try {
  const program = chosen.length > 0 ? build(folder).load : "";
  for (const wave of chosen) {
    const began = performance.now();
    const row = await arena(wave, { ...settings, program });
    keep(row);
    if (has("json")) process.stdout.write(`${JSON.stringify(row)}\n`);
    else
      process.stdout.write(
        `${table({ [side]: { machine: "", rows: [row] } }, [row.wave])
          .split("\n")
          .at(-1)}\n`,
      );
    const said = [...row.notes, ...row.newcomers.whys, `load before ${row.load}`];
    process.stderr.write(`  ${((performance.now() - began) / 1000).toFixed(0)} s; ${said.join("; ")}\n`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
if (has("write"))
  writeFileSync(document, written(readFileSync(document, "utf8"), table(results(), waves.map(waveName))));
