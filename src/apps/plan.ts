import { behaviour } from "../rehearsal/model/behaviour.ts";
import { makePlan } from "../rehearsal/model/plan.ts";
import { page } from "../rehearsal/report/page.ts";
import { lines } from "../rehearsal/report/lines.ts";
import { planRecord } from "../rehearsal/report/plan-record.ts";
import { count, share, span } from "../rehearsal/report/quantities.ts";
import type { RehearsalRecord, Said } from "../rehearsal/report/record.ts";
import { speaker } from "../rehearsal/report/words.ts";
import { writeTo } from "./plan/files.ts";
import { type PlanCommand, planCommand, planFlags } from "./plan/options.ts";
import { readWords } from "./serve/usage.ts";

const usage = `rostra plan: how many edges an audience takes, what binds first, and what a lost edge does: a model, not a measurement

  rostra plan --listeners 8M --edge cores=16,nic=25G,mem=64G,tls
    --listeners N        how many people come
    --edge SPEC          one edge: cores=N,nic=BITS,mem=BYTES[,tls][,price=N][,descriptors=N][,backlog=N]
    --over LENGTH        how long until all have come                  (60s)
    --for LENGTH         how long it lasts                             (2h)
    --arrivals HOW       flash, ramp, push or trace:FILE               (flash)
    --mix SHARES         how they listen                               (stream=80,numbered=10,hls=10)
    --edges N            how many edges there are                      (found)
    --lose N@T+30s       edges that vanish, or region@T+30s            (none; what losing one does is told all the same)
    --regions N          into how many regions the edges are dealt     (1)
    --join-p99 LENGTH    the promise: 99 of 100 hear sound within      (1s)
    --seed N             the chance in it                              (1)
    --prices FILE        {"currency":"EUR","source":"…","edgeHour":…,"egressGb":…}
    --calibration FILE   what things cost on your machine              (the reference measurements)
    --model-error FILE   how far the model was off in real runs    (those that are kept in docs/rehearsal.md)
    --title TEXT         what the report is called
    --lang en|fr|id      language of the answer                        (en)
    --json FILE          the record, with every curve second by second
    --html FILE          the report: one file, no scripts

What its answers mean: docs/rehearsal.md
`;

/** `rostra plan`: prints the answer, and writes the record and the report where it is told to. */
export async function plan(args: readonly string[]): Promise<number> {
  const words = readWords(args, planFlags, "rostra plan --help");
  if (words.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const command = await planCommand(words);
  const made = makePlan(command);
  const record = planRecord(made, {
    title: command.title ?? titleOf(command),
    command: ["rostra plan", ...args.map(quoted)].join(" "),
    trace: command.trace,
    modelError: command.modelError,
    people: peopleSaid(),
  });
  process.stdout.write(lines(record, command.language));
  await write(command, record);
  return 0;
}

function titleOf({ question, language }: PlanCommand): string {
  const { say } = speaker(language);
  return say({
    key: "title",
    values: {
      listeners: count(question.listeners),
      over: span(question.over / 1000),
      lasts: span(question.lasts / 1000),
    },
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

async function write({ json, html, language }: PlanCommand, record: RehearsalRecord): Promise<void> {
  const files: [string | undefined, () => string][] = [
    [json, () => `${JSON.stringify(record)}\n`],
    [html, () => page(record, language)],
  ];
  for (const [file, text] of files) {
    if (file === undefined) continue;
    await writeTo(file, text());
  }
}
