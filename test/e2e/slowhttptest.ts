import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";
import { pagePaths } from "../../src/wire/pages.ts";

/** Debian's `slowhttptest`: slow headers (slowloris), slow body, overlapping ranges ("Apache killer"), slow read. */
export const slowModes = ["slow headers", "slow body", "range", "slow read"] as const;
export type SlowMode = (typeof slowModes)[number];

export const slowHttpTestIsInstalled = (): boolean => spawnSync("slowhttptest", ["-h"]).error === undefined;

/** The largest file that every server has. */
const file = "/player.js";
const words: Readonly<Record<SlowMode, { readonly path: string; readonly options: readonly string[] }>> = {
  "slow headers": { path: pagePaths.space("demo"), options: ["-H", "-i", "2"] },
  "slow body": { path: "/api/v1/session", options: ["-B", "-i", "2", "-s", "8192"] },
  range: { path: file, options: ["-R", "-a", "1", "-b", "500"] },
  // A window of some bytes, of which 32 are read every five seconds, and ten answers on each connection.
  "slow read": { path: file, options: ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "10"] },
};

/** What came of one mode. */
export interface SlowResult {
  readonly mode: SlowMode;
  /** Why it ended, in its own words: `No open connections left` when the server has closed all. */
  readonly exit: string;
  /** When it ended, in seconds. */
  readonly after: number;
  /** Whether its probe, a request of its own each second, was always answered. */
  readonly available: boolean;
}

export interface SlowOptions {
  readonly connections: number;
  /** It ends after so many seconds if connections are left. */
  readonly seconds: number;
  /** Ends it sooner. */
  readonly signal?: AbortSignal;
}

/** Runs one mode against a server on this machine. */
export async function slowHttpTest(
  mode: SlowMode,
  url: string,
  { connections, seconds, signal }: SlowOptions,
): Promise<SlowResult> {
  const { path, options } = words[mode];
  const named = {
    c: connections,
    r: connections,
    l: seconds,
    p: 5,
    u: new URL(path, url).href.replace("localhost", "127.0.0.1"),
  };
  const all = Object.entries(named).flatMap(([name, value]) => [`-${name}`, String(value)]);
  const child = spawn("slowhttptest", [...options, ...all], { stdio: ["ignore", "pipe", "ignore"] });
  const end = (): void => void child.kill("SIGINT");
  signal?.addEventListener("abort", end, { once: true });
  const [painted] = await Promise.all([text(child.stdout), once(child, "exit")]);
  const told = stripVTControlCharacters(painted);
  signal?.removeEventListener("abort", end);
  return {
    mode,
    exit: /Exit status: (.*)/.exec(told)?.[1]?.trim() ?? "",
    after: Number(/Test ended on (\d+)/.exec(told)?.[1]),
    available: !/service available:\s*NO/.test(told),
  };
}
