import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { SwarmSecond } from "../../src/rehearsal/swarm/contract.ts";
import { Server } from "../../test/e2e/server.ts";
import type { LoadResult } from "../edge/load.ts";
import { type Did, prepare } from "./attack.ts";
import { Asking, Crowd } from "./crowd.ts";
import { Newcomers, type Welcome } from "./newcomers.ts";
import { shareOf, type Wave, waveName } from "./plan.ts";
import { Usage, type Used } from "./usage.ts";

export interface ArenaOptions {
  /** The working tree whose server is attacked. @default this one */
  readonly checkout: string | undefined;
  readonly edges: number;
  readonly listeners: number;
  readonly seconds: number;
  /** How much more than usual, and than there are listeners. */
  readonly times: number;
  /** The built load generator. */
  readonly program: string;
}

/** One row: what a wave of attackers did to a server, to those who listen and those who come. */
export interface Row {
  readonly wave: string;
  readonly at: string;
  readonly seconds: number;
  readonly listeners: number;
  readonly did: readonly Did[];
  /** Of everybody who plays: segments or chunks missed, wrong bytes, twice, too late by a segment; and connections that ended. */
  readonly missed: number;
  readonly wrong: number;
  readonly cut: number;
  readonly newcomers: Welcome;
  readonly used: Used;
  /** The highest level that the state told. */
  readonly level: number;
  /** Looks at the state that had no answer within two seconds, of all. */
  readonly looks: readonly [unanswered: number, all: number];
  /** The machine's load before it began: what else ran. */
  readonly load: number;
  /** What could not be measured, or went wrong with the measurement itself. */
  readonly notes: readonly string[];
}

/** Of those who listen so many in a hundred ask segment by segment. */
const numberedShare = 0.02;
/** For how long the server is watched at rest, and after the attack. */
const calmMs = 1000;
const afterMs = 3000;

/** Starts a server, lets a crowd listen, attacks it once, and ends all of it. */
export async function arena(wave: Wave, options: ArenaOptions): Promise<Row> {
  const { checkout, edges, seconds, times, program } = options;
  const load = loadavg()[0] ?? 0;
  await using server = await Server.start({ demo: true, edges, checkout });
  const live = await server.until(
    "demo",
    ({ status, hold, latest }) => status === "live" && !hold && (latest ?? 0) > 3,
  );
  const port = Number(new URL(server.url).port);
  const numbered = Math.round(options.listeners * numberedShare);
  await using crowd = new Crowd(program, port, live.id, options.listeners - numbered);
  await using asking = new Asking(port, live.id, numbered);
  const attacks = await Promise.all(
    (await Promise.all(wave.map((name) => shareOf(name, options.listeners, times)))).map((share) =>
      prepare(share, port, "demo"),
    ),
  );
  await using _attackers = {
    [Symbol.asyncDispose]: async () => void (await Promise.all(attacks.map((one) => one[Symbol.asyncDispose]()))),
  };
  await Promise.all([crowd.steady, asking.playing]);
  const attackers = attacks.flatMap(({ pids }) => pids);
  const usage = await Usage.of(server, edges, { crowd: crowd.pids(), asking: [asking.pid], attackers });
  await sleep(calmMs);
  const before = asking.told;
  const over = AbortSignal.timeout(seconds * 1000);
  usage.begin(seconds);
  const newcomers = new Newcomers(port, live.id).welcome(over);
  const looks = look(server, over);
  const did = await Promise.all(attacks.map((one) => one.run(seconds)));
  const welcome = await newcomers;
  await sleep(afterMs);
  const used = usage.read();
  const { unanswered, all, level } = await looks;
  const [streamed, asked] = await Promise.all([crowd.end(), asking.end()]);
  return {
    wave: waveName(wave),
    at: new Date().toISOString(),
    seconds,
    listeners: options.listeners,
    did,
    missed: streamed.gaps + streamed.behindAtEnd + asked.gaps,
    wrong: streamed.wrong + streamed.duplicates + asked.wrong + asked.disorder,
    cut: streamed.disconnects + asked.cut,
    newcomers: welcome,
    used,
    level,
    looks: [unanswered, all],
    load: Math.round(load * 10) / 10,
    notes: notes(streamed, { ...asked, hold: asked.hold - (before?.hold ?? 0) }, options.listeners - numbered),
  };
}

function notes(streamed: LoadResult, asked: SwarmSecond, streams: number): string[] {
  const found: [number, string][] = [
    [streams - streamed.joined, "of the crowd did not join"],
    [streamed.failedConnects + streamed.refused + streamed.joinTimeouts, "of the crowd were refused at the start"],
    [asked.hold, "segments of hold audio in place of the programme"],
    [asked.unchecked, "segments could not be compared"],
    [asked.timeouts, "numbered requests timed out"],
    [asked.loopDelay > 500 ? Math.round(asked.loopDelay) : 0, "ms that a listener's own process was held up"],
  ];
  return found.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
}

async function look(server: Server, over: AbortSignal): Promise<{ unanswered: number; all: number; level: number }> {
  const told = { unanswered: 0, all: 0, level: 0 };
  for (; !over.aborted; await sleep(500)) {
    told.all++;
    try {
      const answer = await fetch(`${server.url}/live/demo/state.json`, { signal: AbortSignal.timeout(2000) });
      told.level = Math.max(told.level, ((await answer.json()) as { level?: number }).level ?? 0);
    } catch {
      told.unanswered++;
    }
  }
  return told;
}
