import { afterEach, beforeEach, expect, test } from "vitest";
import { TestControl, until } from "./testing/control.ts";

let control: TestControl;
beforeEach(async () => {
  control = await TestControl.open();
});
afterEach(() => control.end());

const status = async (space: string): Promise<string> =>
  String((await control.ask("GET", `/spaces/${space}`)).json.status);

test("CO-1 a Space made now is in its lobby, goes live when its host is heard, and ends; each change is recorded", async () => {
  const space = await control.space({ title: "Première ligne" });
  expect([space.status, space.slug]).toEqual(["lobby", "premiere-ligne"]);
  await until(() => control.origin.spec(space.id)?.status === "lobby");
  expect(control.stage.spec(space.id)).toMatchObject({ onAirFrom: null, people: [] });

  const session = await control.speak(space.id, await control.invite(space.id, "host"));
  await until(() => control.origin.spec(space.id)?.status === "live");
  const live = control.origin.spec(space.id);
  expect(((live?.liveFrom ?? 0) - (live?.epochMs ?? 0)) % 960).toBe(0);
  expect(control.stage.spec(space.id)?.onAirFrom).toBe(live?.liveFrom);
  await until(async () => (await status(space.id)) === "live");

  control.stage.sessionIs(session, "gone");
  control.offset += 3500;
  await until(() => control.stage.spec(space.id)?.onAirFrom === null);
  expect((await control.ask("GET", `/spaces/${space.id}`)).json).toMatchObject({ status: "live", hold: true });
  expect(control.origin.spec(space.id)).toMatchObject({ status: "live", liveFrom: live?.liveFrom });

  const ended = await control.ask("POST", `/spaces/${space.id}/end`);
  expect(ended.json).toMatchObject({ status: "ended", hold: false });
  await until(() => control.origin.spec(space.id)?.status === "ended" && control.stage.spec(space.id) === null);

  control.origin.sayState(space.id, { replay: true, liveAt: live?.liveFrom ?? 0, delayMs: 1234 });
  await until(async () => (await control.ask("GET", `/spaces/${space.id}`)).json.replay === true);
  const { json } = await control.ask("GET", `/spaces/${space.id}/changes`);
  expect(json.changes.map((one: { to: string; why: string }) => [one.to, one.why])).toEqual([
    ["scheduled", "created"],
    ["lobby", "lobby-opens"],
    ["live", "host-arrived"],
    ["hold", "stage-empty"],
    ["ended", "ended-by-hand"],
    ["replay", "archive-ready"],
  ]);
  expect((await control.ask("GET", `/spaces/${space.id}`)).json.delayMs).toBe(1234);
});
