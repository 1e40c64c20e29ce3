import { makePlan } from "../model/plan.ts";
import { question } from "../model/questions.fixture.ts";
import { calibration } from "../model/calibration.fixture.ts";
import { people } from "../model/units.ts";
import { planRecord } from "./plan-record.ts";
import { count, share, span } from "./quantities.ts";
import type { RehearsalRecord } from "./record.ts";

/** A plan as a record; `hostile` puts markup wherever a text of somebody's can stand. */
export function planned(hostile = "", edges?: number): RehearsalRecord {
  const plan = makePlan({
    question: { ...question, listeners: people(50_000) },
    calibration: { ...calibration, name: `${calibration.name}${hostile}` },
    edges,
  });
  return planRecord(plan, {
    title: `An evening${hostile}`,
    command: `rostra plan --title '${hostile}'`,
    people: {
      key: "people",
      values: { leave: span(1), back: share(0.5), reload: span(2), giveUp: span(3) },
    },
  });
}

/** A real run as somebody's swarm would tell it, with attacks, gaps and what was not measured. */
export function measured(hostile = ""): RehearsalRecord {
  const values = (most: number): (number | null)[] =>
    Array.from({ length: 120 }, (_, i) => (i < 10 ? null : (most * i) / 120));
  return {
    v: 1,
    kind: "run",
    title: `A rehearsal${hostile}`,
    command: "rostra rehearse --listeners 5000",
    question: [{ name: { key: "fact.listeners" }, value: count(5000) }],
    setup: [{ name: { text: `Server${hostile}` }, value: `this one${hostile}` }],
    findings: [{ text: `It went well${hostile}` }],
    promises: [
      {
        promise: { key: "promise.seated" },
        owed: { key: "owed.atLeast", values: { value: share(0.999) } },
        came: share(1),
        verdict: "held",
      },
      {
        promise: { text: `No gap${hostile}` },
        owed: { key: "owed.none" },
        verdict: "unknown",
        why: { text: `nobody looked${hostile}` },
      },
    ],
    rush: { from: -10, to: 40 },
    curves: [
      { name: "arriving", from: -10, step: 1, values: values(500) },
      { name: "joinP50", from: -10, step: 1, values: values(0.1) },
      { name: "joinP99", from: -10, step: 1, values: values(2) },
      { name: "seated", from: -10, step: 1, values: values(5000) },
      { name: "behindP50", from: -10, step: 1, values: values(1) },
      { name: "gaps", from: -10, step: 1, values: values(3) },
      { name: "level", from: -10, step: 1, values: values(2) },
    ],
    marks: [{ at: 20, to: 50, says: { text: `a flood${hostile}` } }],
    attacks: [
      {
        name: { text: `request flood${hostile}` },
        from: 20,
        to: 50,
        strength: `1,000 a second${hostile}`,
        cost: share(0.2),
        owed: { text: `no gap${hostile}` },
        verdict: "held",
      },
    ],
    changes: [{ text: `nothing${hostile}` }],
    confidence: [{ text: `one run${hostile}` }],
    interrupted: { text: `somebody pressed Ctrl-C.${hostile}` },
  };
}
