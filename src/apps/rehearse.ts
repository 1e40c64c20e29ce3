import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileNotWritten, writeTo } from "./plan/files.ts";
import { version } from "./version.ts";
import { behaviour } from "../rehearsal/model/behaviour.ts";
import { lines } from "../rehearsal/report/lines.ts";
import { page } from "../rehearsal/report/page.ts";
import { count, share, span } from "../rehearsal/report/quantities.ts";
import { isLanguage, languages } from "../rehearsal/report/language.ts";
import { type RehearsalRecord, type Said, verdictOf } from "../rehearsal/report/record.ts";
import { speaker } from "../rehearsal/report/words.ts";
import type { Run } from "../rehearsal/run/run.ts";
import { runRecord } from "../rehearsal/run/run-record.ts";
import { off } from "./plan/words.ts";
import { compareRecords } from "./rehearse/compare.ts";
import { Conductor } from "./rehearse/conductor.ts";
import { machineFacts } from "./rehearse/machine.ts";
import { type RehearseCommand, rehearseCommand, rehearseFlags } from "./rehearse/options.ts";
import { awaitPermit, type Permitted } from "./rehearse/permit.ts";
import { prepare, type Prepared } from "./rehearse/prepare.ts";
import { rehearseUsage } from "./rehearse/usage.ts";
import { View } from "./rehearse/view.ts";
import { readWords } from "./serve/usage.ts";

/** What the command ends with, by its verdict. */
const exitCodes = { go: 0, noGo: 3, cannotTell: 4 } as const;
const [exitDied, exitStopped] = [1, 130] as const;

/** `rostra rehearse`: brings real listeners and attackers to a running server, and reports which promises held. */
export async function rehearse(args: readonly string[]): Promise<number> {
  if (args.includes("--compare")) return compared(args);
  const words = readWords(args, rehearseFlags, "rostra rehearse --help");
  if (words.help === true) {
    process.stdout.write(await rehearseUsage());
    return 0;
  }
  const command = await rehearseCommand(words);
  const stop = stopSignal();
  // Who reads what is printed may go; the run and its report go on.
  process.stdout.on("error", () => {});
  let permitted: Permitted | undefined;
  try {
    const prepared = await prepare(command);
    permitted = prepared.target.loopback ? undefined : await permission(prepared, command, stop.signal);
    const run = await conduct(prepared, command, permitted, stop.signal);
    const record = await recordOf(run, prepared, command, args);
    process.stdout.write(`\n${lines(record, command.language)}`);
    await writeReport(command, record);
    return codeOf(run, record);
  } finally {
    permitted?.end();
    stop.end();
  }
}

function codeOf({ ending }: Run, record: RehearsalRecord): number {
  if (ending.kind === "died") return exitDied;
  if (ending.kind === "stopped") return exitStopped;
  return exitCodes[verdictOf(record)];
}

/** The first Ctrl-C ends the run, and the report is of what there was; a second one ends all at once. */
function stopSignal(): { readonly signal: AbortSignal; end(): void } {
  const stop = new AbortController();
  const heard = (): void => {
    if (stop.signal.aborted) process.exit(exitStopped);
    stop.abort();
  };
  process.on("SIGINT", heard).on("SIGTERM", heard);
  return { signal: stop.signal, end: () => void process.off("SIGINT", heard).off("SIGTERM", heard) };
}

function permission(
  { target, seconds }: Prepared,
  { question }: RehearseCommand,
  signal: AbortSignal,
): Promise<Permitted> {
  const wish = { listeners: question.listeners, attacks: question.attacks.map(({ name }) => name), seconds };
  return awaitPermit(target, wish, (text) => void process.stdout.write(text), signal);
}

async function conduct(
  prepared: Prepared,
  { question, plain }: RehearseCommand,
  permitted: Permitted | undefined,
  signal: AbortSignal,
): Promise<Run> {
  const view = new View(question, process.stdout, plain);
  const { target, spread } = prepared;
  process.stdout.write(
    `${question.listeners.toLocaleString("en")} listeners to ${target.url.origin}, “${prepared.space.title}”, from ${spread.processes} ${spread.processes === 1 ? "process" : "processes"}; T comes in ${prepared.crowd.hour + 2} s.\n\n`,
  );
  try {
    const conductor = new Conductor({
      ...prepared.conducting,
      ...(permitted ? { permitted: permitted.holds } : {}),
      onSecond: (second) => view.show(second),
    });
    return await conductor.run(signal);
  } finally {
    view.end();
    prepared.conducting.metrics?.close();
  }
}

async function recordOf(
  run: Run,
  prepared: Prepared,
  command: RehearseCommand,
  args: readonly string[],
): Promise<RehearsalRecord> {
  const { question, language, trace } = command;
  const { say } = speaker(language);
  const title = say({
    key: "title",
    values: {
      listeners: count(question.listeners),
      over: span(question.over / 1000),
      lasts: span(question.lasts / 1000),
    },
  });
  return runRecord(run, {
    title: command.title ?? title,
    command: ["rostra rehearse", ...args.map(quoted)].join(" "),
    target: command.target.origin,
    space: prepared.space.title,
    trace,
    machine: { ...(await machineFacts()), version: await version() },
    processes: prepared.spread.processes,
    sources: prepared.conducting.sources,
    server: [...(prepared.conducting.metrics?.names ?? [])].toSorted(),
    people: peopleSaid(),
  });
}

/** How people are taken to behave, in a sentence. */
const peopleSaid = (): Said => ({
  key: "people",
  values: {
    leave: span(behaviour.leaveAfter / 1000),
    back: share(behaviour.returnShare),
    reload: span(behaviour.reloadAfter / 1000),
    giveUp: span(behaviour.giveUpAfter / 1000),
  },
});

/** As one types it in a shell. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

async function writeReport({ out, language }: RehearseCommand, record: RehearsalRecord): Promise<void> {
  if (out === undefined) return;
  await mkdir(out, { recursive: true }).catch((thrown: unknown) => {
    throw fileNotWritten(out, thrown);
  });
  const [html, json] = [join(out, "report.html"), join(out, "report.json")];
  await writeTo(html, page(record, language));
  await writeTo(json, `${JSON.stringify(record)}\n`);
  process.stdout.write(`\nWritten: ${html}, ${json}\n`);
}

const compareFlags = { compare: { type: "boolean" }, out: { type: "string" }, lang: { type: "string" } } as const;

function compared(args: readonly string[]): Promise<number> {
  const files: string[] = [];
  const rest = args.filter((arg, i) => {
    const isFile = !arg.startsWith("-") && !["--out", "--lang"].includes(args[i - 1] ?? "");
    if (isFile) files.push(arg);
    return !isFile;
  });
  const words = readWords(rest, compareFlags, "rostra rehearse --help");
  const language = words.lang ?? "en";
  if (!isLanguage(language)) throw off("--lang", language, languages.join(", "));
  return compareRecords(files, words.out, language);
}
