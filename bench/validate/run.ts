import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { OwnServer, type Processors } from "../../src/apps/calibrate/own-server.ts";
import { cpuOf } from "../../src/apps/calibrate/proc.ts";
import { pageOf } from "../../src/apps/calibrate/rounds.ts";
import { onTheWire } from "../../src/rehearsal/model/traffic.ts";
import { chunksPerSegment } from "../../src/wire/timeline.ts";
import type { Cell } from "./cells.ts";
import { type Came, comingOf, mix, type Page, peopleOf, questionOf, settleSeconds } from "./prediction.ts";
import { Swarm } from "./swarm.ts";

/**
 * Before it counts, some come who are not counted, so many for each worker and so many a second: the compilers of both sides are
 * done then with what a listener asks. After them some come alone: they wait for nobody but the swarm, the way between and their own work.
 */
const warming = { plain: { each: 300, rate: 600 }, tls: { each: 150, rate: 200 } } as const;
const [alone, aloneRate] = [60, 40];
/** Between those and the crowd, ms: they are gone. */
const calmMs = 1000;
/** A swarm whose own loop was so late in one second in ten tells nothing about the server's waits, ms. */
const lateLoop = 100;

/** A crowd of which fewer heard it is another crowd. */
const wholeShare = 0.99;

export interface Measured extends Came {
  readonly page: Page;
  /** Seconds from coming to sound of half of those who come alone. */
  readonly lone: number;
  /** Whether the crowd was what was asked for; the model is held against nothing else. */
  readonly whole: boolean;
  /** What was not as it should be, in words; then the waits are not held against the model. */
  readonly amiss: readonly string[];
}

/** One real run: a server of its own, a swarm that comes as the model's crowd does, and what the edges took. */
export async function measure(cell: Cell, seconds: number, processors: Processors | undefined): Promise<Measured> {
  await using server = await OwnServer.start({ edges: cell.workers, processors });
  if (cell.tls && server.tlsPort === undefined) throw new Error("there is no openssl to make a certificate");
  const page = await pageFacts(server);
  const question = questionOf(cell, 1, seconds);
  const rushEnd = cell.over + settleSeconds;
  const base = cell.tls ? `https://localhost:${server.tlsPort}` : `http://127.0.0.1:${server.port}`;
  const ca = server.certificate === undefined ? {} : { ca: server.certificate };
  using swarm = new Swarm(cell.listeners, { bases: [base], space: server.space, ...ca }, mix);
  const { pageShare } = cell;
  const { each: warmEach, rate: warmRate } = warming[cell.tls ? "tls" : "plain"];
  const early = warmEach * cell.workers;
  const calm = early / warmRate + 1;
  await swarm.come({
    arrivals: [...times(early, warmRate, 0), ...times(alone, aloneRate, calm)],
    until: calm + alone / aloneRate + 1,
    beginsAt: Date.now() + calmMs,
    pageShare,
    countsFrom: calm,
  });
  const lone = swarm.firstSound.quantile(0.5) / 1000;
  const beginsAt = Date.now() + calmMs;
  const crowd = swarm.come({
    arrivals: comingOf(question, peopleOf(cell, page)),
    until: rushEnd + seconds + 1,
    beginsAt,
    pageShare,
  });
  const cpu = (): number => server.edges.reduce((sum, pid) => sum + cpuOf(pid), 0);
  const look = async (at: number): Promise<Look> => {
    await sleep(Math.max(0, beginsAt + at * 1000 - Date.now()));
    return {
      at: performance.now() / 1000,
      cpu: cpu(),
      bytes: swarm.sum(({ bytes }) => bytes),
      segments: swarm.sum(({ segments }) => segments),
    };
  };
  const start = await look(0);
  const settled = await look(rushEnd);
  const { push } = await server.state();
  const end = await look(rushEnd + seconds);
  await crowd;
  const span = end.at - settled.at;
  const writes = (end.segments - settled.segments) * (push === "chunk" ? chunksPerSegment : 1);
  const each = (end.bytes - settled.bytes) / writes;
  return {
    rushCpu: settled.cpu - start.cpu,
    steadyCpu: (end.cpu - settled.cpu) / span,
    egress: (8 * writes * onTheWire(each, cell.tls)) / span,
    joinP99: swarm.firstSound.quantile(0.99) / 1000,
    page,
    lone,
    whole: swarm.sum((one) => one.heard) >= wholeShare * cell.listeners,
    amiss: amissOf(swarm, cell),
  };
}

/** So many moments, so many a second, from `from` on. */
const times = (count: number, rate: number, from: number): number[] =>
  Array.from({ length: count }, (_, i) => from + i / rate);

interface Look {
  readonly at: number;
  readonly cpu: number;
  readonly bytes: number;
  readonly segments: number;
}

function amissOf(swarm: Swarm, { listeners }: Cell): string[] {
  const heard = swarm.sum((one) => one.heard);
  const faults = swarm.sum((one) => one.gaps + one.wrong + one.disorder + one.cut);
  const delays = swarm.loopDelays.toSorted((a, b) => a - b);
  const late = delays[Math.floor(0.9 * delays.length)] ?? 0;
  return [
    ...(heard < listeners ? [`${listeners - heard} did not hear it`] : []),
    ...(faults > 0 ? [`${faults} gaps, wrong or repeated segments, or cuts`] : []),
    ...(late > lateLoop ? [`the swarm itself was ${Math.round(late)} ms late: the wait is not comparable`] : []),
  ];
}

/** What the swarm asks for as the page: itself and what it names. */
async function pageFacts(server: OwnServer): Promise<Page> {
  const paths = await pageOf(server);
  const bodies = await Promise.all(
    paths.map(async (path) => (await fetch(`http://127.0.0.1:${server.port}${path}`)).arrayBuffer()),
  );
  const bytes = bodies.reduce((sum, body) => sum + gzipSync(new Uint8Array(body)).length, 0);
  return { requests: paths.length, bytes };
}
