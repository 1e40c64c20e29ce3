import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Invite, Space } from "../../src/wire/api.ts";
import type { StagePerson } from "../../src/wire/state.ts";
import { decodeLive, likeness, loudness } from "./hearing.ts";
import { Server } from "./server.ts";
import { type Microphone, microphone, speechIsInstalled } from "./speech.ts";
import { opusPackets, publish, speak } from "./whip-client.ts";

/** As in EE-6. */
const heardAbove = 0.45;
const unheardBelow = 0.28;

let folder: string;
let server: Server;
let voice: Microphone;
let absent: Microphone;
let packets: Uint8Array[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rostra-whip-"));
  server = await Server.start();
  await server.claim();
  if (!speechIsInstalled()) return;
  voice = microphone("two", folder);
  absent = microphone("three", folder);
  packets = await opusPackets(voice.file);
}, 60_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function invited(role: "host" | "speaker"): Promise<{ space: Space; invite: Invite }> {
  const space = await server.createSpace({ title: `A ${role} by WHIP` });
  return { space, invite: await server.invite(space.id, role, `The ${role}`) };
}
const stage = async (id: string): Promise<readonly StagePerson[]> => (await server.state(id)).stage;
const isOn = ({ stage: people }: { stage: readonly StagePerson[] }): boolean => people.some(({ present }) => present);

test.skipIf(!speechIsInstalled())(
  "EE-10 a plain WHIP client with an invite is a speaker: listeners hear its voice, by UDP with video besides, and by TCP",
  async () => {
    for (const options of [{ video: true }, { transport: "tcp" as const }]) {
      const { space, invite } = await invited("host");
      await using on = await publish(invite, options);
      const speaking = speak(on.client, packets);
      await server.until(space.id, (state) => state.status === "live" && !state.hold && isOn(state));
      const heard = await decodeLive(`${server.url}/live/${space.id}/opus-32k/stream.mp4`, 10);
      const scores = [voice, absent].map(({ samples }) => likeness(heard.subarray(16_000), samples).score);
      console.log(
        `${JSON.stringify(options)}: its voice ${scores[0]?.toFixed(3)}, an absent one ${scores[1]?.toFixed(3)}, ${loudness(heard).toFixed(1)} dBFS`,
      );
      expect(scores[0]).toBeGreaterThan(heardAbove);
      expect(scores[1]).toBeLessThan(unheardBelow);
      expect((await stage(space.id)).map(({ name, role }) => [name, role])).toEqual([["The host", "host"]]);
      speaking.end();
      expect(await on.leave()).toBe(200);
      await server.until(space.id, (state) => state.hold && !isOn(state));
    }
  },
  90_000,
);

test.skipIf(!speechIsInstalled())(
  "EE-10 who is cut off comes back to the same place with the same invite, and DELETE gives the place up",
  async () => {
    for (const role of ["speaker", "host"] as const) {
      const { space, invite } = await invited(role);
      const first = await publish(invite);
      const saying = speak(first.client, packets);
      const [me] = (await server.until(space.id, isOn)).stage;
      saying.end();
      await first.client.close();
      const [away] = (await server.until(space.id, (state) => !isOn(state))).stage;
      expect([away?.id, away?.present]).toEqual([me?.id, false]);

      await using second = await publish(invite);
      const again = speak(second.client, packets);
      const { stage: back } = await server.until(space.id, isOn);
      expect(back.map(({ id }) => id)).toEqual([me?.id]);
      expect(second.location).not.toBe(first.location);
      again.end();
      expect(await second.leave()).toBe(200);
      await server.until(space.id, ({ stage: people }) => people.length === 0);
      expect(await second.leave()).toBe(404);
    }
  },
  60_000,
);

test("EE-10 pages of other sites may use it, and what it does not do is 405", async () => {
  const { space, invite } = await invited("speaker");
  const options = await fetch(invite.whipUrl, {
    method: "OPTIONS",
    headers: {
      origin: "https://studio.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  });
  expect(options.status).toBe(204);
  expect(Object.fromEntries(options.headers)).toMatchObject({
    "access-control-allow-origin": "*",
    "access-control-allow-methods": expect.stringContaining("POST") as string,
    "access-control-allow-headers": "authorization, content-type",
    "accept-post": "application/sdp",
  });
  await using on = await publish(invite);
  const session = await fetch(on.location, { method: "OPTIONS", headers: { origin: "https://studio.example" } });
  expect([session.status, session.headers.get("access-control-allow-methods")]).toEqual([204, "DELETE, OPTIONS"]);
  const trickle = await fetch(on.location, {
    method: "PATCH",
    headers: { "content-type": "application/trickle-ice-sdpfrag", authorization: `Bearer ${invite.token}` },
    body: "a=end-of-candidates",
  });
  expect([trickle.status, trickle.headers.get("allow")]).toEqual([405, "DELETE, OPTIONS"]);
  expect(await trickle.json()).toMatchObject({ code: "method-not-allowed", status: 405 });
  for (const answer of [await fetch(invite.whipUrl), await fetch(invite.whipUrl, { method: "PUT", body: "x" })]) {
    expect([answer.status, answer.headers.get("content-type")]).toEqual([405, "application/problem+json"]);
  }
  const stranger = await fetch(on.location, { method: "DELETE" });
  expect([stranger.status, stranger.headers.get("access-control-allow-origin")]).toEqual([401, "*"]);
  expect((await stage(space.id)).length).toBe(1);
  expect(await on.leave()).toBe(200);
}, 30_000);
