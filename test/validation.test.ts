import { describe, expect, test } from "vitest";
import { cellName, cells, chosen, shortened } from "../bench/validate/cells.ts";
import { comingOf, peopleOf, predict, questionOf } from "../bench/validate/prediction.ts";
import { errorOf, type Held, table } from "../bench/validate/table.ts";
import { planCommand } from "../src/apps/plan/options.ts";
import { readModelError } from "../src/rehearsal/model/model-error.ts";
import { reference, referenceError } from "../src/rehearsal/model/reference.ts";
import { read } from "./sources.ts";

const page = { requests: 6, bytes: 14_000 };
const cell = chosen("1000,flash,plain,1")[0] ?? expect.fail();

function held(off: number, amiss: readonly string[] = []): Held {
  const measured = { rushCpu: 1, steadyCpu: 0.1, egress: 1e7, joinP99: 0.02, page, lone: 0.002, whole: true, amiss };
  const model = { rushCpu: 1 + off, steadyCpu: 0.1, egress: 1e7 * (1 - off / 2), joinP99: 0.02 * (1 + 2 * off) };
  return { cell, measured, model, failed: undefined };
}

describe("holding the model against real runs", () => {
  test("RH-130 there are 24 runs: three sizes, a flash and a ramp, plain and TLS, one worker and four", () => {
    expect(cells.length).toBe(24);
    expect(new Set(cells.map(cellName)).size).toBe(24);
    // One process has 20,000 descriptors.
    expect(Math.max(...cells.filter(({ workers }) => workers === 1).map(({ listeners }) => listeners))).toBe(19_000);
    expect(chosen("20000,tls").length).toBe(4);
    expect(chosen(undefined)).toEqual(cells);
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
    // Of a flash over 8 s the first two have 1 − 1/e of what the whole has.
    const early = coming.filter((at) => at < 2).length;
    expect(early / cell.listeners).toBeCloseTo((1 - Math.exp(-1)) / (1 - Math.exp(-4)), 1);
  });

  test("RH-130 the model is asked for the same crowd on the same cores, and what the swarm takes is added to its wait", () => {
    const question = questionOf(cell, 1, 4);
    const at = (lone: number): ReturnType<typeof predict> => predict(question, peopleOf(cell, page), reference, lone);
    const [alone, late] = [at(0), at(10)];
    expect(alone.rushCpu).toBeGreaterThan(0.1);
    expect(alone.rushCpu).toBeLessThan(11);
    expect(alone.egress / (1000 * 40_000)).toBeGreaterThan(0.8);
    expect(alone.egress / (1000 * 40_000)).toBeLessThan(1.6);
    expect(late.joinP99 - alone.joinP99).toBeGreaterThan(9.8);
    expect(late.joinP99 - alone.joinP99).toBeLessThan(10);
    expect({ ...late, joinP99: 0 }).toEqual({ ...alone, joinP99: 0 });
  });

  test("RH-131 the table says measured, model and off, and the record the largest and the middle", () => {
    const all = [held(0.1), held(-0.04), held(0.02)];
    const lines = table(all).split("\n");
    expect(lines.length).toBe(2 + 3 + 2);
    expect(lines[2]).toContain("1.00, 1.10, +10 %");
    expect(lines[3]).toContain("1.00, 0.96, −4 %");
    expect(lines.at(-1)).toContain("| 10 % | 0 % | 5 % | 20 % |");
    const error = errorOf(all, "here") ?? expect.fail();
    expect(error).toMatchObject({ cpu: 0.1, egress: 0.05, joinP99: 0.2, middle: { egress: 0.02, joinP99: 0.08 } });
    expect(error.runs.length).toBe(3);
    expect(readModelError(JSON.parse(JSON.stringify(error)), "it")).toEqual(error);
  });

  test("RH-131 a wait that the swarm itself was late for is held against nothing, and a run that failed is told", () => {
    const failed: Held = { cell, measured: undefined, model: undefined, failed: "no server" };
    const late = held(0.5, ["the swarm itself was 300 ms late"]);
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
