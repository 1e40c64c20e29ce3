import { writeFile } from "node:fs/promises";
import { cpus, release } from "node:os";
import type { ParseArgsConfig } from "node:util";
import { Problem, reason } from "../foundation/errors.ts";
import { costsOf, costWords, newcomersOf, newcomerWords, warmingOf } from "../rehearsal/calibrate/costs-of.ts";
import { complete } from "../rehearsal/model/assumptions.ts";
import { type CalibrationRecord, costNames, type Measured, readCalibration } from "../rehearsal/model/calibration.ts";
import { segmentMs } from "../wire/timeline.ts";
import { Busyness } from "./calibrate/busyness.ts";
import { Load } from "./calibrate/load.ts";
import { fullScale, quickScale, type Scale } from "./calibrate/measuring.ts";
import { OwnServer, type Processors } from "./calibrate/own-server.ts";
import { comeFirst } from "./calibrate/people.ts";
import { measureRounds } from "./calibrate/rounds.ts";
import { measureCrowds, measureQuiet } from "./calibrate/steady.ts";
import { off } from "./plan/words.ts";
import { readWords } from "./serve/usage.ts";

const usage = `rostra calibrate: what an edge's work costs on this machine, for \`rostra plan --calibration FILE\`

  rostra calibrate --out mine.json
    --out FILE           where the record goes        (nowhere: it is printed as a table)
    --name TEXT          what plans call it           (this machine's processor)
    --quick              in three quarters of a minute, with wider ranges
    --json               print the record instead of a table

It starts a server of its own on this machine's loopback, in a folder that is removed afterwards, loads it from another process and
counts the edge's own processor time: about a minute and three quarters. Do it while nothing else runs. Linux only.
`;

const flags = {
  out: { type: "string" },
  name: { type: "string" },
  quick: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} satisfies ParseArgsConfig["options"];

/** `rostra calibrate`: measures, prints what things cost here, and writes the record. */
export async function calibrate(args: readonly string[]): Promise<number> {
  const words = readWords(args, flags, "rostra calibrate --help");
  if (words.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  if (words.out === "") throw off("--out", "", "the name of a file");
  if (words.name === "") throw off("--name", "", "what plans call it");
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  try {
    const scale = words.quick === true ? quickScale : fullScale;
    const record = await measureRecord({ scale, name: words.name, say, signal: abort.signal });
    if (words.out !== undefined) await write(words.out, record);
    process.stdout.write(words.json === true ? `${JSON.stringify(record, undefined, 2)}\n` : table(record, words.out));
    return 0;
  } catch (thrown) {
    if (!abort.signal.aborted) throw thrown;
    say("Interrupted: nothing was written.");
    return 1;
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, stop);
  }
}

export interface CalibrateOptions {
  readonly scale: Scale;
  /** @default the processor's name */
  readonly name?: string | undefined;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** @default all for all */
  readonly processors?: Processors;
}

/**
 * Starts a server, measures it, and ends it.
 * @throws Problem `calibrate-linux-only`, `own-server-failed`
 */
export async function measureRecord({
  scale,
  name,
  say,
  signal,
  processors,
}: CalibrateOptions): Promise<CalibrationRecord> {
  requireLinux();
  const busyness = new Busyness();
  await busyness.look(signal);
  if (busyness.warning) say(busyness.warning);
  say("starting a server");
  await using server = await OwnServer.start({ edges: 1, signal, processors });
  using load = new Load();
  if (server.tlsPort === undefined) say("there is no openssl to make a certificate: what TLS costs is left out");
  const measuring = { server, load, scale, say, signal };
  busyness.begin([...server.all, load.pid, process.pid]);
  const first = await comeFirst(measuring);
  const rounds = await measureRounds(measuring);
  const samples = { first, rounds, ...(await measureQuiet(measuring)), ...(await measureCrowds(measuring)) };
  const others = busyness.end();
  if (others.warning) say(others.warning);
  const how = `${scale.rounds} rounds of ${scale.each}, ${scale.windows} windows of ${(scale.segments * segmentMs) / 1000} s`;
  const costs = costsOf(samples, how);
  const newcomers = newcomersOf(samples, costs, how);
  const warming = warmingOf(samples, costs, newcomers, how);
  const cpu = cpus()[0]?.model.trim() || "unknown processor";
  const record = {
    v: 1,
    name: name ?? cpu,
    measured: new Date().toISOString().slice(0, 10),
    machine: {
      cpu,
      cores: cpus().length,
      kernel: `Linux ${release()}`,
      node: `Node ${process.versions.node}`,
      notes: `over loopback: no network card and no driver, but both ends of each connection on the same processors; ${others.said}`,
    },
    costs,
    ...(newcomers && { newcomers }),
    ...(warming && { warming }),
  };
  return readCalibration(record, "what was just measured");
}

function requireLinux(): void {
  if (process.platform === "linux") return;
  throw new Problem({
    status: 501,
    code: "calibrate-linux-only",
    title: "This machine cannot be calibrated",
    detail: `Processor time is read from /proc, which ${process.platform} does not have.`,
    action:
      "Run it on a Linux machine like the ones that will serve, and give its record to `rostra plan --calibration`.",
  });
}

function table(record: CalibrationRecord, out: string | undefined): string {
  const { costs, machine } = record;
  const known = costNames.flatMap((name): [typeof name, Measured][] => {
    const cost = costs[name];
    return cost ? [[name, cost]] : [];
  });
  const { assumed: missing } = complete(record);
  return [
    `What things cost on one core of this machine (${machine.cpu}):`,
    ...known.map(([name, cost]) => `  ${costWords(name, cost)}`),
    ...newcomerWords(record).map((line) => `  ${line}`),
    `Not measured, and assumed by a plan: ${missing.length > 0 ? missing.join(", ") : "nothing"}.`,
    `${machine.notes}.`,
    `It cannot know what a network card and its driver cost, nor how fast another machine's cores are.`,
    out === undefined ? "Keep it with --out FILE, for `rostra plan --calibration FILE`." : `Written to ${out}.`,
    "",
  ].join("\n");
}

async function write(file: string, record: CalibrationRecord): Promise<void> {
  await writeFile(file, `${JSON.stringify(record, undefined, 2)}\n`).catch((thrown: unknown) => {
    throw new Problem({
      status: 500,
      code: "file-not-written",
      title: "A file cannot be written",
      detail: `${file}: ${reason(thrown)}.`,
      action: "Name a file in a folder that is there and that you may write to.",
      cause: thrown,
    });
  });
}
