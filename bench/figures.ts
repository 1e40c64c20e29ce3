import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

/** Figures of repeated runs, as they are printed: the median, and the range. */
export interface Figures {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly runs: number;
}

export function figures(values: readonly number[]): Figures {
  const sorted = [...values].toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const at = (i: number): number => sorted[i] ?? Number.NaN;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    least: at(0),
    most: at(sorted.length - 1),
    runs: sorted.length,
  };
}

export const show = (one: Figures, digits = 0): string =>
  `${one.median.toFixed(digits)} (${one.least.toFixed(digits)} to ${one.most.toFixed(digits)}, ${one.runs} runs)`;

export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly target: string;
  readonly value: Figures;
  /** @default 0 */
  readonly digits?: number;
}

/** The machine a figure was measured on, in one line. */
export function machine(): string {
  const model = cpus()[0]?.model ?? "unknown processor";
  const kernel = execFileSync("uname", ["-sr"], { encoding: "utf8" }).trim();
  return `${cpus().length} cores (${model}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${kernel}, Node ${process.versions.node}`;
}

/** Prints the table (Markdown), or JSON with `--json`. */
export function print(command: string, rows: readonly Row[]): void {
  if (process.argv.includes("--json")) {
    process.stdout.write(`${JSON.stringify({ command, machine: machine(), rows })}\n`);
    return;
  }
  const lines = rows.map((row) => `| ${row.what} | ${show(row.value, row.digits)} | ${row.unit} | ${row.target} |`);
  process.stdout.write(
    `\n\`${command}\` on ${machine()}\n\n| what | median (range) | unit | target |\n|---|---|---|---|\n${lines.join("\n")}\n`,
  );
}

/** `--name VALUE` of the command, as a number. */
export function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? otherwise : Number(process.argv[at + 1]);
  if (!(value > 0)) throw new Error(`--${name} takes a number above 0`);
  return value;
}

const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** CPU seconds a process has used, user and system, of all its threads (/proc/[pid]/stat, proc(5) fields 14 and 15). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident bytes of a process, and its proportional share (shared pages divided among those who share them). */
export function memory(pid: number): { readonly rss: number; readonly pss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const field = (name: string): number => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]);
  return { rss: field("Rss"), pss: field("Pss") };
}
