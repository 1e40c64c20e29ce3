import { afterEach, beforeEach, expect, test } from "vitest";
import type { Space } from "../../wire/api.ts";
import { TestControl, until } from "./testing/control.ts";

let control: TestControl;
let space: Space;
beforeEach(async () => {
  control = await TestControl.open();
  space = await control.space();
});
afterEach(() => control.end());

const people = (): string[] => control.stage.spec(space.id)?.people.map(({ id }) => id) ?? [];
const sdp = { "content-type": "application/sdp" };

test("CO-30 an offer with an invite becomes a session, and DELETE ends it and frees the place", async () => {
  const invite = await control.invite(space.id, "speaker");
  const answer = await control.whip(space.id, invite);
  expect([answer.status, answer.text]).toEqual([201, "v=0 answer s1"]);
  expect(answer.headers).toMatchObject({
    location: `/api/v1/spaces/${space.id}/whip/s1`,
    etag: '"s1"',
    "content-type": "application/sdp",
    "access-control-allow-origin": "*",
    "cache-control": "no-store",
  });
  expect(people()).toEqual([control.stage.sessions.get("s1")?.participant]);
  const path = String(answer.headers["location"]);
  const stranger = await control.invite(space.id, "speaker");
  expect((await control.ask("DELETE", path, { token: stranger })).status).toBe(404);
  expect((await control.ask("DELETE", path, { signedIn: false })).status).toBe(401);
  expect((await control.ask("DELETE", path, { token: invite })).status).toBe(200);
  await until(() => people().length === 0);
  expect(control.stage.sessions.size).toBe(0);
  expect((await control.ask("DELETE", path, { token: invite })).status).toBe(404);
});

test("CO-31 a participant's token is for the same place; DELETE keeps it, also when the page is reloaded", async () => {
  const page = await control.join(space.id, await control.invite(space.id, "host"));
  const { you, token } = await page.next("welcome");
  await control.speak(space.id, token);
  const second = await control.whip(space.id, token);
  expect([...control.stage.sessions.values()].map(({ participant }) => participant)).toEqual([you, you]);
  await control.ask("DELETE", String(second.headers["location"]), { token });
  expect(people()).toEqual([you]);
  const third = await control.whip(space.id, token);
  page.close();
  await until(async () => (await control.ask("GET", "/ops")).json.sockets === 0);
  await control.ask("DELETE", String(third.headers["location"]), { token });
  expect(people()).toEqual([you]);
  const again = await control.join(space.id, token);
  expect(await again.next("welcome")).toMatchObject({ you, role: "host" });
});

test("CO-31 an invite takes several in, but a client that comes again gets its own place back", async () => {
  const invite = await control.invite(space.id, "speaker");
  const first = await control.speak(space.id, invite);
  await control.speak(space.id, invite);
  await until(() => people().length === 2);
  const mine = control.stage.sessions.get(first)?.participant;
  control.stage.sessionIs(first, "gone");
  await until(() => control.origin.spec(space.id)?.stage.some(({ present }) => !present) === true);
  const again = await control.speak(space.id, invite);
  expect(control.stage.sessions.get(again)?.participant).toBe(mine);
  expect(people()).toHaveLength(2);
});

test("CO-31 two who come at once with one invite get a place each, before either's sound has come", async () => {
  const invite = await control.invite(space.id, "speaker");
  await control.whip(space.id, invite);
  await control.whip(space.id, invite);
  const participants = [...control.stage.sessions.values()].map(({ participant }) => participant);
  expect(new Set(participants).size).toBe(2);
});

test("CO-31 a host's invite always means the same participant", async () => {
  const invite = await control.invite(space.id, "host");
  await control.speak(space.id, invite);
  await control.speak(space.id, invite);
  expect(people()).toHaveLength(1);
});

test("CO-32 what the stage refuses comes through, and nobody is left on stage", async () => {
  const invite = await control.invite(space.id, "speaker");
  const body = { code: "offer-no-opus", title: "No Opus", detail: "None was offered.", action: "Offer it." };
  control.stage.refusal = { status: 422, body };
  const refused = await control.whip(space.id, invite);
  expect([refused.status, refused.headers["content-type"]]).toEqual([422, "application/problem+json"]);
  expect(refused.json).toMatchObject(body);
  await until(() => people().length === 0);
  await control.stage.stop();
  const away = await control.whip(space.id, invite);
  expect([away.status, away.json.code, away.headers["retry-after"]]).toEqual([503, "stage-away", "2"]);
});

test("CO-34 who leaves while the stage is away is not on air any more when it is back", async () => {
  const page = await control.join(space.id, await control.invite(space.id, "host"));
  const { token } = await page.next("welcome");
  const session = await control.speak(space.id, token);
  await page.next("room", (told) => told.people[0]?.present === true);
  await control.stage.stop();
  control.stage.sessions.clear();
  const left = await control.ask("DELETE", `/spaces/${space.id}/whip/${session}`, { token });
  expect([left.status, left.json.code]).toEqual([503, "stage-away"]);
  await control.stage.start();
  await page.next("room", (told) => told.people[0]?.present === false);
});

test("CO-33 bad requests each have their own answer", async () => {
  const token = await control.invite(space.id, "speaker");
  const post = async (options: Parameters<TestControl["ask"]>[2]): Promise<[number, string]> => {
    const answer = await control.ask("POST", `/spaces/${space.id}/whip`, { signedIn: false, ...options });
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    return [answer.status, String(answer.json.code)];
  };
  expect(await post({ body: "v=0", headers: sdp })).toEqual([401, "token-needed"]);
  expect(await post({ body: "v=0", headers: sdp, token: "a.b.c" })).toEqual([401, "invite-invalid"]);
  expect(await post({ body: { sdp: "v=0" }, token })).toEqual([415, "unsupported-media-type"]);
  expect(await post({ body: "v=0", headers: { "content-type": "text/plain" }, token })).toEqual([
    415,
    "unsupported-media-type",
  ]);
  expect(await post({ token })).toEqual([415, "unsupported-media-type"]);
  expect(await post({ body: " ", headers: sdp, token })).toEqual([400, "offer-empty"]);
  expect(await post({ body: "v=0\r\n".repeat(300_000), headers: sdp, token })).toEqual([413, "too-large"]);
  control.offset += 2 * 86_400_000;
  expect(await post({ body: "v=0", headers: sdp, token })).toEqual([401, "invite-expired"]);
  expect(people()).toEqual([]);
});

test("CO-33 trickle ICE is 405, and other sites' pages may use WHIP", async () => {
  const path = `/spaces/${space.id}/whip`;
  const patch = await control.ask("PATCH", `${path}/s1`, { body: "a=x", headers: sdp });
  expect([patch.status, patch.headers["allow"]]).toEqual([405, "DELETE, OPTIONS"]);
  const preflight = await control.ask("OPTIONS", path, {
    signedIn: false,
    headers: { origin: "https://elsewhere.test" },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers).toMatchObject({
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST, OPTIONS",
    "access-control-allow-headers": "authorization, content-type",
    "accept-post": "application/sdp",
  });
  const away = { ...sdp, origin: "https://elsewhere.test", "sec-fetch-site": "cross-site" };
  const token = await control.invite(space.id, "speaker");
  expect((await control.ask("POST", path, { body: "v=0", headers: away, token })).status).toBe(201);
});
