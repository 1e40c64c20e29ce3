import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { OwnServer, type Processors } from "../../src/apps/calibrate/own-server.ts";
import { cpuOf } from "../../src/apps/calibrate/proc.ts";
import { pageOf } from "../../src/apps/calibrate/rounds.ts";
import { onTheWire } from "../../src/rehearsal/model/traffic.ts";
import type { SwarmSecond } from "../../src/rehearsal/swarm/contract.ts";
import { chunksPerSegment } from "../../src/wire/timeline.ts";
import type { Cell } from "./cells.ts";
import { type Came, comingOf, mix, type Page, peopleOf, questionOf, settleSeconds, warming } from "./prediction.ts";
import { besideIt, isPrompt, oneInTen, Probes, type Waits } from "./probes.ts";
import { segmentSeconds, Swarm } from "./swarm.ts";

/** Between those, those who come alone, and the crowd, ms: who came before is gone. */
const calmMs = 500;
/** A swarm whose own loop was so late in one second in ten brings its crowd at other moments than the model's, ms. */
const lateLoop = 250;

/** A crowd of which fewer heard it is another crowd. */
const wholeShare = 0.99;

export interface Measured extends Came {
  readonly page: Page;
  /** From coming to sound, of those who come one by one: to an idle server, and beside the crowd. */
  readonly alone: Waits;
  readonly beside: Waits;
  /** The same of the crowd, 99 of 100, seconds: with what its people wait for each other in the swarm. */
  readonly crowdP99: number;
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
  // Of whole segments: a part of one more or less is a large part of what is sent, and taken, in seconds.
  const steady = Math.ceil(seconds / segmentSeconds - 0.5) * segmentSeconds;
  const base = cell.tls ? `https://localhost:${server.tlsPort}` : `http://127.0.0.1:${server.port}`;
  const ca = server.certificate === undefined ? {} : { ca: server.certificate };
  const target = { bases: [base], space: server.space, ...ca };
  using swarm = new Swarm({ target, mix, listeners: cell.listeners, net: 0 });
  using probes = new Probes(target);
  const { pageShare } = cell;
  const { each: warmers, rate } = warming[cell.tls ? "tls" : "plain"];
  const early = warmers * cell.workers;
  const soon = (): number => Date.now() + calmMs;
  const warm = { until: early / rate + 0.3, beginsAt: soon(), pageShare };
  await Promise.all([swarm.come({ ...warm, arrivals: evenly(early, rate) }), probes.warm(warm)]);
  const alone = await probes.alone(soon(), pageShare);
  const beginsAt = soon();
  const crowd = swarm.come({
    arrivals: comingOf(question, peopleOf(cell, page)),
    until: rushEnd + steady + 0.5,
    beginsAt,
    pageShare,
  });
  const probing = probes.beside(beginsAt, cell.over, settleSeconds, pageShare);
  const cpu = (): number => server.edges.reduce((sum, pid) => sum + cpuOf(pid), 0);
  const look = async (at: number): Promise<Look> => {
    await sleep(Math.max(0, beginsAt + at * 1000 - Date.now()));
    return {
      at: performance.now() / 1000,
      cpu: cpu(),
      told: swarm.latest,
    };
  };
  const start = await look(0);
  const settled = await look(rushEnd);
  const { push } = await server.state();
  const end = await look(rushEnd + steady);
  await crowd;
  const beside = await probing;
  const parts = push === "chunk" ? chunksPerSegment : 1;
  const writes = readBetween(settled, end, ({ segments }) => segments) * parts;
  const each = readBetween(settled, end, ({ bytes }) => bytes) / writes;
  return {
    rushCpu: settled.cpu - start.cpu,
    steadyCpu: (end.cpu - settled.cpu) / (end.at - settled.at),
    egress: 8 * writes * onTheWire(each, cell.tls),
    joinP99: beside.p99,
    crowdP99: swarm.firstSound.quantile(0.99) / 1000,
    page,
    alone,
    beside,
    whole: swarm.sum((one) => one.heard) >= wholeShare * cell.listeners,
    amiss: amissOf(swarm, cell, alone, beside),
  };
}

/** So many moments, so many a second. */
const evenly = (count: number, rate: number): number[] => Array.from({ length: count }, (_, i) => i / rate);

interface Look {
  readonly at: number;
  readonly cpu: number;
  /** What each of the swarm's processes told last. */
  readonly told: readonly (SwarmSecond | undefined)[];
}

/** What the crowd read between two looks, a second. */
function readBetween(from: Look, to: Look, of: (told: SwarmSecond) => number): number {
  return to.told.reduce((sum, later, i) => {
    const sooner = from.told[i];
    return later && sooner ? sum + (of(later) - of(sooner)) / (later.at - sooner.at) : sum;
  }, 0);
}

function amissOf(swarm: Swarm, { listeners, over }: Cell, alone: Waits, beside: Waits): string[] {
  const heard = swarm.sum((one) => one.heard);
  const faults = swarm.sum((one) => one.gaps + one.wrong + one.disorder + one.cut);
  const late = oneInTen(swarm.loopDelays);
  const prompt = isPrompt(alone) && isPrompt(beside);
  const missing = besideIt(over).length - beside.people;
  const ms = (value: number): string => `${Math.round(value)} ms`;
  return [
    ...(heard < listeners ? [`${listeners - heard} did not hear it`] : []),
    ...(faults > 0 ? [`${faults} gaps, wrong or repeated segments, or cuts`] : []),
    ...(late > lateLoop ? [`the swarm was ${ms(late)} late: the crowd came at other moments`] : []),
    ...(missing > 0 ? [`${missing} who came one by one did not hear it`] : []),
    ...(prompt ? [] : [`the probes were ${ms(Math.max(alone.late, beside.late))} late: the wait is partly their own`]),
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
