import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ChainHead } from "../evidence/chain.ts";
import { Problem, reason } from "../foundation/errors.ts";
import { calibrated } from "../verdict/calibrated.ts";
import { lines } from "../verdict/report/lines.ts";
import { page } from "../verdict/report/page.ts";
import { recordOf, type VerdictRecord } from "../verdict/report/record.ts";
import { seriesOf } from "../verdict/series.ts";
import { sampleOf } from "../verdict/synthetic/samples.ts";
import { verdictOf } from "../verdict/verdict.ts";
import { type ReadChain, readChains } from "./verdict/chains.ts";
import { off } from "./serve/usage.ts";
import { judge } from "./verdict/judge.ts";
import { type VerdictCommand, verdictCommand } from "./verdict/options.ts";

const usage = `rostra verdict: what it was: the crowd, an attack, our own fault, or that it cannot tell. From what the edges wrote down

  rostra verdict SPACE
    --from TIME, --to TIME   from when to when: 2026-08-12T17:00:00Z, or how long ago: 20m    (from five minutes before it was to begin)
    --announced TIME     when people were told of it: a post, a notification; may come often
    --capacity players=N,joins=N[,by=WORDS]   what a rehearsal has proven: players at once, joins a second
                         (the Space's last rehearsal, if it was handed in at its desk)
    --data DIR           the server's data folder                    (./data, or $ROSTRA_DATA)
    --out DIR            writes verdict.json and verdict.html there
    --json               prints the record instead of words
    --key FILE           the public key, kept elsewhere              (evidence/key.pub in the data folder)
  rostra evidence verify     goes through all chains and says where one does not hold: exit code 1   (also: rostra verdict --verify)
    --against FILE       also holds them to heads that were kept elsewhere
  rostra evidence head       prints the head of each chain, to be kept elsewhere                     (also: rostra verdict --heads)
  rostra verdict --sample crowd|attack-in-crowd|own-fault|mimic    the report of a made-up evening

What its answers mean, and how often they are wrong: docs/verdict.md
`;

/** `rostra verdict`: reads the evidence, judges it, says what it came to. Exit code 1 when a chain does not hold. */
export async function verdict(args: readonly string[]): Promise<number> {
  const command = verdictCommand(args, process.env);
  switch (command.kind) {
    case "help":
      process.stdout.write(usage);
      return 0;
    case "verify":
      return verify(command);
    case "heads": {
      const chains = await readChains(command.data, { key: command.key });
      for (const { process: name, report } of chains)
        if (report.head) process.stdout.write(`${JSON.stringify({ process: name, ...report.head })}\n`);
      return 0;
    }
    case "sample": {
      const { evidence } = sampleOf(command.sample);
      const series = seriesOf([evidence]);
      const record = recordOf(series, verdictOf(series, calibrated), calibrated, {
        title: `A made-up evening: ${command.sample}`,
        sample: true,
        command: `rostra verdict --sample ${command.sample}`,
        space: undefined,
        evidence: [],
      });
      return tell(record, command, command.sample);
    }
    case "judge": {
      const { record, isSound } = await judge(command);
      await tell(record, command, "verdict");
      return isSound ? 0 : 1;
    }
  }
}

/** `rostra evidence head` and `rostra evidence verify`: what whoever keeps heads elsewhere needs. */
export async function evidence([what = "", ...rest]: readonly string[]): Promise<number> {
  if (what === "head") return verdict(["--heads", ...rest]);
  if (what === "verify") return verdict(["--verify", ...rest]);
  throw off("rostra evidence", what, "head, or verify");
}

async function verify({ data, against, key }: VerdictCommand & { readonly kind: "verify" }): Promise<number> {
  const heads = against === undefined ? [] : headsIn(await readFile(against, "utf8"), against);
  const chains = await readChains(data, { key, heads });
  const missing = heads.filter(({ process: name }) => !chains.some((one) => one.process === name));
  for (const { process: name, report, unknown } of chains) process.stdout.write(reportLines(name, report, unknown));
  for (const { process: name } of missing)
    process.stdout.write(`${name}: a head was published, and there is no such chain\n`);
  return missing.length > 0 || chains.some(({ report }) => report.breaks.length > 0) ? 1 : 0;
}

function reportLines(name: string, report: ReadChain["report"], unknown: number): string {
  const { records, first, last, breaks, lost, torn } = report;
  const range = first === undefined ? "no records" : `records ${first} to ${last}`;
  const more = [
    lost > 0 ? `${lost} could not be written` : "",
    torn > 0 ? `${torn} bytes of an unfinished one at the end` : "",
    unknown > 0 ? `${unknown} of a kind that this version does not know` : "",
  ].filter((one) => one !== "");
  const head = `${name}: ${breaks.length === 0 ? "holds" : "DOES NOT HOLD"}, ${records === 0 ? "no records" : range}`;
  const told = breaks.map(
    ({ file, line, n, why, says }) =>
      `  ${file} line ${line}${n === undefined ? "" : ` (record ${n})`}: ${why}: ${says}\n`,
  );
  return `${[head, ...more].join("; ")}\n${told.join("")}`;
}

function headsIn(text: string, file: string): ChainHead[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, i) => {
      try {
        const { process: name, n, at, hash } = JSON.parse(line) as Partial<ChainHead>;
        if (typeof name === "string" && typeof n === "number" && typeof hash === "string")
          return { process: name, n, at: at ?? 0, hash };
      } catch {
        /* told below */
      }
      throw new Problem({
        status: 400,
        code: "file-not-readable",
        title: "A file cannot be read",
        detail: `${file}: line ${i + 1} is no head of a chain.`,
        action: "Give what `rostra verdict --heads` printed.",
      });
    });
}

async function tell(
  record: VerdictRecord,
  { out, json }: { out: string | undefined; json: boolean },
  name: string,
): Promise<number> {
  const text = `${JSON.stringify(record)}\n`;
  process.stdout.write(json ? text : lines(record));
  if (out === undefined) return 0;
  try {
    await mkdir(out, { recursive: true });
    await writeFile(join(out, `${name}.json`), text);
    await writeFile(join(out, `${name}.html`), page(record));
  } catch (thrown) {
    throw new Problem({
      status: 500,
      code: "file-not-written",
      title: "A file cannot be written",
      detail: `${out}: ${reason(thrown)}.`,
      action: "Name a folder that you may write to.",
      cause: thrown,
    });
  }
  return 0;
}
