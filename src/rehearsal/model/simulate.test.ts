import { describe, expect, test } from "vitest";
import { minutes, ms, seconds } from "../../foundation/duration.ts";
import { Edge } from "./edge.ts";
import { seatShare } from "../../wire/levels.ts";
import { columns, type Curves } from "./curves.ts";
import type { Outcome } from "./outcome.ts";
import type { Question } from "./question.ts";
import { costs, edge, onlyJoins, question, run, steadfast } from "./questions.fixture.ts";
import { segmentBytes, onTheWire } from "./traffic.ts";
import { bitsPerSecond, bytes, people } from "./units.ts";

const all = (curves: Curves): number[][] => columns.map((name) => [...curves.column(name)]);
const p99 = (outcome: Outcome): number => outcome.joins.quantile(0.99) ?? 0;
const ramp = { shape: "ramp" } as const;

describe("the simulation", () => {
  test.each<[string, Partial<Question>, number]>([
    ["calm", {}, 3],
    ["far too few edges", { listeners: people(4_000_000) }, 2],
    ["an edge lost", { loss: { edges: 1, at: seconds(10) } }, 2],
    ["a region lost in the minute before", { regions: 2, loss: { edges: "region", at: ms(-5000) } }, 4],
    ["descriptors that end", { edge: { ...edge, descriptors: 1000 } }, 2],
    ["memory that ends, with TLS", { edge: { ...edge, tls: true, memory: bytes(1e9) } }, 2],
    ["all within a second", { over: seconds(1), arrivals: ramp }, 2],
  ])("RH-1 nobody is lost and nobody counted twice: %s", (_name, change, edges) => {
    const outcome = run({ ...question, ...change }, edges);
    expect(outcome.miscounted).toBeLessThan(1e-9);
  });

  test("RH-2 the same seed gives the same to the last bit, another seed another crowd", () => {
    const [first, again, other] = [question, question, { ...question, seed: 8 }].map((one) => run(one, 3));
    expect(all(again!.curves)).toEqual(all(first!.curves));
    expect(again!.bytes).toBe(first!.bytes);
    expect(all(other!.curves)).not.toEqual(all(first!.curves));
    // Chance moves it a little, not much.
    expect(other!.bytes / first!.bytes).toBeCloseTo(1, 2);
  });

  test("RH-3 more cores, a faster line or more edges are never worse", () => {
    const tight: Question = { ...question, listeners: people(900_000), edge: { ...edge, tls: true } };
    // Who is told to stand had no answer before: what counts is who hears it and who gives up. Waits are those of who is
    // seated, and are compared where everybody is.
    const heard = ({ curves }: Outcome): number => curves.column("seated").reduce((sum, seated) => sum + seated, 0);
    const worse = (a: Outcome, b: Outcome): boolean =>
      heard(b) < heard(a) * 0.999 ||
      b.gaveUp > a.gaveUp + 1 ||
      (a.turnedAway + a.gaveUp < 1 && p99(b) > p99(a) * 1.05) ||
      b.shortSeconds > a.shortSeconds;
    const chains: Outcome[][] = [
      [2, 4, 8, 16, 32].map((cores) => run({ ...tight, edge: { ...tight.edge, cores } }, 4)),
      [1e9, 5e9, 10e9, 40e9].map((nic) => run({ ...tight, edge: { ...edge, cores: 32, nic: bitsPerSecond(nic) } }, 4)),
      [2, 4, 8, 16, 32].map((edges) => run(tight, edges)),
    ];
    for (const chain of chains) {
      const steps = chain.slice(1).map((outcome, i) => worse(chain[i]!, outcome));
      expect(steps).toEqual(steps.map(() => false));
      // And the chain says something: its first is overloaded, its last is not.
      expect(chain[0]!.turnedAway).toBeGreaterThan(1000);
      expect(chain.at(-1)!.gaveUp).toBe(0);
    }
  });

  test("RH-4 one listener on one edge is seated at once, and that is all", () => {
    const one = run({ ...question, listeners: people(1), arrivals: ramp, over: seconds(1) }, 1);
    expect(one.curves.peak("seated").value).toBeCloseTo(1, 2);
    expect(p99(one)).toBeLessThan(0.005);
    expect(one.turnedAway + one.gaveUp + one.shortSeconds).toBe(0);
    expect(one.curves.peak("level").value).toBe(0);
  });

  test.each<[Partial<Question>, number]>([
    [{}, 0],
    [{}, -1],
    [{}, 2.5],
    [{}, 10_001],
    [{ listeners: people(0) }, 1],
    [{ listeners: people(Number.NaN) }, 1],
    [{ listeners: people(1e12) }, 1],
    [{ over: ms(100) }, 1],
    [{ over: minutes(10) }, 1],
    [{ lasts: minutes(10_000) }, 1],
    [{ edge: { ...edge, cores: 0 } }, 1],
    [{ edge: { ...edge, nic: bitsPerSecond(0) } }, 1],
    [{ mix: { stream: 0.5, numbered: 0, hls: 0 } }, 1],
    [{ regions: 3 }, 2],
    [{ loss: { edges: 1, at: seconds(1) } }, 1],
    [{ loss: { edges: "region", at: seconds(1) } }, 3],
    [{ loss: { edges: 1, at: minutes(6) } }, 3],
  ])("RH-4 what cannot be is told, not simulated: %j on %d edges", (change, edges) => {
    expect(() => run({ ...question, ...change }, edges)).toThrowError(
      expect.objectContaining({ code: "plan-impossible" }),
    );
  });

  test("RH-6 above its capacity an edge is a fluid queue, worked out by hand", () => {
    // 900 people a second for a second, 2 ms of one core each: 500 are served, the last waits 0.8 s, the middle one half of it.
    const asked: Question = {
      ...question,
      listeners: people(900),
      arrivals: ramp,
      over: seconds(1),
      edge: { ...edge, cores: 1, backlog: 10_000 },
    };
    const outcome = run(asked, 1, onlyJoins(0.002), steadfast);
    expect(outcome.curves.at("joined", 0)).toBeCloseTo(500, -1);
    expect(outcome.curves.at("joined", 1)).toBeCloseTo(400, -1);
    // To the width of a histogram's bin: what chance adds to an idle worker is not added to a queue.
    expect(Math.abs((outcome.joins.quantile(0.5) ?? 0) - 0.4)).toBeLessThan(0.03);
    expect(outcome.joins.quantile(0.98)).toBeCloseTo(0.8, 1);
    expect(outcome.curves.at("cpuMost", 0)).toBeCloseTo(1, 6);
  });

  test("RH-7 whom the backlog cannot hold comes again a second later, and later still", () => {
    const asked: Question = {
      ...question,
      listeners: people(1000),
      arrivals: ramp,
      over: seconds(1),
      edge: { ...edge, cores: 1, backlog: 50 },
    };
    const outcome = run(asked, 1, onlyJoins(0.002), steadfast);
    // In the first second about 500 are served and 50 held; the others are not answered.
    expect(outcome.curves.at("joining", 0)).toBeCloseTo(500, -2);
    expect(outcome.curves.at("joined", 1)).toBeGreaterThan(300);
    expect(outcome.joins.quantile(0.3)).toBeLessThan(0.15);
    expect(outcome.joins.quantile(0.8)).toBeGreaterThan(1);
    expect(outcome.gaveUp).toBe(0);
    expect(outcome.curves.at("seated", 60)).toBeCloseTo(1000, 6);
  });

  test("RH-9 people are seated up to nine tenths of an edge and stand behind that, and get the seats of those who leave", () => {
    const small: Question = {
      ...question,
      listeners: people(100_000),
      edge: { ...edge, nic: bitsPerSecond(1e9) },
      mix: { stream: 1, numbered: 0, hls: 0 },
    };
    const { curves, turnedAway, fullest, turnedBy } = run(small, 1);
    expect(curves.peak("short").value).toBe(0);
    expect(turnedAway).toBeGreaterThan(40_000);
    expect([fullest[0]?.resource, turnedBy]).toEqual(["line", "line"]);
    expect(curves.peak("level").value).toBe(3);
    // Long after the last has come, some who stood are seated: as many as left.
    expect(curves.at("joined", 200)).toBeGreaterThan(1);
    expect(curves.at("seated", 200) / curves.at("seated", 100)).toBeCloseTo(1, 1);
    // What they have to themselves on the line is nine tenths of it, and what is asked from the queue the rest.
    const full = { ...edge, cores: 16, nic: bitsPerSecond(1e9) };
    const alone = new Edge(full, costs(), small.mix, steadfast);
    const roomy = alone.seating.room(seatShare, alone.seating.load(), false);
    expect((roomy * 4950 * 8) / 0.96 / 1e9).toBeCloseTo(0.92, 6);
  });

  test("RH-10 who was on a lost edge notices within four seconds and is seated elsewhere", () => {
    const lost: Question = { ...question, loss: { edges: 1, at: seconds(60) } };
    const { curves, orphaned, rejoins, turnedAway } = run(lost, 4);
    expect(orphaned / curves.at("seated", 59)).toBeCloseTo(0.25, 1);
    // Nobody was seated less before they noticed than are gone, and soon all are back.
    expect(curves.at("seated", 61) / curves.at("seated", 59)).toBeCloseTo(0.75, 1);
    expect(curves.at("seated", 75) / curves.at("seated", 59)).toBeCloseTo(1, 2);
    expect(rejoins.quantile(0.01)).toBeGreaterThan(2.9);
    // Three edges cannot take all at once: some of them try again after 1, 2 and 4 s.
    expect(rejoins.quantile(0.5)).toBeLessThan(6);
    expect(rejoins.quantile(0.99)).toBeLessThan(15);
    expect(turnedAway).toBe(0);
  });

  test("RH-10 a few seconds later nobody is sent to a lost edge any more", () => {
    const slow: Question = { ...question, over: minutes(4), arrivals: ramp, loss: { edges: 1, at: seconds(60) } };
    const { curves } = run(slow, 4);
    expect(curves.at("joining", 63)).toBeGreaterThan(1000);
    expect(curves.at("joining", 120)).toBeLessThan(1);
    expect(curves.at("arriving", 120)).toBeGreaterThan(1000);
  });

  test("RH-10 a lost region takes its edges at once, and one edge more is borne less well than none", () => {
    const region: Question = { ...question, regions: 3, loss: { edges: "region", at: seconds(60) } };
    const { orphaned, curves } = run(region, 6);
    expect(orphaned / curves.at("seated", 59)).toBeCloseTo(1 / 3, 1);
    expect(run(question, 6).orphaned).toBe(0);
  });

  test("RH-11 steps and memory follow from the time and the edges, not from how many listen", () => {
    const long: Question = { ...question, over: seconds(60), lasts: minutes(120), edge: { ...edge, cores: 16 } };
    const [one, million] = [1, 1_000_000].map((listeners) => run({ ...long, listeners: people(listeners) }, 4));
    expect(million!.steps).toBe(one!.steps);
    expect(million!.steps).toBeLessThan(10_000);
    expect(million!.curves.length).toBe(7320);
  });

  test("RH-11 of very many edges each that is simulated stands for several alike", () => {
    const many: Question = { ...question, edge: { ...edge, cores: 1, nic: bitsPerSecond(1e9) } };
    // 640 edges as 64 groups of ten behave as 64 edges of ten times the crowd's share do.
    const [grouped, single] = [run({ ...many, listeners: people(4_000_000) }, 640), run(many, 64)];
    expect(grouped.cpuMost.length).toBe(64);
    expect(grouped.curves.peak("seated").value / single.curves.peak("seated").value).toBeCloseTo(10, 1);
    expect(grouped.curves.peak("cpuMean").value).toBeCloseTo(single.curves.peak("cpuMean").value, 2);
    expect(p99(grouped) / p99(single)).toBeCloseTo(1, 0);
    const lost = run({ ...many, listeners: people(4_000_000), loss: { edges: 5, at: seconds(60) } }, 640);
    expect(lost.orphaned / 4_000_000).toBeCloseTo(5 / 640, 3);
    expect(lost.miscounted).toBeLessThan(1e-9);
  });

  test("RH-22 what leaves an edge is what its listeners get, byte by byte", () => {
    // 16,000 on streams of 32 kbit/s by whole segments: 4,000 on each worker; payload, and four packets of 90 bytes around it.
    const asked: Question = {
      ...question,
      listeners: people(16_000),
      arrivals: ramp,
      mix: { stream: 1, numbered: 0, hls: 0 },
    };
    const { curves } = run(asked, 1, costs(), steadfast);
    expect(segmentBytes(32_000)).toBe(3840 + 3 * 250);
    expect(onTheWire(segmentBytes(32_000), false)).toBe(4590 + 4 * 90);
    expect(curves.at("egress", 120)).toBeCloseTo((16_000 * 4950 * 8) / 0.96, -3);
  });

  test("RH-9 an edge that cannot even push to those on it cuts their sound short, and says so", () => {
    const spec = { ...edge, cores: 1, nic: bitsPerSecond(1e9) };
    const full = new Edge(spec, costs(), question.mix, steadfast);
    full.seating.add(60_000, false);
    full.step(0, 1, { add: () => {} } as never, { add: () => {} } as never);
    expect(full.short).toBeGreaterThan(0.5);
    expect(full.level).toBe(4);
    expect(full.used[1]).toBe(1);
  });
});
