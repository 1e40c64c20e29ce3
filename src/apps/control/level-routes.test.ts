import { afterEach, beforeEach, expect, test } from "vitest";
import type { SpaceLevel } from "../../wire/api.ts";
import { TestControl } from "./testing/control.ts";

let control: TestControl;
beforeEach(async () => {
  control = await TestControl.open();
});
afterEach(() => control.end());

const enter = async (space: string, role: string): Promise<string> =>
  (await (await control.join(space, await control.invite(space, role))).next("welcome")).token;

test("CO-57 owner, host and co-hosts ask for a level of service; nobody else does, and nothing but 0 to 4", async () => {
  const space = await control.space();
  const path = `/spaces/${space.id}/level`;
  const [host, cohost, speaker] = [
    await enter(space.id, "host"),
    await enter(space.id, "cohost"),
    await enter(space.id, "speaker"),
  ];
  const ask = async (level: unknown, who: object = {}): Promise<[number, unknown]> => {
    const { status, json } = await control.ask("PUT", path, { body: { level }, ...who });
    return [status, status === 200 ? json.effective : json.code];
  };
  expect(await ask(2)).toEqual([200, 2]);
  expect(await ask(3, { token: host })).toEqual([200, 3]);
  expect(await ask(1, { token: cohost })).toEqual([200, 1]);
  expect(control.origin.spec(space.id)?.level).toBe(1);
  expect(await ask(4, { token: speaker })).toEqual([403, "not-allowed"]);
  expect(await ask(4, { signedIn: false })).toEqual([401, "sign-in-needed"]);
  for (const level of [5, -1, 1.5, "3", null, undefined]) expect(await ask(level)).toEqual([400, "invalid-body"]);
  expect((await control.ask("GET", path, { token: speaker })).status).toBe(403);
  expect(control.origin.spec(space.id)?.level).toBe(1);
});

test("CO-58 what is asked for only raises what is measured; the answer says what holds, why and since when", async () => {
  const space = await control.space();
  const path = `/spaces/${space.id}/level`;
  control.origin.level = { level: 3, cause: "egress", at: 1_700_000_000_000, edges: [0, 0, 0, 2, 0] };
  const measured = {
    measured: 3,
    effective: 3,
    cause: "egress",
    since: "2023-11-14T22:13:20.000Z",
    edges: [0, 0, 0, 2, 0],
  };
  expect((await control.ask("PUT", path, { body: { level: 1 } })).json).toEqual({ asked: 1, ...measured });
  const { json } = await control.ask("PUT", path, { body: { level: 4 } });
  expect(json).toMatchObject({ asked: 4, measured: 3, effective: 4, cause: "by-hand" } satisfies Partial<SpaceLevel>);
  expect(Math.abs(Date.parse(json.since) - control.now)).toBeLessThan(60_000);
  expect((await control.ask("PUT", path, { body: { level: 0 } })).json).toEqual({ asked: 0, ...measured });
  expect((await control.ask("GET", path)).json).toEqual({ asked: 0, ...measured });
});

test("CO-58 what is asked for outlives the process, and is told to the origin again; a Space that is over takes none", async () => {
  const space = await control.space();
  const path = `/spaces/${space.id}/level`;
  await control.ask("PUT", path, { body: { level: 3 } });
  await control.stop();
  control.origin.told.length = 0;
  await control.start();
  expect((await control.ask("GET", path)).json).toMatchObject({ asked: 3, effective: 3, cause: "by-hand" });
  await expect.poll(() => control.origin.spec(space.id)?.level).toBe(3);
  await control.ask("POST", `/spaces/${space.id}/end`);
  const late = await control.ask("PUT", path, { body: { level: 2 } });
  expect([late.status, late.json.code]).toEqual([409, "space-ended"]);
});

test("CO-58 while the origin is away it is kept, and the answer says that it is not told yet", async () => {
  const space = await control.space();
  await control.origin.stop();
  const { status, json } = await control.ask("PUT", `/spaces/${space.id}/level`, { body: { level: 2 } });
  expect([status, json.code]).toEqual([503, "origin-away"]);
  await control.origin.start();
  await expect.poll(() => control.origin.spec(space.id)?.level, { timeout: 20_000 }).toBe(2);
}, 30_000);
