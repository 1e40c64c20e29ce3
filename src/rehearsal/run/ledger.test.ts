import { describe, expect, test } from "vitest";
import { HistogramCounter } from "../../sketch/histogram.ts";
import type { SwarmSecond } from "../swarm/contract.ts";
import { between, readExposition } from "./exposition.ts";
import { grew, Ledger, noCounts } from "./ledger.ts";
import { VitalSigns } from "./vital-signs.ts";

const histogram = (...values: number[]) => {
  const counter = new HistogramCounter();
  for (const value of values) counter.add(value);
  return counter.toJSON();
};
const told = (more: Partial<SwarmSecond>): SwarmSecond => ({
  ...noCounts,
  t: "second",
  at: 1,
  playing: 0,
  waiting: 0,
  firstByte: histogram(),
  firstSound: histogram(),
  behind: histogram(),
  cpu: 0,
  rss: 0,
  loopDelay: 0,
  ...more,
});

describe("what processes tell", () => {
  test("RH-52 is added up by the second, each process's latest word once", () => {
    const ledger = new Ledger([10, 10]);
    ledger.take(0, told({ arrived: 5, playing: 3, refused: { 503: 1 }, firstSound: histogram(100, 200), cpu: 0.5 }));
    ledger.take(
      1,
      told({ arrived: 4, playing: 4, refused: { 503: 2, 404: 1 }, firstSound: histogram(300), loopDelay: 80 }),
    );
    const first = ledger.close({ machine: 0.5 });
    expect(first.counts).toMatchObject({ arrived: 9, refused: { 503: 3, 404: 1 } });
    expect([first.playing, first.firstSound?.count, first.swarm.loopDelay, first.machine]).toEqual([7, 3, 80, 0.5]);
    // One tells late: what it said last still counts, and nothing twice.
    ledger.take(0, told({ arrived: 6, playing: 6, cpu: 1.25 }));
    const second = ledger.close({});
    expect([second.counts.arrived, second.playing, second.firstSound, second.swarm.loopDelay]).toEqual([
      10,
      10,
      undefined,
      0,
    ]);
    expect(second.swarm.cores).toBeCloseTo(0.75);
    expect([grew(ledger.rows, 0, "arrived"), grew(ledger.rows, 1, "arrived")]).toEqual([9, 1]);
    expect(ledger.joins.count).toBe(3);
  });

  test("RH-52 a process that dies takes its listeners out of the rehearsal, and what it counted stays", () => {
    const ledger = new Ledger([10, 10]);
    ledger.take(0, told({ arrived: 8, heard: 5, playing: 5, waiting: 3, left: 0 }));
    ledger.take(1, told({ arrived: 10, heard: 10, playing: 10 }));
    ledger.lose(0);
    ledger.lose(0);
    const row = ledger.close({});
    expect([row.playing, row.waiting, row.counts.heard]).toEqual([10, 0, 15]);
    expect([ledger.dead, ledger.lostListeners, ledger.lostWaiting]).toEqual([1, 10, 3]);
  });
});

describe("a server's metrics", () => {
  const text = (cpu: number, uptime: number, sent: number): string => `
# TYPE rostra_up gauge
rostra_up{process="edge 1"} 1
rostra_process_cpu_seconds_total{process="edge 1"} ${cpu}
rostra_process_cpu_seconds_total{process="origin"} ${cpu / 2}
rostra_process_uptime_seconds{process="edge 1"} ${uptime}
rostra_process_uptime_seconds{process="origin"} ${uptime}
rostra_process_resident_memory_bytes{process="edge 1"} 1e8
rostra_process_event_loop_delay_seconds{process="edge 1",quantile="0.5"} 0.001
rostra_process_event_loop_delay_seconds{process="edge 1",quantile="1"} 0.25
rostra_edge_stream_sent_bytes_total{process="edge 1"} ${sent}
rostra_edge_upstream_fetches_total{process="edge 1",kind="segment"} 7
garbage
rostra_edge_listeners{process="edge 1"} NaN
`;

  test("RH-56 are read by process; what a second took is measured by each process's own time, and garbage is left out", () => {
    const [a, b] = [readExposition(text(10, 100, 0), 3), readExposition(text(10.6, 101.2, 1e6), 4)];
    if (!a || !b) throw new Error("not read");
    const second = between(a, b);
    expect(second.edges).toEqual([{ name: "edge 1", share: expect.closeTo(0.5) as number }]);
    expect(second.cores).toBeCloseTo(0.75);
    expect([second.egress, second.loopDelay, second.listeners, second.rss]).toEqual([8e6, 0.25, 0, 1e8]);
    expect(readExposition("hello", 1)).toBeUndefined();
    // Started again, it counts from zero.
    expect(between(b, readExposition(text(0.3, 1, 0), 5) ?? b).edges[0]?.share).toBeCloseTo(0.3);
  });
});

describe("a target that dies", () => {
  const sign = (at: number, more: object = {}) => ({
    at,
    gone: undefined,
    answered: true,
    playing: 1000,
    refusedConnects: 0,
    ...more,
  });
  const dead = { gone: "ECONNREFUSED", answered: false, playing: 0 };

  test("RH-57 is told once nobody plays and nothing answers for a while, with when it began and what was seen", () => {
    const signs = new VitalSigns(3);
    expect(signs.take(sign(9))).toBeUndefined();
    for (const at of [10, 11, 12]) expect(signs.take(sign(at, { ...dead, refusedConnects: 5 * at }))).toBeUndefined();
    expect(signs.since).toBe(10);
    expect(signs.take(sign(13, { ...dead, refusedConnects: 400 }))).toEqual({
      at: 10,
      seen: { played: 1000, plays: 0, refused: 350, why: "ECONNREFUSED" },
    });
  });

  test("RH-57 one that comes back in time was away, and one whose listeners still play is not dead", () => {
    const signs = new VitalSigns(3);
    signs.take(sign(0));
    for (const at of [1, 2, 3]) signs.take(sign(at, dead));
    expect(signs.take(sign(4))).toBeUndefined();
    expect(signs.since).toBeUndefined();
    for (const at of [5, 6, 7, 8, 9, 10]) expect(signs.take(sign(at, { ...dead, playing: 900 }))).toBeUndefined();
    // Slow is not gone.
    const slow = new VitalSigns(1);
    for (const at of [1, 2, 3, 4]) expect(slow.take(sign(at, { answered: false, playing: 0 }))).toBeUndefined();
  });
});
