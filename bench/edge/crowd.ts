/**
 * `npm run bench:crowd -- --listeners 80000 --edges 6 --for 600`: a whole `rostra serve` with the demo Space and that many real
 * connections on this machine, each checking sequence and bytes of all it gets, for that long. Then, with --max, more and more
 * until something gives. Prints failed joins, gaps, wrong bytes, memory and CPU of each process over time.
 * Options: --listeners N (80000), --edges N (6), --for SECONDS (600), --rate JOINS_A_SECOND (4000), --json, --max with --step N (4000)
 * and --step-for SECONDS (15).
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { livePaths } from "../../src/wire/paths.ts";
import { Server } from "../../test/e2e/server.ts";
import { cpuSeconds, machine, memory, option } from "../figures.ts";
import { perProcess } from "./bench.ts";
import { build, type Counts, faults, type LoadResult, runLoad } from "./load.ts";
import { anyCore } from "./processes.ts";

const listeners = option("listeners", 80_000);
const edges = option("edges", 6);
const seconds = option("for", 600);
const rate = option("rate", 4000);
const raise = process.argv.includes("--max");
const json = process.argv.includes("--json");
/** How many more at a time, and for how long each of these steps is held. */
const step = option("step", 4000);
const stepSeconds = option("step-for", 15);
/** What the load generator takes (`most_connections`). */
const mostConnections = 110_000;

/** One process at one moment. */
interface Look {
  readonly name: string;
  readonly rss: number;
  readonly cpu: number;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const mega = (bytes: number): string => (bytes / 1e6).toFixed(1);

async function run(program: string): Promise<void> {
  const most = Math.min(mostConnections, edges * perProcess);
  if (listeners > most)
    throw new Error(`${edges} edges and one load generator take ${most} listeners here, not ${listeners}`);
  await using server = await Server.start({ demo: true, edges });
  await server.until("demo", (state) => state.status === "live" && !state.hold);
  const names = ["serve", "control", "stage", "origin", ...Array.from({ length: edges }, (_, i) => `edge ${i + 1}`)];
  const pids = await Promise.all(
    names.map(async (name) => (name === "serve" ? server.supervisorPid : server.pid(name))),
  );
  const look = (): Look[] =>
    names.map((name, i) => ({ name, rss: memory(pids[i] ?? 0).rss, cpu: cpuSeconds(pids[i] ?? 0) }));

  const load = {
    mode: "endless",
    port: Number(new URL(server.url).port),
    path: livePaths.stream("demo", "opus-32k"),
    flags: ["--learned", "--progress"],
    core: anyCore,
    settle: 5,
    rate,
  } as const;
  const empty = look();
  let [first, last]: [Look[], Look[]] = [[], []];
  const end = new AbortController();
  const total = seconds + (raise ? 3000 : 0);
  let heldUntil = Number.NaN;
  let held: Counts | undefined;
  let ended = "";
  const crowd = runLoad(program, { ...load, connections: listeners, seconds: total, signal: end.signal }, (counts) => {
    if (counts.t === "steady") {
      first = last = look();
      heldUntil = counts.at + seconds;
    }
    if (counts.t === "second" && Math.round(counts.at) % 10 === 0) say(`${counts.at.toFixed(0)} s: ${words(counts)}`);
    if (counts.at < heldUntil) {
      last = look();
      held = counts;
    } else if (raise && ended === "") {
      ended = "raising";
      void higher(program, load, most).then((what) => {
        ended = what;
        end.abort();
      });
    }
  });
  const result = await crowd;
  report(result, (raise ? held : undefined) ?? result, empty, first, last, ended);
}

type Load = Omit<Parameters<typeof runLoad>[1], "connections">;

/** Adds listeners step by step until one of them, or of those before, misses something. Says what ended it. */
async function higher(program: string, load: Load, most: number): Promise<string> {
  const stop = new AbortController();
  const running: Promise<LoadResult>[] = [];
  let trouble = "";
  let there = listeners;
  for (; there + step <= most && trouble === ""; there += step) {
    const joined = Promise.withResolvers<void>();
    running.push(
      runLoad(program, { ...load, connections: step, offset: there, seconds: 3000, signal: stop.signal }, (counts) => {
        const wrong = faults(counts);
        if (wrong.length > 0) trouble ||= wrong.join(", ");
        if (counts.t === "joined") setTimeout(() => joined.resolve(), stepSeconds * 1000);
      }),
    );
    await joined.promise;
    say(`${there + step} listeners: ${trouble || "nothing amiss"}`);
  }
  stop.abort();
  const results = await Promise.all(running);
  trouble ||= results.flatMap((one) => faults(one)).join(", ");
  return trouble === ""
    ? `${there} listeners, all that ${edges} edges and the load generator have descriptors for, and nothing amiss`
    : `at ${there} listeners: ${trouble}`;
}

const words = (counts: Counts): string => `${counts.joined} joined, ${faults(counts).join(", ") || "nothing amiss"}`;

/** `held` is what was counted until the crowd was raised. */
function report(result: LoadResult, held: Counts, empty: Look[], first: Look[], last: Look[], ended: string): void {
  const wrong = faults(held);
  const cpu = (name: string): number => {
    const [from, to] = [first, last].map((looks) => looks.find((one) => one.name === name)?.cpu ?? 0);
    return ((to ?? 0) - (from ?? 0)) / seconds;
  };
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ machine: machine(), listeners, edges, seconds, held, result, empty, first, last, ended })}\n`,
    );
    return;
  }
  const rows = empty.map(({ name, rss }, i) => {
    const cells = [mega(rss), mega(first[i]?.rss ?? 0), mega(last[i]?.rss ?? 0), cpu(name).toFixed(2)];
    return `| ${[name, ...cells].join(" | ")} |`;
  });
  const { firstByte, spread } = result;
  const lines = [
    `\`npm run bench:crowd -- ${process.argv.slice(2).join(" ")}\` on ${machine()}.`,
    ``,
    `${result.joined} of ${listeners} listeners on ${edges} edges for ${seconds} s: ${wrong.join(", ") || "no failed join, no gap, no wrong byte"}. ` +
      `First byte after ${(firstByte.p50 / 1000).toFixed(1)} ms (p50), ${(firstByte.p99 / 1000).toFixed(1)} ms (p99) at ${rate} joins a second; ` +
      `from the first to the last receiver of a segment ${(spread.p50 / 1000).toFixed(0)} ms (p50), ${(spread.p99 / 1000).toFixed(0)} ms (p99). ` +
      `The load generator took ${(result.ownCpu / result.seconds).toFixed(2)} cores.`,
    ``,
    `| process | RSS empty, MB | at the start, MB | at the end, MB | cores |`,
    `| --- | --- | --- | --- | --- |`,
    ...rows,
    ...(ended ? [``, `Then more and more: ${ended}.`] : []),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

const folder = await mkdtemp(join(tmpdir(), "bench-crowd-"));
try {
  await run(build(folder).load);
} finally {
  await rm(folder, { recursive: true, force: true });
}
