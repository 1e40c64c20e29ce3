import { describe, expect, test } from "vitest";
import { judgeRun, type RunPromiseName } from "./judge.ts";
import { attackVerdict, judgeAttack } from "./judge-attack.ts";
import type { Run } from "./run.ts";
import { attackOn, type Different, runQuestion, runWith } from "./runs.fixture.ts";

const outcome = (run: Run, name: RunPromiseName): string =>
  judgeRun(run).find((one) => one.name === name)?.verdict ?? "";
const swarm = (loopDelay: number, fullest = 0.2): Different["more"] => ({
  swarm: { cores: fullest, fullest, loopDelay, rss: 1 },
});
const many = (count: number, value: number): number[] => Array.from({ length: count }, () => value);

describe("the promises", () => {
  test("RH-53 all hold in a run in which nothing went wrong", () => {
    expect(judgeRun(runWith()).map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      "heard held",
      "joinMeasured held",
      "noGap held",
      "rightBytes held",
      "behindEdge held",
      "answers held",
    ]);
  });

  test("RH-53 each is broken by what it forbids", () => {
    const broken: [RunPromiseName, Record<number, Different>][] = [
      ["heard", { 4: { added: { heard: -3, timeouts: 3 } } }],
      ["joinMeasured", { 4: { joins: many(100, 1500) } }],
      ["noGap", { 20: { added: { gaps: 1 } } }],
      ["rightBytes", { 20: { added: { wrong: 1 } } }],
      ["rightBytes", { 20: { added: { disorder: 1 } } }],
      ["behindEdge", Object.fromEntries([11, 12, 13].map((i) => [i, { behind: many(900, 2000) }]))],
      ["answers", { 20: { more: { probe: { answered: false, joined: undefined, level: 0, loopDelay: 1 } } } }],
    ];
    for (const [name, different] of broken) {
      const judged = judgeRun(runWith(different));
      expect(judged.filter(({ verdict }) => verdict !== "held").map((one) => [one.name, one.verdict])).toEqual([
        [name, "broken"],
      ]);
    }
  });

  test("RH-53 what was not measured is not known: nobody came, nothing was compared, nobody looked", () => {
    const run = runWith();
    const empty = { ...run, rows: [] };
    expect(outcome(empty, "heard")).toBe("unknown");
    expect(outcome(empty, "noGap")).toBe("unknown");
    expect(outcome(runWith({ 34: { added: { unchecked: 100_000 } } }), "rightBytes")).toBe("unknown");
    const unseen = run.rows.map((row) => ({ ...row, probe: undefined }));
    expect(outcome({ ...run, rows: unseen }, "answers")).toBe("unknown");
  });

  test("RH-53 who came a moment before the end need not have heard it, nor whoever died with their process", () => {
    expect(outcome(runWith({ 33: { added: { arrived: 50 } } }), "heard")).toBe("held");
    expect(outcome(runWith({ 20: { added: { arrived: 50 } } }), "heard")).toBe("broken");
    expect(outcome(runWith({ 20: { added: { arrived: 50 } } }, { lostWaiting: 50 }), "heard")).toBe("held");
  });

  test("RH-54 a fault while the rehearsal itself was late or full is not put down to the target", () => {
    const slow = many(100, 1500);
    for (const [kind, more] of [
      ["late", swarm(300)],
      ["full", swarm(10, 0.97)],
      ["shared", { machine: 0.99 }],
      ["late", { probe: { answered: true, joined: 1, level: 0, loopDelay: 400 } }],
    ] as const) {
      const judged = judgeRun(runWith({ 4: { joins: slow, more } })).find(({ name }) => name === "joinMeasured");
      expect([judged?.verdict, judged?.excuse?.kind]).toEqual(["unknown", kind]);
    }
    // The same on two machines of their own, or where the server itself was what kept the machine busy.
    const full = { 4: { joins: slow, more: { machine: 0.99 } } };
    expect(outcome(runWith(full, { local: false }), "joinMeasured")).toBe("broken");
    const server = { ...runWith().rows[4]?.server, cores: 1.7 } as NonNullable<Run["rows"][number]["server"]>;
    expect(outcome(runWith({ 4: { joins: slow, more: { machine: 0.99, server } } }), "joinMeasured")).toBe("broken");
  });

  test("RH-54 it is broken all the same when the seconds without an excuse break it, and wrong bytes have none", () => {
    const slow = { joins: many(100, 1500) };
    expect(outcome(runWith({ 3: { ...slow, more: swarm(300)! }, 8: slow }), "joinMeasured")).toBe("broken");
    expect(outcome(runWith({ 20: { added: { gaps: 2 }, more: swarm(900)! } }), "noGap")).toBe("unknown");
    expect(
      outcome(runWith({ 20: { added: { gaps: 2 }, more: swarm(900)! }, 28: { added: { gaps: 1 } } }), "noGap"),
    ).toBe("broken");
    expect(outcome(runWith({ 20: { added: { wrong: 2 }, more: swarm(900)! } }), "rightBytes")).toBe("broken");
  });

  test("RH-54 a target that died did not answer, whoever was late", () => {
    const ending = {
      kind: "died",
      at: 20,
      seen: { played: 900, plays: 0, refused: 10, why: "ECONNREFUSED" },
    } as const;
    expect(outcome(runWith({ 25: { more: swarm(900)! } }, { ending }), "answers")).toBe("broken");
  });
});

describe("an attack", () => {
  const owes = ["no-gap", "joins", "answers", "stage", "origin-unmoved", "memory"] as const;
  const judged = (different: Record<number, Different>, more: Partial<Run> = {}) => {
    const attack = attackOn(10, 20, owes);
    const run = runWith(different, { question: { ...runQuestion, attacks: [attack] }, ...more });
    return judgeAttack(run, attack);
  };
  const broken = (different: Record<number, Different>): string[] =>
    judged(different)
      .owed.filter(({ verdict }) => verdict === "broken")
      .map((one) => one.owes);

  test("RH-55 what the platform owes is judged in its time alone, and its cost against the seconds before", () => {
    const calm = judged({});
    expect(attackVerdict(calm)).toBe("held");
    expect(calm.cores?.during).toBeCloseTo(0.5);
    const server = runWith().rows[0]?.server as NonNullable<Run["rows"][number]["server"]>;
    const busy = (i: number): Record<number, Different> => ({
      [i]: { more: { server: { ...server, fetches: 500, rss: 2e9, stageLost: 100, cores: 1.5 } } },
    });
    expect(broken(busy(18))).toEqual(["stage", "origin-unmoved", "memory"]);
    // T is row 5: the attack begins with row 15.
    expect(broken(busy(12))).toEqual([]);
    expect(broken({ 18: { added: { gaps: 1 } } })).toEqual(["no-gap"]);
    expect(broken({ 13: { added: { gaps: 1 } } })).toEqual([]);
    expect(broken({ 18: { joins: many(200, 4000) } })).toEqual(["joins"]);
    expect(broken({ 18: { added: { hold: 400 } } })).toEqual(["stage"]);
    const dumb = { answered: false, joined: undefined, level: undefined, loopDelay: 0 };
    expect(broken({ 18: { more: { probe: dumb } } })).toEqual(["answers"]);
    const more = judged(Object.fromEntries([15, 16, 17, 18, 19, 20].map((i) => Object.entries(busy(i))[0] ?? [])));
    expect((more.cores?.during ?? 0) - (more.cores?.before ?? 0)).toBeCloseTo(0.5, 1);
  });

  test("RH-55 when few people come in its time, those who look beside them tell how long joining takes", () => {
    const slow = { more: { probe: { answered: true, joined: 3000, level: 0, loopDelay: 0 } } };
    expect(broken({ 18: slow })).toEqual(["joins"]);
    expect(judged({}).joins.during).toBeCloseTo(0.04, 2);
  });

  test("RH-55 without metrics what only they tell is not known, and so is the attack", () => {
    const run = runWith();
    const rows = run.rows.map((row) => ({ ...row, server: undefined }));
    const attack = attackOn(10, 20, owes);
    const told = judgeAttack({ ...run, rows, question: { ...runQuestion, attacks: [attack] } }, attack);
    expect(told.owed.filter(({ verdict }) => verdict === "unknown").map((one) => one.owes)).toEqual([
      "origin-unmoved",
      "memory",
    ]);
    expect([attackVerdict(told), told.cores]).toEqual(["unknown", undefined]);
  });

  test("RH-55 a fault while the rehearsal was late has an excuse here too, and others at the same time are named", () => {
    const late = judged({ 18: { added: { gaps: 3 }, more: swarm(2000)! } });
    expect(late.owed.find((one) => one.owes === "no-gap")).toMatchObject({
      verdict: "unknown",
      excuse: { kind: "late" },
    });
    const [one, other] = [attackOn(10, 20, owes), attackOn(15, 25, owes)];
    const run = runWith({}, { question: { ...runQuestion, attacks: [one, other] } });
    expect(judgeAttack(run, one).beside).toBe(1);
    expect(judgeAttack(run, other).cores?.before).toBeCloseTo(0.5);
  });
});
