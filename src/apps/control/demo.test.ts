import { afterEach, expect, test } from "vitest";
import type { Space } from "../../wire/api.ts";
import { TestControl, until } from "./testing/control.ts";

let control: TestControl;
afterEach(() => control.end());

const spaces = async (): Promise<Space[]> => (await control.ask("GET", "/spaces")).json.spaces as Space[];

test("CO-40 with no Space a demo is live at once, is not archived, and goes on after a restart", async () => {
  control = await TestControl.open({ demo: true });
  const [demo] = await spaces();
  expect(demo).toMatchObject({ slug: "demo" });
  const id = demo?.id ?? "";
  await until(() => control.stage.spec(id)?.onAirFrom != null);
  const told = control.stage.spec(id);
  expect(told?.people.map(({ recording }) => recording)).toEqual(["en", "fr", "id"]);
  const live = control.origin.spec(id);
  expect(live).toMatchObject({ status: "live", archive: false, startAt: Date.parse(demo?.startAt ?? "") });
  expect(live?.stage.every(({ present }) => present)).toBe(true);
  control.offset += 60_000;
  await control.stop();
  await control.start();
  control.offset += 60_000;
  expect((await spaces()).map((space) => [space.id, space.status, space.hold])).toEqual([[id, "live", false]]);
  await until(() => control.stage.told.length > 3);
  expect(control.stage.spec(id)).toEqual(told);
  expect(control.origin.spec(id)).toEqual(live);

  const desk = await control.join(id, await control.hostToken(id));
  expect((await desk.next("welcome")).role).toBe("host");

  control.demo = false;
  await control.stop();
  await control.start();
  await until(() => control.origin.spec(id)?.status === "ended");
  control.demo = true;
  await control.stop();
  await control.start();
  expect((await spaces()).map(({ status }) => status)).toEqual(["ended"]);
});

test("CO-40 where there is a Space already there is no demo", async () => {
  control = await TestControl.open();
  await control.space({ title: "Mine" });
  control.demo = true;
  await control.stop();
  await control.start();
  expect((await spaces()).map(({ title }) => title)).toEqual(["Mine"]);
});
