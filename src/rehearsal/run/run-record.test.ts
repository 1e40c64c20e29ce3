import { describe, expect, test } from "vitest";
import { newCounts } from "../attackers/run-attack.ts";
import { languages } from "../report/language.ts";
import { lines } from "../report/lines.ts";
import { page } from "../report/page.ts";
import { count, share, span } from "../report/quantities.ts";
import { verdictOf } from "../report/record.ts";
import type { Run } from "./run.ts";
import { runRecord, type RunRecordOptions } from "./run-record.ts";
import { attackOn, runQuestion, runWith } from "./runs.fixture.ts";

const options: RunRecordOptions = {
  title: "A run",
  command: "rostra rehearse --seed 1",
  target: "http://localhost:8080",
  space: "An evening",
  machine: { cpu: "a processor", cores: 2, kernel: "Linux", node: "Node 24", version: "1.0" },
  processes: 2,
  sources: ["127.0.0.2", "127.0.0.3"],
  server: ["edge 1", "edge 2"],
  people: { key: "people", values: { leave: span(1), back: share(0.5), reload: span(2), giveUp: span(3) } },
};
const attacked = (): Run => {
  const attacks = [attackOn(10, 20, ["no-gap", "joins"]), attackOn(12, 20, ["memory"])];
  const counts = { ...newCounts(), sent: 1234, answered: { 200: 1000, 503: 34 } };
  return runWith({}, { question: { ...runQuestion, attacks }, attacks: [counts, undefined] });
};

describe("the record of a run", () => {
  test("RH-58 says what was asked, what came, which promises held, how to repeat it, and how far to believe it", () => {
    const record = runRecord(attacked(), options);
    expect([record.kind, verdictOf(record), record.interrupted]).toEqual(["run", "go", undefined]);
    const text = lines(record, "en").replaceAll(/\s+/g, " ");
    for (const part of [
      "1,000 of 1,000 people who came heard it; at most 1,000 at once, at T+4 s.",
      "half within 50 ms, 99 of 100 within 50 ms",
      "Nobody who plays misses a segment: none (none), held",
      "request-flood: 0 cores more, 0.5 in all",
      "with 1 other attack at the same time",
      "2 processes, from 2 addresses, 127.0.0.2 to 127.0.0.3",
      "all at the hour, over 10 s, with a tenth in the 5 s before",
      "Swarm and server shared 2 cores",
      "rostra rehearse --seed 1",
      "Nothing: every promise held.",
    ])
      expect(text).toContain(part);
    expect(record.attacks[0]?.verdict).toBe("held");
    expect(record.curves.map(({ name }) => name)).toContain("cpuMost");
    expect(record.curves.find(({ name }) => name === "seated")).toMatchObject({ from: -5, step: 1 });
    expect(record.question[2]).toEqual({ name: { key: "fact.listeners" }, value: count(1000) });
  });

  test("RH-58 without metrics the server's curves are left out, and it says so", () => {
    const run = attacked();
    const record = runRecord(
      { ...run, rows: run.rows.map((row) => ({ ...row, server: undefined })) },
      { ...options, server: [] },
    );
    expect(record.curves.map(({ name }) => name)).not.toContain("cpuMost");
    const text = lines(record, "en").replaceAll(/\s+/g, " ");
    expect(text).toContain("The server’s metrics were not read");
    expect(text).toContain("(--data or --metrics)");
    expect(text).toContain("not known: memory within its caps");
    // What an attack owed and only metrics tell is not known, and then neither is the whole.
    expect(verdictOf(record)).toBe("cannotTell");
  });

  test("RH-58 a broken promise says what to change first, and an attack that broke one is no go", () => {
    const refused = { added: { refused: { 503: 40 }, gaps: 2 } };
    const server = { ...runWith().rows[0]?.server, edges: [{ name: "edge 2", share: 0.99 }] } as NonNullable<
      Run["rows"][number]["server"]
    >;
    const run = runWith({ 18: { ...refused, more: { server } } }, { question: attacked().question });
    const record = runRecord(run, options);
    expect(verdictOf(record)).toBe("noGo");
    expect(record.changes.map((one) => "key" in one && one.key)).toEqual([
      "change.edges",
      "change.refused",
      "change.withstand",
    ]);
    expect(record.attacks[0]?.verdict).toBe("broken");
    expect(lines(record, "en").replaceAll(/\s+/g, " ")).toContain(
      "BROKEN: no gap, right bytes; kept: joins in time, broken",
    );
    const onlyAttack = { ...record, promises: record.promises.map((one) => ({ ...one, verdict: "held" as const })) };
    expect(verdictOf(onlyAttack)).toBe("noGo");
  });

  test("RH-59 one that ended early says when, why and what was seen, and is no go when the target died", () => {
    const stopped = runRecord(runWith({}, { ending: { kind: "stopped", at: 12 } }), options);
    expect(verdictOf(stopped)).toBe("cannotTell");
    expect(lines(stopped, "en")).toContain("It ended early: somebody stopped it at T+12");
    const seen = { played: 950, plays: 3, refused: 77, why: "ECONNREFUSED" };
    const died = runRecord(runWith({}, { ending: { kind: "died", at: 20, seen } }), options);
    expect(verdictOf(died)).toBe("noGo");
    expect(died.marks.map(({ at }) => at)).toContain(20);
    expect(lines(died, "en")).toContain("of 950 who played 3 still did, 77 connections were refused");
    expect(died.changes[0]).toEqual({ key: "change.died" });
    const ended = runRecord(runWith({}, { ending: { kind: "permit", at: 12 } }), options);
    expect(lines(ended, "en")).toContain("the target’s permit ended");
    const nothing = runRecord(runWith({}, { rows: [], ending: { kind: "stopped", at: -5 } }), options);
    expect(lines(nothing, "en")).toContain("Nothing was measured");
    expect(verdictOf(nothing)).toBe("cannotTell");
  });

  test("RH-58 it is told whole in every language", () => {
    const late = {
      more: { swarm: { cores: 1, fullest: 1, loopDelay: 900, rss: 1 } },
      added: { gaps: 1, cut: 1, gaveUp: 1 },
    };
    const seen = { played: 950, plays: 3, refused: 77, why: "ECONNREFUSED" };
    const run = runWith(
      { 18: late, 25: { added: { heldBack: 2, timeouts: 1 } } },
      { question: attacked().question, dead: 1, lostListeners: 5, ending: { kind: "died", at: 20, seen } },
    );
    const record = runRecord(run, options);
    for (const language of languages) {
      expect(lines(record, language)).not.toMatch(/\{\w+\}|undefined|NaN/);
      expect(page(record, language)).not.toMatch(/\{\w+\}|undefined|NaN/);
    }
  });
});
