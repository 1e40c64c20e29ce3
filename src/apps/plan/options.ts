import { readFile } from "node:fs/promises";
import type { ParseArgsConfig } from "node:util";
import { Problem, reason } from "../../foundation/errors.ts";
import type { Milliseconds } from "../../foundation/duration.ts";
import { type CalibrationRecord, readCalibration } from "../../rehearsal/model/calibration.ts";
import { type ModelError, readModelError } from "../../rehearsal/model/model-error.ts";
import { type Prices, readPrices } from "../../rehearsal/model/price.ts";
import { promised, type Promised } from "../../rehearsal/model/promises.ts";
import { type Arrivals, type Question, type Way, ways } from "../../rehearsal/model/question.ts";
import { reference, referenceError } from "../../rehearsal/model/reference.ts";
import { readTrace } from "../../rehearsal/model/trace.ts";
import { people } from "../../rehearsal/model/units.ts";
import { isLanguage, type Language, languages } from "../../rehearsal/report/language.ts";
import { edgeOf } from "./edge-words.ts";
import { duration, moment, off, whole } from "./words.ts";

export const planFlags = {
  listeners: { type: "string" },
  over: { type: "string" },
  for: { type: "string" },
  edge: { type: "string" },
  edges: { type: "string" },
  regions: { type: "string" },
  lose: { type: "string" },
  arrivals: { type: "string" },
  mix: { type: "string" },
  seed: { type: "string" },
  "join-p99": { type: "string" },
  prices: { type: "string" },
  calibration: { type: "string" },
  "model-error": { type: "string" },
  title: { type: "string" },
  lang: { type: "string" },
  json: { type: "string" },
  html: { type: "string" },
  help: { type: "boolean" },
} satisfies ParseArgsConfig["options"];

export type PlanWords = Readonly<Partial<Record<keyof typeof planFlags, string | boolean>>>;

/** What `rostra plan` was asked for, checked; its files are read. */
export interface PlanCommand {
  readonly question: Question;
  readonly edges: number | undefined;
  readonly promises: Promised;
  readonly calibration: CalibrationRecord;
  readonly prices: Prices | undefined;
  readonly modelError: ModelError | undefined;
  readonly trace: string | undefined;
  readonly title: string | undefined;
  readonly language: Language;
  readonly json: string | undefined;
  readonly html: string | undefined;
}

/** The largest file that is read: a trace of some days. */
const maxFileBytes = 16 * 1024 ** 2;

/** @throws Problem `usage`, and those of the files */
export async function planCommand(words: PlanWords): Promise<PlanCommand> {
  const word = (name: keyof typeof planFlags): string | undefined => {
    const said = words[name];
    return typeof said === "string" ? said : undefined;
  };
  const listeners = whole("--listeners", needed("--listeners", word("listeners")));
  const over = duration("--over", word("over") ?? "60s");
  const lasts = duration("--for", word("for") ?? "2h");
  const { edge, price } = edgeOf(needed("--edge", word("edge")));
  const regions = whole("--regions", word("regions") ?? "1");
  const arrivals = await arrivalsOf(word("arrivals") ?? "flash", lasts);
  const language = word("lang") ?? "en";
  if (!isLanguage(language)) throw off("--lang", language, languages.join(", "));
  const edges = word("edges");
  const prices = await readOr(word("prices"), readPrices);
  if (price !== undefined && !prices) {
    throw off(
      "--edge",
      `price=${price}`,
      "a price only beside --prices FILE, which has the currency and that of traffic",
    );
  }
  return {
    question: {
      listeners: people(listeners),
      arrivals: arrivals.how,
      over,
      lasts,
      edge,
      mix: mixOf(word("mix") ?? "stream=80,numbered=10,hls=10"),
      regions,
      loss: lossOf(word("lose")),
      seed: whole("--seed", word("seed") ?? "1", 0),
    },
    edges: edges === undefined ? undefined : whole("--edges", edges, 0),
    promises: { ...promised, joinP99: duration("--join-p99", word("join-p99") ?? `${promised.joinP99}ms`) },
    calibration: (await readOr(word("calibration"), readCalibration)) ?? reference,
    prices: prices && price !== undefined ? { ...prices, edgeHour: price } : prices,
    modelError: (await readOr(word("model-error"), readModelError)) ?? referenceError,
    trace: arrivals.file,
    title: word("title"),
    language,
    json: word("json"),
    html: word("html"),
  };
}

function needed(flag: string, text: string | undefined): string {
  if (text !== undefined) return text;
  throw new Problem({
    status: 400,
    code: "usage",
    title: "The command's words are off",
    detail: `${flag} is missing.`,
    action: "`rostra plan --help` lists the options.",
  });
}

export async function arrivalsOf(
  text: string,
  lasts: Milliseconds,
): Promise<{ how: Arrivals; file: string | undefined }> {
  if (text === "flash" || text === "ramp" || text === "push") return { how: { shape: text }, file: undefined };
  const [, file = ""] = /^trace:(.+)$/.exec(text) ?? [];
  if (file === "") throw off("--arrivals", text, "flash, ramp, push or trace:FILE");
  return { how: { shape: "trace", rows: readTrace(await textOf(file), file, lasts) }, file };
}

function mixOf(text: string): Question["mix"] {
  const wanted = "shares such as stream=80,numbered=10,hls=10 that are 100 together";
  const shares: Record<Way, number> = { stream: 0, numbered: 0, hls: 0 };
  for (const part of text.split(",")) {
    const [, name = "", percent = ""] = /^(\w+)=(\d+(?:\.\d+)?)$/.exec(part.trim()) ?? [];
    const way = ways.find((one) => one === name);
    if (way === undefined) throw off("--mix", text, wanted);
    shares[way] = Number(percent) / 100;
  }
  const sum = ways.reduce((so, way) => so + shares[way], 0);
  if (Math.abs(sum - 1) > 1e-6) throw off("--mix", text, wanted);
  return shares;
}

function lossOf(text: string | undefined): Question["loss"] {
  if (text === undefined) return undefined;
  const [, what = "", at = ""] = /^(\d+|region)@(T.*)$/.exec(text) ?? [];
  if (what === "") throw off("--lose", text, "how many edges and when, such as 1@T+30s, or region@T+5m");
  return { edges: what === "region" ? "region" : whole("--lose", what), at: moment("--lose", at) };
}

async function readOr<T>(file: string | undefined, read: (json: unknown, where: string) => T): Promise<T | undefined> {
  if (file === undefined) return undefined;
  const text = await textOf(file);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    throw notReadable(file, `it is not JSON: ${reason(thrown)}`);
  }
  return read(json, file);
}

export async function textOf(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((thrown: unknown) => {
    throw notReadable(file, reason(thrown));
  });
  if (text.length > maxFileBytes) throw notReadable(file, `it has over ${maxFileBytes} bytes`);
  return text;
}

export const notReadable = (file: string, why: string): Problem =>
  new Problem({
    status: 400,
    code: "file-not-readable",
    title: "A file cannot be read",
    detail: `${file}: ${why}.`,
    action: "Give a file that is there and has the shape that docs/rehearsal.md describes.",
  });
