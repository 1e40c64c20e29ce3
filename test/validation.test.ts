import { describe, expect, test } from "vitest";
import { all, cellName, cells, chosen, shortened } from "../bench/validate/cells.ts";
import { comingOf, peopleOf, predict, probing, questionOf } from "../bench/validate/prediction.ts";
import { isPrompt, oneInTen } from "../bench/validate/probes.ts";
import { errorOf, type Held, table } from "../bench/validate/table.ts";
import { planCommand } from "../src/apps/plan/options.ts";
import { readModelError } from "../src/rehearsal/model/model-error.ts";
import { reference, referenceError } from "../src/rehearsal/model/reference.ts";
import { type Histogram, HistogramCounter } from "../src/sketch/histogram.ts";
import { read } from "./sources.ts";

const page = { requests: 6, bytes: 14_000 };
const histogram = { buckets: [], sum: 0, max: 0 };
const waits = { histogram, people: 200, median: 0.002, p99: 0.0031, late: 2 };
const cell = chosen("1000,flash,plain,1")[0] ?? expect.fail();

/** Of a thousand who came alone: a share that got sound within a millisecond, and the others after `ms`. */
function lone(soon: number, ms: number): Histogram {
  const counter = new HistogramCounter();
  for (let i = 0; i < 1000; i++) counter.add(i < soon * 1000 ? 1 : ms);
  return counter.toJSON();
}

function held(off: number, amiss: readonly string[] = []): Held {
  const came = { rushCpu: 1, steadyCpu: 0.1, egress: 1e7, joinP99: 0.02 };
  const measured = { ...came, page, alone: waits, beside: waits, crowdP99: 0.03, whole: true, amiss };
  const model = { rushCpu: 1 + off, steadyCpu: 0.1, egress: 1e7 * (1 - off / 2), joinP99: 0.02 * (1 + 2 * off) };
  return { cell, measured, model, failed: undefined };
}

describe("holding the model against real runs", () => {
  test("RH-130 there are 24 runs: three sizes, a flash and a ramp, plain and TLS, one worker and four; four are made when asked for", () => {
    expect(all.length).toBe(24);
    expect(new Set(all.map(cellName)).size).toBe(24);
    // One process has 20,000 descriptors.
    expect(Math.max(...all.filter(({ workers }) => workers === 1).map(({ listeners }) => listeners))).toBe(19_000);
    expect(cells.length).toBe(20);
    expect(chosen(undefined)).toEqual(cells);
    expect(chosen(undefined, all)).toEqual(all);
    expect(chosen("20000").map(({ tls }) => tls)).toEqual([false, false, false, false]);
    expect(chosen("20000,TLS").length).toBe(4);
    expect(() => chosen("7,flash")).toThrow("--only");
    expect(shortened(cell, 10)).toMatchObject({ listeners: 100, over: 3, shape: "flash" });
    expect(shortened(cell, 1)).toBe(cell);
  });

  test("RH-130 the swarm comes as the model's crowd does: as many in each second, nobody early", () => {
    const question = questionOf(cell, 1, 4);
    const coming = comingOf(question, peopleOf(cell, page));
    expect(coming.length).toBe(cell.listeners);
    expect(coming).toEqual(coming.toSorted((a, b) => a - b));
    expect(coming[0]).toBeGreaterThanOrEqual(0);
    expect(coming.at(-1)).toBeLessThan(cell.over + 0.2);
    // Of a flash the first quarter has 1 − 1/e of what four have.
    const early = coming.filter((at) => at < cell.over / 4).length;
    expect(early / cell.listeners).toBeCloseTo((1 - Math.exp(-1)) / (1 - Math.exp(-4)), 1);
  });

  test("RH-130 the model is asked for the same crowd on the same cores; who comes beside it costs what a newcomer does", () => {
    const question = questionOf(cell, 1, 4);
    const at = (rate: number): ReturnType<typeof predict> =>
      predict(question, peopleOf(cell, page), reference, { ...probing, rate, alone: lone(1, 1) });
    const [none, few] = [at(0.001), at(probing.rate)];
    expect(none.rushCpu).toBeGreaterThan(0.1);
    expect(none.rushCpu).toBeLessThan(11);
    expect(none.egress / (1000 * 40_000)).toBeGreaterThan(0.8);
    expect(none.egress / (1000 * 40_000)).toBeLessThan(1.6);
    const each = (few.rushCpu - none.rushCpu) / (probing.rate * cell.over);
    expect(each).toBeGreaterThan(1e-4);
    expect(each).toBeLessThan(1e-2);
    expect({ ...few, rushCpu: 0, joinP99: 0 }).toEqual({ ...none, rushCpu: 0, joinP99: 0 });
  });

  test("RH-138 what who comes alone waits for is added as a distribution, not as a number", () => {
    const question = questionOf(cell, 1, 4);
    const at = (alone: Histogram): number =>
      predict(question, peopleOf(cell, page), reference, { ...probing, alone }).joinP99;
    const [soon, late, seldom, rarely] = [
      at(lone(1, 1)),
      at(lone(0, 10_000)),
      at(lone(0.97, 10_000)),
      at(lone(0.995, 10_000)),
    ];
    expect(late - soon).toBeGreaterThan(9.5);
    expect(late - soon).toBeLessThan(10.9);
    // Three in a hundred who wait long are what 99 of 100 do not stay below; one in two hundred are not.
    expect(seldom).toBeGreaterThan(9);
    expect(rarely).toBeLessThan(1);
  });

  test("RH-138 who comes one by one was late only when it is seen in the wait", () => {
    expect(isPrompt({ ...waits, p99: 0.01, late: 9 })).toBe(true);
    expect(isPrompt({ ...waits, p99: 0.01, late: 11 })).toBe(false);
    expect(isPrompt({ ...waits, p99: 0.3, late: 50 })).toBe(true);
    expect(oneInTen([1, 50, 2, 3, 4, 5, 6, 7, 8, 9])).toBe(50);
    expect(oneInTen([1, 50, 2, 3, 4, 5, 6, 7, 8, 9, 1])).toBe(9);
    expect(oneInTen([])).toBe(0);
  });

  test("RH-131 the table says measured, model and off, and the record the largest and the middle", () => {
    const three = [held(0.1), held(-0.04), held(0.02)];
    const lines = table(three).split("\n");
    expect(lines.length).toBe(2 + 3 + 2);
    expect(lines[2]).toContain("1.00, 1.10, +10 %");
    expect(lines[3]).toContain("1.00, 0.96, −4 %");
    expect(lines.at(-1)).toContain("| 10 % | 0 % | 5 % | 20 % |  |  |  |");
    const error = errorOf(three, "here") ?? expect.fail();
    expect(error).toMatchObject({ cpu: 0.1, egress: 0.05, joinP99: 0.2, middle: { egress: 0.02, joinP99: 0.08 } });
    expect(error.runs.length).toBe(3);
    expect(readModelError(JSON.parse(JSON.stringify(error)), "it")).toEqual(error);
  });

  test("RH-131 a wait that who asks was late for is held against nothing, and a run that failed is told", () => {
    const failed: Held = { cell, measured: undefined, model: undefined, failed: "no server" };
    const late = held(0.5, ["the probes were 30 ms late"]);
    const error = errorOf([held(0.1), late, failed], "here") ?? expect.fail();
    expect([error.joinP99, error.cpu, error.runs.length]).toEqual([0.2, 0.5, 2]);
    expect(table([late])).toContain("20.0, 40.0, –");
    expect(table([held(0.1), failed])).toContain("no server");
    expect(errorOf([failed], "here")).toBeUndefined();
    const other = held(0.9);
    const few: Held = {
      ...other,
      measured: other.measured && { ...other.measured, whole: false, amiss: ["900 did not hear it"] },
    };
    expect(errorOf([held(0.1), few], "here")).toMatchObject({ cpu: 0.1, runs: { length: 1 } });
    expect(table([few])).toContain("1.00, 1.90, –");
  });

  test("RH-132 a plan tells the kept error when it is given no other", async () => {
    const words = { listeners: "1k", edge: "cores=1,nic=1G,mem=1G" };
    expect((await planCommand(words)).modelError).toBe(referenceError);
  });

  test("RH-132 the document's table is that of the kept record; while there is none, it says so", () => {
    const [, told = ""] = /<!-- model-error -->([\s\S]*?)<!-- \/model-error -->/.exec(read("docs/rehearsal.md")) ?? [];
    for (const run of referenceError?.runs ?? []) expect(told).toContain(`| ${run} `);
    expect(told).toContain(referenceError?.measured ?? "was not held against real runs yet");
  });
});
