import {
  type RunCheck,
  type RunCheckName,
  type RunMoment,
  type RunMomentName,
  type RunState,
  runMoments,
} from "../../wire/run-sheet.ts";
import * as dayBefore from "./day-before.ts";
import type { GameDayFacts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import * as lastMinutes from "./last-minutes.ts";
import { live } from "./on-the-minute.ts";
import { rehearsalSpace, rehearsed } from "./rehearsed.ts";

/** A moment before T, and from how long before T on its checks mean something. */
interface Stage {
  readonly before: number;
  readonly opens: number;
  readonly checks: Readonly<Partial<Record<RunCheckName, (facts: GameDayFacts) => Finding>>>;
}

const minute = 60_000;
const hour = 60 * minute;

const stages: Readonly<Record<RunMomentName, Stage>> = {
  day: {
    before: 24 * hour,
    opens: Number.POSITIVE_INFINITY,
    checks: {
      audience: dayBefore.audience,
      plan: dayBefore.plan,
      edges: dayBefore.edges,
      disk: dayBefore.disk,
      certificate: dayBefore.certificate,
      clock: dayBefore.clock,
      invites: dayBefore.invites,
    },
  },
  // What is in order long before need not be done again; a rehearsal can be held as soon as there is a Space.
  hours: {
    before: 2 * hour,
    opens: Number.POSITIVE_INFINITY,
    checks: { "rehearsal-space": rehearsalSpace, rehearsal: rehearsed },
  },
  // From the lobby's opening on: what holds a day before says nothing of these.
  minutes: {
    before: 10 * minute,
    opens: 30 * minute,
    checks: {
      speakers: lastMinutes.speakers,
      microphones: lastMinutes.microphones,
      processes: lastMinutes.processes,
      loop: lastMinutes.loop,
      hold: lastMinutes.hold,
      recording: lastMinutes.recording,
      "rehearsal-quiet": lastMinutes.rehearsalQuiet,
    },
  },
  minute: { before: 0, opens: 0, checks: { live } },
};

/** What is ticked by a person: always, or where this server cannot see it. */
const byHand = (id: RunCheckName, { certificate: { kind } }: GameDayFacts): boolean =>
  id === "invites" || (id === "certificate" && (kind === "none" || kind === "elsewhere"));

/** The moments of an event with their checks, each green or saying what to do; of one that is over, only how it opened. */
export function momentsOf(facts: GameDayFacts): RunMoment[] {
  const isOver = facts.status === "ended" || facts.status === "cancelled";
  return runMoments.flatMap((moment): RunMoment[] => {
    if (isOver && moment !== "minute") return [];
    const stage = stages[moment];
    const at = facts.startAt - stage.before;
    const checks = Object.entries(stage.checks).map(([id, look]) =>
      checkOf(id as RunCheckName, look(facts), stage, facts),
    );
    return [{ moment, at: new Date(at).toISOString(), checks }];
  });
}

function checkOf(id: RunCheckName, finding: Finding, stage: Stage, facts: GameDayFacts): RunCheck {
  const state = stateOf(finding, stage, facts);
  const ticked = facts.ticks[id];
  const isByHand = byHand(id, facts);
  return {
    id,
    state,
    says: finding.says,
    action: state === "green" || state === "later" ? null : (finding.action ?? null),
    byHand: isByHand,
    ticked: isByHand && ticked ? { by: ticked.by, at: new Date(ticked.at).toISOString() } : null,
  };
}

function stateOf({ ok, wrong = false, action }: Finding, { before, opens }: Stage, facts: GameDayFacts): RunState {
  const left = facts.startAt - facts.now;
  const hasBegun = facts.status !== "scheduled" && facts.status !== "lobby";
  if (left > opens && !hasBegun) return "later";
  if (ok) return "green";
  if (wrong) return "failed";
  // Nothing is to be done about it: it is under way, or comes by itself.
  if (action === undefined) return "later";
  return left <= before ? "due" : "todo";
}

/** What to do next: what is wrong or overdue first, then what comes first. */
export function nextOf(moments: readonly RunMoment[]): RunCheckName | null {
  const checks = moments.flatMap((one) => one.checks).filter(({ action }) => action !== null);
  const rank: readonly RunState[] = ["failed", "due", "todo"];
  for (const state of rank) {
    const found = checks.find((one) => one.state === state);
    if (found) return found.id;
  }
  return null;
}
