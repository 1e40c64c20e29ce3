import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { join, resolve } from "node:path";
import { loadCore, Process } from "./processes.ts";

/** Microseconds, except `count`. */
export interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  /** The 0th to the 100th percentile. */
  readonly percentiles?: readonly number[];
}

/** What the generator counted so far. */
export interface Counts {
  readonly t: "joined" | "steady" | "second" | "measured" | "result";
  /** Seconds since it began. */
  readonly at: number;
  readonly started: number;
  readonly joined: number;
  readonly failedConnects: number;
  /** Answered other than 200, or hung up on before the first sound. */
  readonly refused: number;
  readonly joinTimeouts: number;
  readonly disconnects: number;
  readonly gaps: number;
  readonly missedChunks: number;
  readonly duplicates: number;
  /** Bytes that are not those of the reference; each place is counted once. */
  readonly wrong: number;
  /** Requests that could not be sent since the one before had no answer yet. */
  readonly late: number;
  /** Listeners more than three segments behind the others at the end. */
  readonly behindAtEnd: number;
  readonly bytes: number;
  /** Segments received by all listeners together. */
  readonly segments: number;
  readonly answers: number;
}

export interface LoadResult extends Counts {
  readonly connections: number;
  readonly processes: number;
  /** How long it measured. */
  readonly seconds: number;
  /** CPU seconds of the generator itself in that time. */
  readonly ownCpu: number;
  /** Connect to first byte, and to the first chunk's beginning. */
  readonly firstByte: Distribution;
  readonly firstSound: Distribution;
  /** How long after the first receiver of the same segment, over all listeners. */
  readonly behind: Distribution;
  /** How long after the segment's publication was due. */
  readonly delay: Distribution;
  /** From a request to the end of its answer. */
  readonly latency: Distribution;
  /** From the first receiver of a segment to the last, over segments. */
  readonly spread: Distribution;
  /** Early requests: answers after the publication that was due; `firstAt` in ms since 1970. */
  readonly rounds?: readonly { readonly n: number; readonly firstAt: number; readonly after: Distribution }[];
}

export type LoadMode = "endless" | "numbered" | "early" | "handshakes";

export interface LoadOptions {
  readonly mode: LoadMode;
  readonly port: number;
  readonly path?: string;
  readonly connections: number;
  /** Connections of other generators that run beside it. @default 0 */
  readonly offset?: number;
  /** Connects a second. */
  readonly rate?: number;
  readonly settle?: number;
  readonly seconds?: number;
  readonly rounds?: number;
  readonly joinTimeout?: number;
  readonly epochMs?: number;
  readonly http?: "1.0" | "1.1";
  readonly flags?: readonly ("--learned" | "--anywhere" | "--finite" | "--tls" | "--resume" | "--progress")[];
  /** Which processors it may use. @default the load's */
  readonly core?: string;
  /** How far it stands back for others, as `nice` takes it. @default not at all */
  readonly nice?: number;
  /** Told how its processes are found. */
  readonly onStart?: (pids: () => number[]) => void;
  /** Ends it early; it gives what it has. */
  readonly signal?: AbortSignal;
}

const folder = resolve(import.meta.dirname, "load");
const parts = ["load", "sockets", "reference", "endless", "numbered", "handshakes", "tls"];
const strict = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"];

export interface Programs {
  readonly load: string;
  readonly floor: string;
  /** False where OpenSSL's headers are missing. */
  readonly tls: boolean;
}

/** Builds the generator and the floor with the system's compiler (`cc`, or what `CC` names) into a folder. */
export function build(into: string): Programs {
  const compiler = process.env["CC"] ?? "cc";
  const [load, floor] = [join(into, "load"), join(into, "floor")];
  const sources = parts.map((part) => join(folder, `${part}.c`));
  const tls = existsSync("/usr/include/openssl/ssl.h");
  const withTls = tls ? ["-DWITH_TLS", "-lssl", "-lcrypto"] : [];
  execFileSync(compiler, [...strict, "-o", load, ...sources, ...withTls]);
  execFileSync(compiler, [...strict, "-o", floor, join(folder, "floor.c")]);
  return { load, floor, tls };
}

/** The generator's words. */
export function loadWords(options: LoadOptions): string[] {
  const named: [string, string | number | undefined][] = [
    ["--port", options.port],
    ["--path", options.path],
    ["--connections", options.connections],
    ["--offset", options.offset],
    ["--rate", options.rate],
    ["--settle", options.settle],
    ["--for", options.seconds],
    ["--rounds", options.rounds],
    ["--join-timeout", options.joinTimeout],
    ["--epoch", options.epochMs],
    ["--http", options.http],
  ];
  const words = named.flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
  return [options.mode, ...words, ...(options.flags ?? [])];
}

/** Runs the generator to its end. `onCounts` hears of each step while it runs. */
export async function runLoad(
  program: string,
  options: LoadOptions,
  onCounts: (counts: Counts) => void = () => {},
): Promise<LoadResult> {
  const nice = options.nice === undefined ? [] : ["nice", "-n", String(options.nice)];
  const command = [...nice, program, ...loadWords(options)];
  await using generator = new Process("load", command, { core: options.core ?? loadCore });
  options.onStart?.(() => generator.pids);
  options.signal?.addEventListener("abort", () => generator.child.kill("SIGTERM"), { once: true });
  const { stdout } = generator.child;
  if (!stdout) throw new Error("the generator has no output");
  let result: LoadResult | undefined;
  let [from, to] = [0, 0];
  for await (const line of createInterface({ input: stdout, crlfDelay: Infinity })) {
    const counts = JSON.parse(line) as Counts;
    if (counts.t === "result") result = { ...(counts as LoadResult), ownCpu: to - from };
    else onCounts(counts);
    if (counts.t === "steady") from = generator.cpu();
    if (counts.t === "measured") to = generator.cpu();
  }
  if (!result) throw new Error(`the load generator gave no result: ${generator.output}`);
  return result;
}

/** What went wrong for listeners, as words; empty when nothing did. */
export function faults(counts: Counts): string[] {
  const all: [number, string][] = [
    [counts.failedConnects, "connections failed"],
    [counts.refused, "were refused"],
    [counts.joinTimeouts, "did not join in time"],
    [counts.disconnects, "disconnected"],
    [counts.gaps, "gaps"],
    [counts.duplicates, "duplicates"],
    [counts.wrong, "wrong bytes"],
    [counts.late, "answers late by a segment"],
    [counts.behindAtEnd, "far behind at the end"],
  ];
  return all.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
}
