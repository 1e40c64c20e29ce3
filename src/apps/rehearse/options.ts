import { resolve } from "node:path";
import { readFile } from "node:fs/promises";
import type { ParseArgsConfig } from "node:util";
import { type Milliseconds, ms } from "../../foundation/duration.ts";
import { Problem, reason } from "../../foundation/errors.ts";
import { people } from "../../rehearsal/model/units.ts";
import { isLanguage, type Language, languages } from "../../rehearsal/report/language.ts";
import { maxLastsSeconds, maxListeners, maxProcesses, type RunQuestion } from "../../rehearsal/run/question.ts";
import { type ListenerWay, listenerWays } from "../../rehearsal/swarm/contract.ts";
import { isSpaceName } from "../../wire/paths.ts";
import { arrivalsOf, notReadable } from "../plan/options.ts";
import { duration, off, whole } from "../plan/words.ts";
import { attacksOf } from "./attack-words.ts";
import { requireOurs, sourcesOf } from "./sources.ts";

export const rehearseFlags = {
  target: { type: "string" },
  listeners: { type: "string" },
  arrivals: { type: "string" },
  over: { type: "string" },
  for: { type: "string" },
  before: { type: "string" },
  space: { type: "string" },
  mix: { type: "string" },
  pages: { type: "string" },
  attack: { type: "string", multiple: true },
  metrics: { type: "string" },
  data: { type: "string" },
  processes: { type: "string" },
  sources: { type: "string" },
  ca: { type: "string" },
  "stage-udp": { type: "string" },
  "join-p99": { type: "string" },
  patience: { type: "string" },
  seed: { type: "string" },
  title: { type: "string" },
  out: { type: "string" },
  lang: { type: "string" },
  plain: { type: "boolean" },
  help: { type: "boolean" },
} satisfies ParseArgsConfig["options"];

export type RehearseWords = Readonly<Partial<Record<keyof typeof rehearseFlags, string | boolean | string[]>>>;

/** What `rostra rehearse` was asked for, checked; its files are read. */
export interface RehearseCommand {
  readonly target: URL;
  readonly space: string | undefined;
  readonly question: RunQuestion;
  readonly trace: string | undefined;
  /** Where metrics are read: the path of a socket, or a URL. */
  readonly metrics: { readonly socket: string } | { readonly url: URL } | undefined;
  readonly data: string | undefined;
  readonly processes: number | undefined;
  readonly sources: readonly string[] | undefined;
  readonly ca: string | undefined;
  readonly stageUdp: number | undefined;
  /** How long a target that does not answer is waited for before it counts as dead. */
  readonly patience: Milliseconds;
  readonly title: string | undefined;
  readonly out: string | undefined;
  readonly language: Language;
  readonly plain: boolean;
}

/** Promises that an event makes when nothing else is said. */
const [heardShare, usualJoin, usualBehind] = [0.999, "1s", "1s"] as const;
const longestEarly = 60_000;

/** @throws Problem `usage`, and those of the files */
export async function rehearseCommand(words: RehearseWords): Promise<RehearseCommand> {
  const word = (name: keyof typeof rehearseFlags): string | undefined => {
    const said = words[name];
    return typeof said === "string" ? said : undefined;
  };
  const or = <T>(name: keyof typeof rehearseFlags, read: (flag: string, text: string) => T): T | undefined => {
    const said = word(name);
    return said === undefined ? undefined : read(`--${name}`, said);
  };
  const target = targetOf(needed("--target", word("target")));
  const listeners = within("--listeners", whole("--listeners", needed("--listeners", word("listeners"))), maxListeners);
  const over = duration("--over", word("over") ?? "60s");
  const lasts = duration("--for", word("for") ?? "5m");
  if (lasts > maxLastsSeconds * 1000) throw off("--for", word("for") ?? "", `at most ${maxLastsSeconds / 3600}h`);
  if (over < 1000 || over > lasts) throw off("--over", word("over") ?? "60s", "at least 1s, and no longer than --for");
  const arrivals = await arrivalsOf(word("arrivals") ?? "flash", lasts);
  const early = or("before", duration) ?? ms(Math.min(over, longestEarly));
  if (early > longestEarly) throw off("--before", word("before") ?? "", "at most 60s");
  const language = word("lang") ?? "en";
  if (!isLanguage(language)) throw off("--lang", language, languages.join(", "));
  const sources = or("sources", (_flag, text) => sourcesOf(text));
  await requireOurs(sources ?? []);
  return {
    target,
    space: or("space", spaceOf),
    question: {
      listeners: people(listeners),
      arrivals: arrivals.how,
      over,
      lasts,
      early: early / 1000,
      mix: mixOf(word("mix") ?? "stream=0.8,numbered=0.1,hls=0.1"),
      pageShare: or("pages", shareOf) ?? 1,
      attacks: await attacksOf(Array.isArray(words.attack) ? words.attack : [], lasts / 1000),
      promises: {
        heard: heardShare,
        joinP99: duration("--join-p99", word("join-p99") ?? usualJoin),
        behindP99: duration("behind", usualBehind),
      },
      seed: whole("--seed", word("seed") ?? "1", 0),
    },
    trace: arrivals.file,
    metrics: or("metrics", metricsOf),
    data: or("data", (_flag, text) => resolve(text)),
    processes: or("processes", (flag, text) => within(flag, whole(flag, text), maxProcesses)),
    sources,
    ca: await certificateOf(word("ca")),
    stageUdp: or("stage-udp", (flag, text) => within(flag, whole(flag, text), 65_535)),
    patience: or("patience", duration) ?? ms(15_000),
    title: word("title"),
    out: word("out"),
    language,
    plain: words.plain === true,
  };
}

function needed(flag: string, text: string | undefined): string {
  if (text !== undefined) return text;
  throw new Problem({
    status: 400,
    code: "usage",
    title: "The command's words are off",
    detail: `${flag} is missing.`,
    action: "`rostra rehearse --help` lists the options.",
  });
}

function within(flag: string, value: number, most: number): number {
  if (value <= most) return value;
  throw off(flag, String(value), `at most ${most}`);
}

function targetOf(text: string): URL {
  const url = URL.parse(text);
  const plain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash;
  if (!url || !plain || !["", "/"].includes(url.pathname))
    throw off("--target", text, "the server's address and nothing behind it, such as http://localhost:8080");
  return url;
}

function spaceOf(flag: string, text: string): string {
  if (isSpaceName(text)) return text;
  throw off(flag, text, "a Space's id or slug");
}

function shareOf(flag: string, text: string): number {
  const share = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(share >= 0 && share <= 1)) throw off(flag, text, "a share from 0 to 1");
  return share;
}

function metricsOf(flag: string, text: string): NonNullable<RehearseCommand["metrics"]> {
  const [, socket] = /^unix:(.+)$/.exec(text) ?? [];
  if (socket !== undefined) return { socket: resolve(socket) };
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw off(flag, text, "a URL, or unix:PATH of the metrics' socket");
  return { url };
}

/** Shares of 1, or of 100. */
function mixOf(text: string): RunQuestion["mix"] {
  const wanted = "shares such as stream=0.8,numbered=0.1,hls=0.1 that are 1 together";
  const shares: Record<ListenerWay, number> = { stream: 0, numbered: 0, hls: 0 };
  for (const part of text.split(",")) {
    const [, name = "", share = ""] = /^(\w+)=(\d+(?:\.\d+)?)$/.exec(part.trim()) ?? [];
    const way = listenerWays.find((one) => one === name);
    if (way === undefined) throw off("--mix", text, wanted);
    shares[way] = Number(share);
  }
  const sum = listenerWays.reduce((so, way) => so + shares[way], 0);
  const scale = Math.abs(sum - 100) < 1e-6 ? 100 : 1;
  if (Math.abs(sum / scale - 1) > 1e-6) throw off("--mix", text, wanted);
  return { stream: shares.stream / scale, numbered: shares.numbered / scale, hls: shares.hls / scale };
}

async function certificateOf(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, "utf8").catch((thrown: unknown) => {
    throw notReadable(file, reason(thrown));
  });
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw notReadable(file, "it has no certificate (PEM)");
  return text;
}
