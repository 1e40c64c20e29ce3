import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { ms, seconds } from "../../../foundation/duration.ts";
import { Problem } from "../../../foundation/errors.ts";
import type { Log } from "../../../foundation/log.ts";
import type { Scope } from "../../../foundation/scope.ts";
import type { VerdictRecord } from "../../../verdict/report/record.ts";

/** A verdict is believed until there is a new record of evidence, which comes at each whole ten seconds, and a little later. */
export const believedMs = ms(10_000);
const writtenMs = ms(1500);
/** The same of an evening that is over: nothing comes to it any more. */
const believedAfterMs = ms(120_000);
/** How long judging may take, and how much memory, MB. */
const judgeLimit = seconds(30);
const judgeMemory = 384;
/** The most bytes of a record: some hundred for each ten seconds. */
const maxRecordBytes = 8 * 1024 ** 2;
/** The most Spaces whose verdict is kept, and the most that wait for the one being made. */
export const maxKept = 4;
export const maxWaiting = 3;

/** Which evening is to be judged: ms since 1970. */
export interface Evening {
  readonly space: string;
  readonly from: number;
  readonly to: number;
  /** Whether nothing comes to it any more. */
  readonly isOver: boolean;
}

export interface Judged {
  readonly at: number;
  readonly record: VerdictRecord;
}

export interface VerdictDeskOptions {
  /** The data folder. */
  readonly data: string;
  readonly scope: Scope;
  readonly log: Log;
  /** ms since 1970. */
  readonly now: () => number;
}

/**
 * Verdicts for the desk. Each is made by a process of its own (`rostra verdict --json`) of low priority, which is gone afterwards: in this
 * one nobody could come on stage meanwhile. One is made at a time, and believed for a while.
 */
export class VerdictDesk {
  readonly #options: VerdictDeskOptions;
  readonly #kept = new Map<string, { readonly until: number; readonly judged: Promise<Judged> }>();
  #waiting = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: VerdictDeskOptions) {
    this.#options = options;
  }

  /** Throws `no-evidence`, `verdict-busy`, `verdict-failed`. */
  judge(evening: Evening): Promise<Judged> {
    const { now } = this.#options;
    const { space, isOver } = evening;
    const kept = this.#kept.get(space);
    if (kept && now() < kept.until) return kept.judged;
    if (this.#waiting >= maxWaiting) throw verdictBusy();
    this.#waiting++;
    const judged = this.#turn
      .then(() => judgeApart(evening, this.#options))
      .then((record): Judged => ({ at: now(), record }))
      .finally(() => this.#waiting--);
    this.#turn = judged.catch(() => {});
    this.#kept.delete(space);
    const next = (Math.floor((now() - writtenMs) / believedMs) + 1) * believedMs + writtenMs;
    this.#kept.set(space, { until: isOver ? now() + believedAfterMs : next, judged });
    // One that failed is believed as long: whoever asks again at once gets the same answer for nothing.
    for (const oldest of this.#kept.keys()) if (this.#kept.size > maxKept) this.#kept.delete(oldest);
    return judged;
  }
}

async function judgeApart(
  { space, from, to }: Evening,
  { data, scope, log }: VerdictDeskOptions,
): Promise<VerdictRecord> {
  const iso = (at: number): string => new Date(at).toISOString();
  const words = ["verdict", space, "--from", iso(from), "--to", iso(to), "--json"];
  const { code, out, said } = await run(words, data, scope.signal);
  // A chain that does not hold is exit code 1 as well, and the record says so.
  if (out !== "") return JSON.parse(out) as VerdictRecord;
  if (said.includes("(no-evidence)")) throw nothingYet();
  log.warn("verdict-failed", { space, code, reason: said.slice(0, 500) });
  throw verdictFailed(said.split("\n")[0] || `it ended with ${code}`);
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly said: string;
}

function run(words: readonly string[], data: string, signal: AbortSignal): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  const entry = fileURLToPath(new URL(`../../rostra${extension}`, import.meta.url));
  const child = spawn(process.execPath, [`--max-old-space-size=${judgeMemory}`, entry, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...environment(), ROSTRA_DATA: data },
    signal: AbortSignal.any([signal, AbortSignal.timeout(judgeLimit)]),
    killSignal: "SIGKILL",
  });
  const out: Buffer[] = [];
  let [bytes, said] = [0, ""];
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxRecordBytes) out.push(chunk);
    else child.kill("SIGKILL");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    if (said.length < 4096) said += chunk.toString();
  });
  child.on("error", reject);
  child.on("close", (code) =>
    resolve({ code, out: bytes > maxRecordBytes ? "" : Buffer.concat(out).toString("utf8"), said }),
  );
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Where it may not be made less important, it is as important as the others.
  }
  return promise;
}

/** What the child needs of the environment: nothing that is secret. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    ["PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "NODE_COMPILE_CACHE"].flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]]],
    ),
  );

const nothingYet = (): Problem =>
  new Problem({
    status: 404,
    code: "no-evidence",
    title: "There is no evidence here",
    detail: "No edge on this machine has written anything down of this Space yet, or none keeps evidence.",
    action: "Wait for ten seconds; with ROSTRA_EVIDENCE=0 none is kept.",
  });

const verdictBusy = (): Problem =>
  new Problem({
    status: 503,
    code: "verdict-busy",
    title: "Other verdicts are being made",
    detail: `One is made at a time, and ${maxWaiting} are asked for already.`,
    action: "Try again in some seconds.",
    retryAfter: 5,
  });

const verdictFailed = (why: string): Problem =>
  new Problem({
    status: 500,
    code: "verdict-failed",
    title: "The verdict could not be made",
    detail: why.slice(0, 300),
    action: "Run `rostra verdict` on the server; it says more.",
  });
