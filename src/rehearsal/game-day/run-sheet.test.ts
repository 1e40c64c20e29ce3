import { expect, test } from "vitest";
import type { RunCheck, RunCheckName, RunState } from "../../wire/run-sheet.ts";
import type { GameDayFacts } from "./facts.ts";
import { momentsOf, nextOf } from "./run-sheet.ts";

const minute = 60_000;
const hour = 60 * minute;
const T = 1_900_000_000_000;

/** Everything in order, ten minutes before. */
const ready: GameDayFacts = {
  now: T - 10 * minute,
  startAt: T,
  status: "lobby",
  delayMs: null,
  audience: {
    listeners: 50_000,
    over: 60,
    lasts: 7200,
    edge: { cores: 16, nic: 10e9, memory: 64e9, tls: true },
  },
  plan: { kind: "there", verdict: "go", edges: 2, edgesWithSpare: 3 },
  edges: 3,
  diskFree: 1e12,
  certificate: { kind: "own", validTo: T + 90 * 24 * hour },
  clock: { setMs: 0, differsMs: 40 },
  invites: 2,
  ticks: { invites: { by: "Ada", at: T - hour } },
  rehearsal: { plays: true, listeners: 0 },
  report: { verdict: "go", listeners: 50_000, at: T - 3 * hour },
  stage: {
    seated: 2,
    connected: 2,
    hasHost: true,
    away: [],
    unheard: [],
    worst: { name: "Ada", lossPercent: 0, jitterMs: 4 },
  },
  processes: { count: 6, down: [], slowest: { name: "edge 1", delayMs: 12 }, linked: true },
  hold: "playing",
  notRecording: null,
};
/** Nothing done, nothing there, a day and an hour before. */
const bare: GameDayFacts = {
  ...ready,
  now: T - 25 * hour,
  status: "scheduled",
  audience: null,
  plan: { kind: "none" },
  certificate: { kind: "none" },
  ticks: {},
  rehearsal: null,
  report: null,
  stage: { seated: 0, connected: 0, hasHost: false, away: [], unheard: [], worst: null },
  hold: "closed",
};

const all = (facts: GameDayFacts): RunCheck[] => momentsOf(facts).flatMap(({ checks }) => checks);
const look = (id: RunCheckName, facts: Partial<GameDayFacts>): string => {
  const found = all({ ...ready, ...facts }).find((one) => one.id === id);
  return found ? `${found.state} ${found.says.key} ${found.action?.key ?? "-"}` : "not there";
};
const states = (facts: GameDayFacts): Partial<Record<RunCheckName, RunState>> =>
  Object.fromEntries(all(facts).map(({ id, state }) => [id, state]));

test("RH-140 with all in order everything is green, and only the minute is still to come", () => {
  expect(
    all(ready)
      .filter(({ state }) => state !== "green")
      .map(({ id, state }) => [id, state]),
  ).toEqual([["live", "later"]]);
  expect(momentsOf(ready).map(({ moment, at }) => [moment, T - Date.parse(at)])).toEqual([
    ["day", 24 * hour],
    ["hours", 2 * hour],
    ["minutes", 10 * minute],
    ["minute", 0],
  ]);
});

test("RH-140 each check is green, waits, or says what to do", () => {
  const silent: readonly string[] = [
    "planWorking",
    "holdClosed",
    "liveWaits",
    "liveLate",
    "liveCancelled",
    "liveNever",
  ];
  const hard: GameDayFacts[] = [
    bare,
    { ...bare, now: T - hour },
    { ...bare, now: T - minute },
    { ...bare, now: T + minute, hold: "silent", diskFree: 5, notRecording: "EROFS", edges: 0 },
    { ...ready, plan: { kind: "there", verdict: "noGo", edges: null, edgesWithSpare: null } },
    { ...ready, processes: { count: 0, down: [], slowest: null, linked: false }, diskFree: null },
  ];
  for (const { id, state, says, action } of hard.flatMap(all)) {
    if (state === "green" || state === "later") expect(action, id).toBeNull();
    else if (!silent.includes(says.key)) expect(action, `${id}: ${says.key}`).not.toBeNull();
  }
});

test("RH-141 what is not so is to do, due once its moment has come, and failed where it is wrong", () => {
  const at = (before: number): string => look("audience", { ...bare, now: T - before });
  expect(at(25 * hour)).toBe("todo audienceMissing sayAudience");
  expect(at(24 * hour)).toBe("due audienceMissing sayAudience");
  expect(look("rehearsal", { ...bare, now: T - 2 * hour - 1 })).toBe("todo reportMissing rehearse");
  expect(look("rehearsal", { ...bare, now: T - 2 * hour })).toBe("due reportMissing rehearse");
  expect(look("disk", { now: T - 25 * hour, diskFree: 1e6 })).toBe("failed diskFull diskRoom");
});

test("RH-141 the checks of the last minutes mean nothing before the lobby opens, good or bad", () => {
  const early = states({ ...ready, now: T - 31 * minute });
  const last = [
    "speakers",
    "microphones",
    "processes",
    "loop",
    "hold",
    "recording",
    "rehearsal-quiet",
    "live",
  ] as const;
  for (const id of last) expect(early[id], id).toBe("later");
  expect(states({ ...ready, now: T - 30 * minute })["speakers"]).toBe("green");
  expect(look("speakers", { ...bare, now: T - 20 * minute })).toBe("todo speakersNone speakersCome");
  expect(look("speakers", { ...bare, now: T - 10 * minute })).toBe("due speakersNone speakersCome");
});

test("RH-142 a day before: audience, plan and edges", () => {
  expect(look("plan", { plan: { kind: "working" } })).toBe("later planWorking -");
  expect(look("plan", { plan: { kind: "failed", why: "no" } })).toBe("failed planFailed planAgain");
  const plan = (
    verdict: "go" | "noGo",
    edges: number | null,
    edgesWithSpare: number | null,
  ): Partial<GameDayFacts> => ({
    plan: { kind: "there", verdict, edges, edgesWithSpare },
  });
  expect(look("plan", plan("noGo", 2, 3))).toBe("failed planNoGo planLook");
  expect(look("edges", plan("go", 4, 5))).toBe("failed edgesFew edgesStart");
  expect(look("edges", plan("go", 3, 4))).toBe("green edgesNoSpare -");
  expect(look("edges", plan("go", 3, null))).toBe("green edges -");
  expect(look("edges", plan("noGo", null, null))).toBe("failed edgesNone planLook");
  expect(look("edges", { plan: { kind: "none" } })).toBe("due edgesNoPlan sayAudience");
});

test("RH-142 a day before: disk, certificate, clocks and invites", () => {
  // Two hours of three renditions, twice.
  expect(look("disk", { diskFree: 7200 * 17_000 * 2 })).toBe("green disk -");
  expect(look("disk", { diskFree: 7200 * 17_000 * 2 - 1 })).toBe("failed diskFull diskRoom");
  const own = (validTo: number): Partial<GameDayFacts> => ({ certificate: { kind: "own", validTo } });
  expect(look("certificate", own(T + 3 * hour))).toBe("green certificate -");
  expect(look("certificate", own(T + 3 * hour - 1))).toBe("failed certificateEnds certificateRenew");
  const elsewhere = { certificate: { kind: "elsewhere", url: "https://a.test" } } as const;
  expect(look("certificate", elsewhere)).toBe("due certificateElsewhere certificateTick");
  const ticks = { certificate: { by: "Ada", at: T - hour } };
  expect(look("certificate", { ...elsewhere, ticks })).toBe("green certificateTicked -");
  expect(look("certificate", { certificate: { kind: "unreadable", why: "ENOENT" }, ticks })).toMatch(/^failed/);
  expect(look("clock", { clock: { setMs: -500, differsMs: null } })).toBe("failed clockSet clockSet");
  expect(look("clock", { clock: { setMs: 0, differsMs: -2000 } })).toBe("failed clockDiffers clockSet");
  expect(look("clock", { clock: { setMs: 499, differsMs: 1999 } })).toBe("green clock -");
  expect(look("invites", { ticks: {} })).toBe("due invites invitesGive");
});

test("RH-143 two hours before: a rehearsal Space that plays, and a rehearsal that went well", () => {
  expect(look("rehearsal-space", { rehearsal: { plays: false, listeners: 0 } })).toMatch(/^failed rehearsalSilent/);
  const report = (verdict: "go" | "noGo" | "cannotTell"): string =>
    look("rehearsal", { report: { verdict, listeners: null, at: T } });
  expect(report("go")).toBe("green report -");
  const part = { ...ready, report: { verdict: "go" as const, listeners: 49_999, at: T } };
  expect(all(part).find(({ id }) => id === "rehearsal")).toMatchObject({
    state: "green",
    says: { key: "reportPart", values: { n: 49_999, expected: 50_000 } },
  });
  expect(report("noGo")).toBe("failed reportNoGo reportRead");
  expect(report("cannotTell")).toBe("failed reportUnclear rehearseAgain");
});

test("RH-144 ten minutes before: speakers connected and heard, processes well, sound there, a place to record", () => {
  const stage = (more: Partial<GameDayFacts["stage"]>): Partial<GameDayFacts> => ({
    stage: { ...ready.stage, ...more },
  });
  expect(look("speakers", stage({ hasHost: false }))).toBe("due speakersNoHost speakersHost");
  expect(look("speakers", stage({ connected: 1, away: ["Bo"] }))).toBe("failed speakersAway speakersCall");
  expect(look("speakers", stage({ unheard: ["Bo"] }))).toBe("due speakersUnheard speakersTalk");
  const worst = (lossPercent: number, jitterMs: number): string =>
    look("microphones", stage({ worst: { name: "Bo", lossPercent, jitterMs } }));
  expect([worst(5, 60), worst(5.1, 0), worst(0, 61)].map((text) => text.split(" ")[0])).toEqual([
    "green",
    "failed",
    "failed",
  ]);
  const processes = (more: Partial<GameDayFacts["processes"]>): Partial<GameDayFacts> => ({
    processes: { ...ready.processes, ...more },
  });
  expect(look("processes", processes({ down: ["edge 2"] }))).toBe("failed processesDown processesLook");
  expect(look("processes", processes({ linked: false }))).toBe("failed processesApart processesLook");
  expect(look("loop", processes({ slowest: { name: "stage", delayMs: 101 } }))).toBe("failed loopSlow loopQuiet");
  expect(look("hold", { hold: "silent" })).toBe("failed holdSilent processesLook");
  expect(look("recording", { notRecording: "EROFS" })).toBe("failed recordingFailed recordingMend");
  expect(look("rehearsal-quiet", { rehearsal: { plays: true, listeners: 3 } })).toBe("failed quietNot quietEnd");
  expect(look("rehearsal-quiet", { rehearsal: null })).toBe("green quiet -");
});

test("RH-145 at the minute: live by it, early, late, or not yet", () => {
  const live = (delayMs: number | null, more: Partial<GameDayFacts> = {}): string =>
    look("live", { now: T + 5 * minute, status: "live", delayMs, ...more });
  expect(live(0)).toBe("green live -");
  expect(live(1000)).toBe("green live -");
  expect(live(1001)).toBe("failed liveLate -");
  expect(live(-60_000)).toBe("green liveEarly -");
  expect(live(null, { status: "lobby" })).toBe("failed liveNot liveStart");
  expect(live(null, { status: "lobby", now: T })).toBe("later liveWaits -");
  expect(live(null, { status: "cancelled" })).toBe("failed liveCancelled -");
});

test("RH-146 next is what is wrong, then what is due, then what comes first", () => {
  const next = (facts: Partial<GameDayFacts>): string | null => nextOf(momentsOf({ ...ready, ...facts }));
  expect(next({})).toBeNull();
  expect(next({ ...bare })).toBe("audience");
  expect(next({ ...bare, diskFree: 1 })).toBe("disk");
  expect(next({ report: null, now: T - 3 * hour, ticks: {} })).toBe("invites");
  expect(next({ report: null, now: T - 3 * hour })).toBe("rehearsal");
  // What is being worked out is nothing to do.
  expect(next({ plan: { kind: "working" }, edges: 0 })).toBe("edges");
});

test("RH-147 of a Space that is over only how it opened is told", () => {
  const over = { ...ready, status: "ended" as const, now: T + 3 * hour };
  expect(states({ ...over, delayMs: 12 })).toEqual({ live: "green" });
  expect(look("live", { ...over })).toBe("failed liveNever -");
});

test("RH-147 by hand is what only a person can know, with who and when", () => {
  const hands = (facts: Partial<GameDayFacts>): string[] =>
    all({ ...ready, ...facts }).flatMap(({ id, byHand }) => (byHand ? [id] : []));
  expect(hands({})).toEqual(["invites"]);
  expect(hands({ certificate: { kind: "none" } })).toEqual(["certificate", "invites"]);
  const ticks = { invites: { by: "Ada", at: T }, disk: { by: "Ada", at: T } };
  const ticked = all({ ...ready, ticks }).filter((one) => one.ticked !== null);
  expect(ticked).toMatchObject([{ id: "invites", ticked: { by: "Ada", at: new Date(T).toISOString() } }]);
});
