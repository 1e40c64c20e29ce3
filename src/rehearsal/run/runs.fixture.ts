import { ms } from "../../foundation/duration.ts";
import { HistogramCounter } from "../../sketch/histogram.ts";
import type { OwedPromise } from "../attackers/contract.ts";
import { people } from "../model/units.ts";
import type { SwarmCounts } from "../swarm/contract.ts";
import { noCounts, type Row } from "./ledger.ts";
import type { PlannedAttack, RunQuestion } from "./question.ts";
import type { Run } from "./run.ts";

export const runQuestion: RunQuestion = {
  listeners: people(1000),
  arrivals: { shape: "flash" },
  over: ms(10_000),
  lasts: ms(30_000),
  seed: 1,
  early: 5,
  mix: { stream: 1, numbered: 0, hls: 0 },
  pageShare: 1,
  attacks: [],
  promises: { heard: 0.999, joinP99: ms(1000), behindP99: ms(1000) },
};

export const attackOn = (from: number, to: number, owes: readonly OwedPromise[]): PlannedAttack => ({
  name: "request-flood",
  unit: "a second",
  strength: 100,
  owes,
  from,
  to,
});

/** What is different in a second; counters are what was added in it. */
export interface Different {
  readonly added?: Partial<SwarmCounts>;
  /** How long joins took, ms. */
  readonly joins?: readonly number[];
  readonly behind?: readonly number[];
  readonly more?: Partial<Omit<Row, "counts" | "joins" | "firstSound" | "behind">>;
}

/**
 * A run of 35 seconds, T at second 5, in which everybody comes in the first ten, hears it within 50 ms and misses nothing, on a server
 * that uses half a core; but for what is different in some seconds.
 */
export function runWith(different: Readonly<Record<number, Different>> = {}, more: Partial<Run> = {}): Run {
  const [joins, firstBytes, behind] = [new HistogramCounter(), new HistogramCounter(), new HistogramCounter()];
  const rows: Row[] = [];
  let counts: SwarmCounts = noCounts;
  for (let i = 0; i < 35; i++) {
    const other = different[i] ?? {};
    const arriving = i < 10 ? 100 : 0;
    const usual: Partial<SwarmCounts> = { arrived: arriving, heard: arriving, segments: 900, bytes: 4_000_000 };
    counts = plus(plus(counts, usual), other.added ?? {});
    const row = [new HistogramCounter(), new HistogramCounter()] as const;
    for (const took of other.joins ?? Array.from({ length: arriving }, () => 50)) {
      row[0].add(took);
      joins.add(took);
      firstBytes.add(took / 2);
    }
    for (const late of other.behind ?? Array.from({ length: 900 }, () => 80)) {
      row[1].add(late);
      behind.add(late);
    }
    rows.push({
      counts,
      playing: counts.heard,
      waiting: 0,
      firstSound: timed(row[0]),
      behind: timed(row[1]),
      joins: row[0].toJSON(),
      swarm: { cores: 0.2, fullest: 0.2, loopDelay: 5, rss: 1e8 },
      server: {
        cores: 0.5,
        edges: [
          { name: "edge 1", share: 0.2 },
          { name: "edge 2", share: 0.1 },
        ],
        rss: 4e8,
        loopDelay: 0.01,
        egress: 32e6,
        fetches: 3,
        stageLost: 0,
        speakers: 1,
        listeners: counts.heard,
      },
      probe: { answered: true, joined: 40, level: 0, loopDelay: 3 },
      machine: 0.4,
      ...other.more,
    });
  }
  return {
    question: runQuestion,
    hour: 5,
    rows,
    joins,
    firstBytes,
    behind,
    dead: 0,
    lostListeners: 0,
    lostWaiting: 0,
    attacks: [],
    ending: { kind: "over" },
    local: true,
    cores: 2,
    ...more,
  };
}

function plus(counts: SwarmCounts, added: Partial<SwarmCounts>): SwarmCounts {
  const sum = { ...counts } as Record<string, unknown>;
  for (const [key, value] of Object.entries(added)) {
    if (typeof value === "number") sum[key] = Number(sum[key]) + value;
    else {
      const before = sum[key] as Record<string, number>;
      const both = Object.entries(value).map(([status, n]) => [status, (before[status] ?? 0) + n]);
      sum[key] = { ...before, ...Object.fromEntries(both) };
    }
  }
  return sum as unknown as SwarmCounts;
}

function timed(counter: HistogramCounter): Row["firstSound"] {
  return counter.count === 0
    ? undefined
    : { count: counter.count, p50: counter.quantile(0.5), p99: counter.quantile(0.99) };
}
