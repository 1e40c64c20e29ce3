import { expect, test } from "vitest";
import { type EpochMs, epochMs, later, minutes, seconds } from "../foundation/duration.ts";
import { Problem } from "../foundation/errors.ts";
import { segmentMs } from "../wire/timeline.ts";
import {
  cancel,
  end,
  goLive,
  hold,
  type Life,
  lobbyIsDue,
  lobbyLead,
  moveStart,
  offerReplay,
  type Moment,
  onAirFrom,
  onAirLead,
  onTimeline,
  openLobby,
  publicStatus,
  resume,
  schedule,
  startIsDue,
  startNow,
} from "./life.ts";

const startAt = epochMs(1_723_478_400_000);
/** A moment `by` ms from the announced start, both clocks alike but for a fraction. */
const at = (by: number, wallAhead = 0): Moment => ({
  wall: epochMs(startAt + by),
  timeline: epochMs(startAt + by - wallAhead + 0.37),
});
const code = (run: () => unknown): string => {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown.code;
    throw thrown;
  }
  return "none";
};
const lobby = (by = -60_000): ReturnType<typeof openLobby>["life"] => openLobby(schedule(startAt), at(by)).life;
const live = (): ReturnType<typeof goLive>["life"] => goLive(lobby(), at(-1000)).life;
const isBoundary = (epoch: EpochMs, moment: EpochMs): boolean => Number.isInteger((moment - epoch) / segmentMs);

test("RO-1 a life goes its way, and each step is recorded", () => {
  const scheduled = schedule(startAt);
  const opened = openLobby(scheduled, at(0 - minutes(30)));
  const started = goLive(opened.life, at(-1500));
  const held = hold(started.life, "stage-empty", at(10_000));
  const back = resume(held.life, at(20_000), "back");
  const ended = end(back.life, at(60_000), "over");
  const replay = offerReplay(ended.life, at(61_000));
  const steps = [opened, started, held, back, ended, replay];
  expect(steps.map((step) => `${step?.change.from}→${step?.change.to}`)).toEqual([
    "scheduled→lobby",
    "lobby→live",
    "live→hold",
    "hold→live",
    "live→ended",
    "ended→replay",
  ]);
  expect(held.change).toEqual({ at: at(10_000).wall, from: "live", to: "hold", why: "stage-empty" });
});

test("RO-1 what is over stays over", () => {
  const now = at(60_000);
  const ended = end(live(), now, "over").life;
  const replay = offerReplay(ended, now)?.life;
  const cancelled = cancel(lobby(), now, "no").life;
  for (const [life, expected] of [
    [ended, "space-ended"],
    [replay, "space-ended"],
    [cancelled, "space-cancelled"],
  ] as const) {
    for (const move of [
      (one: Life) => end(one, now, ""),
      (one: Life) => cancel(one, now, ""),
      (one: Life) => startNow(one, now, ""),
      (one: Life) => moveStart(one, startAt),
    ]) {
      expect(code(() => move(life as Life))).toBe(expected);
    }
  }
});

test("RO-1 what is live is ended, not cancelled; what has not opened is cancelled, not ended", () => {
  expect(code(() => cancel(live(), at(0), ""))).toBe("space-live");
  expect(code(() => cancel(hold(live(), "stage-empty", at(5000)).life, at(6000), ""))).toBe("space-live");
  expect(code(() => end(schedule(startAt), at(0 - minutes(60)), ""))).toBe("space-not-open");
});

test("RO-2 the lobby opens 30 minutes before, and a segment starts exactly at the announced start", () => {
  const scheduled = schedule(startAt);
  expect(lobbyIsDue(scheduled, at(0 - lobbyLead - 1))).toBe(false);
  expect(lobbyIsDue(scheduled, at(0 - lobbyLead))).toBe(true);
  for (const by of [0 - lobbyLead, -1_234_567, -961, -960, -1, 0, 1, 700, 5000]) {
    const { epoch } = openLobby(scheduled, at(by)).life;
    expect(isBoundary(epoch, startAt)).toBe(true);
    expect(epoch).toBeLessThanOrEqual(at(by).timeline);
    expect(epoch).toBeGreaterThan(at(by).timeline - segmentMs);
    expect(Number.isInteger(epoch)).toBe(true);
  }
});

test("RO-3 whoever is there before the minute is on air at the minute, and nobody earlier", () => {
  expect(startIsDue(lobby(), at(-2001))).toBe(false);
  expect(startIsDue(lobby(), at(-2000))).toBe(true);
  for (const by of [-2000, -1000, 0 - onAirLead - 1]) expect(goLive(lobby(), at(by)).life.liveFrom).toBe(startAt);
});

test("RO-3 later it is the next boundary that the stage can make", () => {
  for (const by of [0 - onAirLead + 1, 0, 1, 500, 959, 960, 2_520_000]) {
    const { life } = goLive(lobby(), at(by));
    expect(isBoundary(life.epoch, life.liveFrom)).toBe(true);
    expect(life.liveFrom - at(by).timeline).toBeGreaterThanOrEqual(onAirLead);
    expect(life.liveFrom - at(by).timeline).toBeLessThan(onAirLead + segmentMs);
  }
});

test("RO-4 by hand it goes live with the next boundary, whatever was decided", () => {
  const early = startNow(lobby(0 - minutes(10)), at(0 - minutes(9)), "by-hand").life;
  expect(early).toMatchObject({ kind: "live" });
  if (early.kind === "live") expect(early.liveFrom - at(0 - minutes(9)).timeline).toBeLessThan(onAirLead + segmentMs);

  const decided = goLive(lobby(), at(-2000)).life;
  const sooner = startNow(decided, at(-1990), "by-hand");
  expect(sooner.steps).toEqual([]);
  expect(sooner.life).toMatchObject({ kind: "live", liveFrom: startAt - segmentMs });
  expect(code(() => startNow(decided, at(-100), "by-hand"))).toBe("space-live");

  const fromSchedule = startNow(schedule(startAt), at(0 - minutes(90)), "by-hand");
  expect(fromSchedule.steps.map(({ change }) => change.to)).toEqual(["lobby", "live"]);
});

test("RO-5 moving the start keeps the timeline, and the first live segment is at or after the new start", () => {
  const opened = lobby();
  const moved = moveStart(opened, later(startAt, 61_500));
  expect(moved).toEqual({ ...opened, startAt: startAt + 61_500 });
  if (moved.kind !== "lobby") throw new Error("the lobby closed");
  const { liveFrom } = goLive(moved, at(60_000)).life;
  expect(isBoundary(opened.epoch, liveFrom)).toBe(true);
  expect(liveFrom).toBeGreaterThanOrEqual(startAt + 61_500);
  expect(liveFrom).toBeLessThan(startAt + 61_500 + segmentMs);
  expect(moveStart(schedule(startAt), later(startAt, 1))).toEqual(schedule(later(startAt, 1)));
  expect(code(() => moveStart(live(), startAt))).toBe("space-live");
});

test("RO-6 a wall clock that was set an hour ahead means that the minute comes an hour earlier on the timeline", () => {
  const hour = 3_600_000;
  expect(onTimeline(startAt, at(-5000, hour))).toBe(startAt - hour);
  expect(onTimeline(startAt, at(-5000, 499))).toBe(startAt);
  const opened = openLobby(schedule(startAt), at(-60_000, hour)).life;
  expect(isBoundary(opened.epoch, epochMs(startAt - hour))).toBe(true);
  expect(startIsDue(opened, at(-2001, hour))).toBe(false);
  const { liveFrom } = goLive(opened, at(-1000, hour)).life;
  expect(liveFrom).toBe(startAt - hour);
});

test("RO-7 hold silences an empty stage, and a missing programme is waited for", () => {
  const empty = hold(live(), "stage-empty", at(10_000)).life;
  expect(onAirFrom(empty)).toBeNull();
  const back = resume(empty, at(20_000), "back").life;
  expect(back.liveFrom).toBe(startAt);
  expect(back.onAirFrom - at(20_000).timeline).toBeGreaterThanOrEqual(onAirLead);
  expect(isBoundary(back.epoch, back.onAirFrom)).toBe(true);

  const missing = hold(live(), "no-programme", at(10_000)).life;
  expect(onAirFrom(missing)).toBe(startAt);
  expect(onAirFrom(resume(missing, at(20_000), "back").life)).toBe(startAt);
  expect(onAirFrom(hold(missing, "stage-empty", at(11_000)).life)).toBeNull();
});

test("RO-8 the public is told live from the first live segment on, and through a hold", () => {
  const decided = goLive(lobby(), at(-2000)).life;
  expect(publicStatus(decided, at(-500))).toBe("lobby");
  expect(publicStatus(decided, at(0))).toBe("live");
  expect(publicStatus(hold(decided, "stage-empty", at(9000)).life, at(9000))).toBe("live");
  const ended = end(decided, at(9000), "").life;
  expect(publicStatus(ended, at(9000))).toBe("ended");
  expect(offerReplay(ended, at(9000))?.life).toMatchObject({ kind: "replay" });
});

test("RO-9 what ends before its first live segment has no replay", () => {
  for (const life of [lobby(), goLive(lobby(), at(-2000)).life]) {
    const ended = end(life, at(-1000), "").life;
    expect(ended.liveFrom).toBeNull();
    expect(offerReplay(ended, at(0))).toBeUndefined();
  }
  expect(end(live(), at(seconds(5)), "").life.liveFrom).toBe(startAt);
});
