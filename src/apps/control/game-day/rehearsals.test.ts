import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Space } from "../../../wire/api.ts";
import { TestControl, until } from "../testing/control.ts";

let control: TestControl;
let space: Space;
beforeEach(async () => {
  control = await TestControl.open();
  const startAt = new Date(control.now + 3 * 3_600_000).toISOString();
  space = await control.space({ title: "An evening", startAt, description: "With guests", language: "fr-CA" });
});
afterEach(() => control.end());

const make = async (of = space.id): Promise<Space> => {
  const made = await control.ask("POST", `/spaces/${of}/rehearsal`);
  expect(made.status).toBe(200);
  return made.json as Space;
};
const voicesOf = (id: string): (string | undefined)[] =>
  (control.stage.spec(id)?.people ?? []).map(({ recording }) => recording);

test("CO-50 a rehearsal is live at once on a timeline of its own, is in no list, and there is one", async () => {
  const [rehearsal, again] = await Promise.all([make(), make()]);
  expect(again.id).toBe(rehearsal.id);
  expect((await make()).id).toBe(rehearsal.id);
  expect(rehearsal).toMatchObject({
    title: "Répétition: An evening",
    description: "With guests",
    language: "fr-CA",
    visibility: "unlisted",
  });
  expect(rehearsal.slug).toMatch(/^an-evening-rehearsal-[a-z2-7]{8}$/);
  await until(() => control.stage.spec(rehearsal.id)?.onAirFrom != null);
  expect(voicesOf(rehearsal.id)).toEqual(["en", "fr", "id"]);
  const told = control.origin.spec(rehearsal.id);
  expect(told).toMatchObject({ status: "live", archive: false, unlisted: true });
  expect(control.origin.spec(space.id)).toMatchObject({ status: "scheduled", archive: true });
  for (const query of ["", "?all=true", "?status=live"]) {
    const { spaces } = (await control.ask("GET", `/spaces${query}`)).json as { spaces: Space[] };
    expect(spaces.map(({ id }) => id)).not.toContain(rehearsal.id);
  }
  expect((await control.ask("GET", `/spaces/${space.id}`)).json).toMatchObject({ status: "scheduled" });
  const refused = await control.ask("POST", `/spaces/${rehearsal.id}/rehearsal`);
  expect([refused.status, refused.json.code]).toEqual([409, "is-rehearsal"]);
});

test("CO-50 only the owner and the Space's host have a rehearsal made, and invites to the Space open its stage", async () => {
  const path = `/spaces/${space.id}/rehearsal`;
  expect((await control.ask("POST", path, { signedIn: false })).status).toBe(401);
  const invite = await control.invite(space.id, "host");
  const host = (await (await control.join(space.id, invite)).next("welcome")).token;
  const speaker = await (await control.join(space.id, await control.invite(space.id, "speaker"))).next("welcome");
  expect((await control.ask("POST", path, { token: speaker.token })).status).toBe(403);
  const made = await control.ask("POST", path, { token: host });
  expect(made.status).toBe(200);
  const socket = await control.join((made.json as Space).id, invite);
  expect((await socket.next("welcome")).role).toBe("host");
});

test("CO-51 the voices are silent while somebody can be heard, and play again afterwards, also after a restart", async () => {
  const { id } = await make();
  const token = await control.hostToken(id);
  const desk = await control.join(id, token);
  await desk.next("welcome");
  const session = await control.speak(id, token);
  await until(() => voicesOf(id).every((one) => one === undefined), "the voices to leave");
  control.stage.sessionIs(session, "gone");
  await until(() => voicesOf(id).filter((one) => one !== undefined).length === 3, "the voices to be back");
  await control.stop();
  const told = control.stage.told.length;
  await control.start();
  await until(
    () => control.stage.told.length > told && voicesOf(id).filter(Boolean).length === 3,
    "them after a restart",
  );
  expect((await control.ask("GET", `/spaces/${id}`)).json).toMatchObject({ status: "live" });
});

test("CO-52 a rehearsal is removed with everything of it, and another can be made", async () => {
  const { id, slug } = await make();
  const removed = await control.ask("DELETE", `/spaces/${space.id}/rehearsal`);
  expect(removed.status).toBe(204);
  for (const name of [id, slug]) expect((await control.ask("GET", `/spaces/${name}`)).status).toBe(404);
  await until(() => control.stage.spec(id) === null, "the stage to be told");
  expect(control.origin.known.has(id)).toBe(false);
  expect((await control.ask("DELETE", `/spaces/${space.id}/rehearsal`)).status).toBe(404);
  expect((await make()).id).not.toBe(id);
  expect((await control.ask("GET", `/spaces/${space.id}`)).status).toBe(200);
});

test("CO-52 what the origin still says of a rehearsal while it is removed does not bring it back", async () => {
  const { id } = await make();
  await until(() => control.origin.spec(id)?.status === "live");
  let isDone = false;
  const removing = control.ask("DELETE", `/spaces/${space.id}/rehearsal`).finally(() => (isDone = true));
  while (!isDone) {
    control.origin.sayState(id, { status: "live", listeners: Math.floor(Math.random() * 1000) });
    await sleep(1);
  }
  expect((await removing).status).toBe(204);
  await sleep(300);
  expect(control.origin.known.has(id)).toBe(false);
});

test("CO-52 a rehearsal goes by itself a day after its Space is over, and one that was ended by hand before", async () => {
  const { id } = await make();
  const other = await control.space({ title: "Another" });
  const ended = await make(other.id);
  expect((await control.ask("POST", `/spaces/${ended.id}/end`)).status).toBe(200);
  expect((await make(other.id)).id).not.toBe(ended.id);
  await control.ask("POST", `/spaces/${space.id}/cancel`);
  control.offset += 24 * 3_600_000 - 60_000;
  const isThere = async (one: string): Promise<boolean> => (await control.ask("GET", `/spaces/${one}`)).status === 200;
  await control.stop();
  await control.start();
  await until(async () => !(await isThere(ended.id)), "the one that was ended to go");
  expect(await isThere(id)).toBe(true);
  control.offset += 120_000;
  await control.stop();
  await control.start();
  await until(async () => !(await isThere(id)), "the one whose Space is over to go");
});
