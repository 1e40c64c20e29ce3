import { afterEach, beforeEach, expect, test } from "vitest";
import type { Space } from "../../wire/api.ts";
import { TestControl, until } from "./testing/control.ts";

let control: TestControl;
beforeEach(async () => {
  control = await TestControl.open();
});
afterEach(() => control.end());

const get = async (space: Space): Promise<Space> => (await control.ask("GET", `/spaces/${space.id}`)).json as Space;
const changes = async (space: Space): Promise<[string, string][]> =>
  ((await control.ask("GET", `/spaces/${space.id}/changes`)).json.changes as { to: string; why: string }[]).map(
    (one) => [one.to, one.why],
  );
/** The Space is live with a host on stage; gives the host's session. */
async function goLive(space: Space): Promise<string> {
  const session = await control.speak(space.id, await control.invite(space.id, "host"));
  await until(() => control.origin.spec(space.id)?.status === "live", "the origin to be told");
  await until(() => control.stage.spec(space.id)?.onAirFrom != null, "the stage to be told");
  return session;
}
const inMinutes = (by: number): string => new Date(control.now + by * 60_000).toISOString();

test("CO-1 a Space made now: lobby, live with its host, hold, end, replay; each change is recorded", async () => {
  const space = await control.space({ title: "Première ligne" });
  expect([space.status, space.slug]).toEqual(["lobby", "premiere-ligne"]);
  await until(() => control.origin.spec(space.id)?.status === "lobby");
  await until(() => control.stage.spec(space.id) != null);
  expect(control.stage.spec(space.id)).toMatchObject({ onAirFrom: null, people: [] });

  const session = await goLive(space);
  const live = control.origin.spec(space.id);
  expect(((live?.liveFrom ?? 0) - (live?.epochMs ?? 0)) % 960).toBe(0);
  expect(control.stage.spec(space.id)?.onAirFrom).toBe(live?.liveFrom);
  control.offset += 2000;
  expect(await get(space)).toMatchObject({ status: "live", hold: false });

  control.stage.sessionIs(session, "gone");
  await until(() => control.origin.spec(space.id)?.stage[0]?.present === false);
  control.offset += 3500;
  await until(() => control.stage.spec(space.id)?.onAirFrom === null);
  expect(await get(space)).toMatchObject({ status: "live", hold: true });
  expect(control.origin.spec(space.id)).toMatchObject({ status: "live", liveFrom: live?.liveFrom });

  const ended = await control.ask("POST", `/spaces/${space.id}/end`);
  expect(ended.json).toMatchObject({ status: "ended", hold: false });
  await until(() => control.origin.spec(space.id)?.status === "ended");

  control.origin.sayState(space.id, { replay: true, liveAt: live?.liveFrom ?? 0, delayMs: 1234 });
  await until(async () => (await get(space)).replay);
  expect(await changes(space)).toEqual([
    ["scheduled", "created"],
    ["lobby", "lobby-opens"],
    ["live", "host-arrived"],
    ["hold", "stage-empty"],
    ["ended", "ended-by-hand"],
    ["replay", "archive-ready"],
  ]);
});

test("CO-2 with the host there, stage and origin hear of the minute ahead of it", async () => {
  const space = await control.space({ startAt: inMinutes(45) });
  expect(space.status).toBe("scheduled");
  await until(() => control.origin.spec(space.id)?.status === "scheduled");
  expect(control.origin.spec(space.id)?.epochMs).toBeNull();
  const invite = await control.invite(space.id, "cohost");
  expect((await control.whip(space.id, invite)).json.code).toBe("space-not-open");

  control.offset += 15 * 60_000;
  await until(() => control.stage.spec(space.id) != null, "the lobby");
  await control.speak(space.id, invite);
  await until(() => control.origin.spec(space.id)?.stage[0]?.present === true);
  control.offset = Date.parse(space.startAt) - 1600 - Date.now();
  await until(() => control.stage.spec(space.id)?.onAirFrom != null);
  const startAt = Date.parse(space.startAt);
  expect(control.now).toBeLessThan(startAt);
  expect(control.stage.spec(space.id)?.onAirFrom).toBe(startAt);
  await until(() => control.origin.spec(space.id)?.liveFrom === startAt);
  expect((await get(space)).status).toBe("lobby");
  control.offset += 2000;
  expect((await get(space)).status).toBe("live");
  expect((await changes(space)).at(-1)).toEqual(["live", "on-time"]);
});

test("CO-2 with nobody there it waits in the lobby until a host is heard; a speaker does not open it", async () => {
  const space = await control.space({ startAt: inMinutes(1) });
  await control.speak(space.id, await control.invite(space.id, "speaker"));
  control.offset += 2 * 60_000;
  await until(() => control.origin.spec(space.id)?.stage[0]?.present === true);
  control.offset += 5 * 60_000;
  expect((await get(space)).status).toBe("lobby");
  await goLive(space);
  expect((await changes(space)).at(-1)).toEqual(["live", "host-arrived"]);
});

test("CO-2 a start that is moved in the lobby is kept to, on the same timeline", async () => {
  const space = await control.space({ startAt: inMinutes(5) });
  await until(() => control.origin.spec(space.id)?.epochMs != null);
  const epoch = control.origin.spec(space.id)?.epochMs ?? 0;
  const later = inMinutes(20);
  const moved = await control.ask("PATCH", `/spaces/${space.id}`, { body: { startAt: later, title: "Later" } });
  expect(moved.json).toMatchObject({ startAt: later, title: "Later", status: "lobby" });
  await control.speak(space.id, await control.invite(space.id, "host"));
  await until(() => control.origin.spec(space.id)?.stage[0]?.present === true);
  control.offset += 6 * 60_000;
  expect((await get(space)).status).toBe("lobby");
  control.offset = Date.parse(later) - 1500 - Date.now();
  await until(() => control.origin.spec(space.id)?.liveFrom != null);
  const spec = control.origin.spec(space.id);
  expect([spec?.epochMs, spec?.title]).toEqual([epoch, "Later"]);
  expect(spec?.liveFrom).toBeGreaterThanOrEqual(Date.parse(later));
  expect(spec?.liveFrom).toBeLessThan(Date.parse(later) + 960);
  expect(((spec?.liveFrom ?? 0) - epoch) % 960).toBe(0);
});

test("CO-3 a restart of control in the middle changes nothing for the audience", async () => {
  const space = await control.space();
  await goLive(space);
  const before = control.origin.spec(space.id);
  await control.stop();
  control.origin.told.length = 0;
  control.stage.told.length = 0;
  control.offset += 10_000;
  await control.start();
  await until(() => control.origin.spec(space.id)?.stage[0]?.present === true, "the host to be seen again");
  for (const told of control.origin.told) {
    expect(told).toMatchObject({ status: "live", epochMs: before?.epochMs, liveFrom: before?.liveFrom });
    expect(told.stage).toHaveLength(1);
  }
  for (const { spec } of control.stage.told) {
    expect(spec).toMatchObject({ onAirFrom: before?.liveFrom, people: [{ id: before?.stage[0]?.id }] });
  }
  expect((await changes(space)).map(([to]) => to)).toEqual(["scheduled", "lobby", "live"]);
});

test("CO-4 a stage that comes back with nothing is told everything, and its people are away", async () => {
  const space = await control.space();
  await goLive(space);
  const before = control.stage.spec(space.id);
  await control.stage.stop();
  control.stage.told.length = 0;
  control.stage.sessions.clear();
  await control.stage.start();
  await until(() => control.stage.spec(space.id) != null, "the stage to be told again");
  expect(control.stage.spec(space.id)).toEqual(before);
  await until(() => control.origin.spec(space.id)?.stage[0]?.present === false);
});

test("CO-4 an origin that comes back, or that refuses for a while, ends up knowing", async () => {
  const space = await control.space();
  await control.origin.stop();
  await control.ask("PATCH", `/spaces/${space.id}`, { body: { title: "Meanwhile" } });
  control.origin.told.length = 0;
  control.origin.refusals = 2;
  await control.origin.start();
  await until(() => control.origin.spec(space.id)?.title === "Meanwhile");
});

test("CO-5 hold audio in place of the programme is a hold, and over when the programme is back", async () => {
  const space = await control.space();
  await goLive(space);
  const onAir = control.stage.spec(space.id)?.onAirFrom;
  const publish = (isHold: boolean): void =>
    control.origin.say({ t: "latest", id: space.id, latest: 1, first: 0, hold: isHold });
  control.offset += 6000;
  publish(true);
  publish(false);
  publish(true);
  publish(true);
  await until(async () => (await get(space)).hold);
  expect(control.stage.spec(space.id)?.onAirFrom).toBe(onAir);
  publish(false);
  await until(async () => !(await get(space)).hold);
  expect((await changes(space)).slice(-2)).toEqual([
    ["hold", "no-programme"],
    ["live", "programme-back"],
  ]);
});

test("CO-5 a missing programme whose people turn out to be gone is one hold, and ends when somebody is back", async () => {
  const space = await control.space();
  const session = await goLive(space);
  control.offset += 6000;
  for (let n = 0; n < 2; n++) control.origin.say({ t: "latest", id: space.id, latest: n, first: 0, hold: true });
  await until(async () => (await get(space)).hold);
  control.stage.sessionIs(session, "gone");
  await until(() => control.origin.spec(space.id)?.stage[0]?.present === false);
  control.offset += 3500;
  await until(() => control.stage.spec(space.id)?.onAirFrom === null);
  await control.speak(space.id, await control.invite(space.id, "speaker"));
  await until(async () => !(await get(space)).hold);
  expect((await changes(space)).slice(3)).toEqual([
    ["hold", "no-programme"],
    ["live", "somebody-is-back"],
  ]);
});

test("CO-6 the delay is what the origin measured", async () => {
  const space = await control.space();
  await goLive(space);
  const liveAt = control.origin.spec(space.id)?.liveFrom ?? 0;
  control.origin.sayState(space.id, { liveAt, delayMs: 4321, listeners: 17 });
  await until(async () => (await get(space)).delayMs === 4321);
  expect(await get(space)).toMatchObject({ liveAt: new Date(liveAt).toISOString(), listeners: 17 });
});

test("CO-9 a stage that kept a Space which control has ended is told to drop it", async () => {
  const space = await control.space();
  await goLive(space);
  await control.stage.stop();
  await control.ask("POST", `/spaces/${space.id}/end`);
  await control.stop();
  const told = control.stage.told.length;
  await control.stage.start();
  await control.start();
  const health = { t: "health", space: space.id, lagMs: 0, lost: 0, onAir: true, sessions: [] } as const;
  await until(() => {
    control.stage.say(health);
    return control.stage.told.length > told;
  });
  expect(control.stage.told.slice(told)).toEqual([{ id: space.id, spec: null }]);
});

test("CO-6 a replay that was made while control was away is found", async () => {
  const space = await control.space();
  await goLive(space);
  control.offset += 5000;
  await control.ask("POST", `/spaces/${space.id}/end`);
  await until(() => control.origin.spec(space.id)?.status === "ended");
  await control.stop();
  await control.start();
  expect(await get(space)).toMatchObject({ status: "ended", replay: false });
  await until(() => {
    control.origin.sayState(space.id, { replay: true, liveAt: 1, delayMs: 0 });
    return true;
  });
  await until(async () => {
    control.origin.sayState(space.id, { replay: true, liveAt: 1, delayMs: 0 });
    return (await get(space)).replay;
  });
});

test("CO-6 an origin that missed the end is told of it", async () => {
  const space = await control.space();
  await goLive(space);
  control.offset += 5000;
  const live = control.origin.told.findLast((one) => one.status === "live");
  await control.origin.stop();
  await control.ask("POST", `/spaces/${space.id}/end`);
  await control.stop();
  if (live) control.origin.told.push(live);
  await control.origin.start();
  await control.start();
  await until(() => {
    control.origin.sayState(space.id, {});
    return control.origin.spec(space.id)?.status === "ended";
  });
});

test("CO-8 a Space that is over leaves the stage, and its room is told and closed", async () => {
  const space = await control.space();
  const socket = await control.join(space.id, await control.hostToken(space.id));
  await socket.next("welcome");
  await control.ask("POST", `/spaces/${space.id}/cancel`);
  await socket.next("room", ({ status }) => status === "cancelled");
  await until(() => control.stage.spec(space.id) === null);
  await until(() => control.origin.spec(space.id)?.status === "cancelled");
  const late = await control.join(space.id);
  expect((await late.next("refused")).problem.code).toBe("space-cancelled");
  await until(() => late.closed === 4403);
});
