import { afterEach, beforeEach, expect, test } from "vitest";
import type { Space } from "../../wire/api.ts";
import { TestControl, type TestSocket, until } from "./testing/control.ts";
import { maxSocketsPerAddress, shownLevel } from "./rooms.ts";

let control: TestControl;
let space: Space;
beforeEach(async () => {
  control = await TestControl.open();
  space = await control.space();
});
afterEach(() => control.end());

const host = async (): Promise<TestSocket> => {
  const socket = await control.join(space.id, await control.hostToken(space.id));
  await socket.next("welcome", ({ you, role }) => you === "owner" && role === "host");
  return socket;
};
const refusal = async (socket: TestSocket): Promise<[string, number]> => {
  const { problem } = await socket.next("refused");
  await until(() => socket.closed !== undefined);
  return [problem.code, socket.closed ?? 0];
};

test("CO-20 a guest is welcome, by id and by slug, and a token is for one Space", async () => {
  const guest = await control.join(space.slug, undefined, "Ada");
  const { you, role, token, limits } = await guest.next("welcome");
  expect([role, limits]).toEqual(["listener", { cohosts: 2, speakers: 13 }]);
  const back = await control.join(space.id, token);
  expect((await back.next("welcome")).you).toBe(you);
  const other = await control.space({ title: "Another" });
  expect(await refusal(await control.join(other.id, token))).toEqual(["invite-other-space", 4403]);
});

test("CO-20 a bad token, an unknown Space and another first message are refused and closed", async () => {
  expect(await refusal(await control.join(space.id, "forged"))).toEqual(["invite-invalid", 4401]);
  expect(await refusal(await control.join("nowhere"))).toEqual(["not-found", 4403]);
  const early = await control.socket(space.id);
  early.send({ t: "hand", raised: true });
  expect(await refusal(early)).toEqual(["message-invalid", 4403]);
});

test("CO-20 what is said before the welcome is heard after it", async () => {
  const guest = await control.socket(space.id);
  guest.send({ t: "join", name: "Ada" });
  guest.send({ t: "hand", raised: true });
  await guest.next("room", ({ people }) => people.some((one) => one.handRaised));
});

test("CO-21 a guest raises a hand, is asked up, steps up, and is on stage with a token", async () => {
  const desk = await host();
  const guest = await control.join(space.id, undefined, "Ada");
  const stranger = await control.join(space.id, undefined, "Eve");
  const { you } = await guest.next("welcome");
  guest.send({ t: "hand", raised: true });
  const seen = await desk.next("room", ({ people }) => people.some((one) => one.handRaised));
  expect(seen.people.map(({ id, role, handRaised }) => [id, role, handRaised])).toEqual([
    ["owner", "host", false],
    [you, "listener", true],
  ]);
  expect((await control.whip(space.id, (await guest.next("welcome")).token)).json.code).toBe("not-on-stage");

  desk.send({ t: "set-role", id: you, role: "speaker" });
  expect((await guest.next("invited")).role).toBe("speaker");
  guest.send({ t: "step-up", accept: true });
  const { role, token } = await guest.next("role");
  expect(role).toBe("speaker");
  await control.speak(space.id, token);
  const told = await stranger.next("room", ({ people }) => people.some(({ id, present }) => id === you && present));
  expect(told.people.map(({ name, role: as }) => [name, as])).toEqual([
    ["Ada", "speaker"],
    ["Eve", "listener"],
  ]);
  await until(() => control.origin.spec(space.id)?.stage.some(({ name }) => name === "Ada") === true);

  desk.send({ t: "mute-other", id: you });
  expect((await guest.next("muted-by")).by).toBe("owner");
  await until(() => control.stage.spec(space.id)?.people.find(({ id }) => id === you)?.muted === true);
  guest.send({ t: "mute", muted: false });
  await until(() => control.stage.spec(space.id)?.people.find(({ id }) => id === you)?.muted === false);
  guest.send({ t: "mute-other", id: "owner" });
  expect((await guest.next("refused")).problem.code).toBe("not-allowed");
  expect(guest.closed).toBeUndefined();
});

test("CO-21 the host's notice reaches the room and the origin", async () => {
  const desk = await host();
  const guest = await control.join(space.id);
  await guest.next("welcome");
  desk.send({ t: "notice", text: " Five minutes more " });
  await guest.next("room", ({ notice }) => notice === "Five minutes more");
  await until(() => control.origin.spec(space.id)?.notice === "Five minutes more");
  guest.send({ t: "notice", text: "no" });
  expect((await guest.next("refused")).problem.code).toBe("not-allowed");
});

test("CO-22 whoever is removed is told, closed, and kept out", async () => {
  const desk = await host();
  const invite = await control.invite(space.id, "speaker");
  const speaker = await control.join(space.id, invite, "Eve");
  const { you, token } = await speaker.next("welcome");
  await control.speak(space.id, token);
  desk.send({ t: "remove", id: you });
  expect((await speaker.next("removed")).by).toBe("owner");
  await until(() => speaker.closed === 4403);
  expect(control.stage.spec(space.id)?.people.some(({ id }) => id === you)).toBe(false);
  expect(await refusal(await control.join(space.id, token))).toEqual(["removed", 4403]);
  expect((await control.whip(space.id, token)).json.code).toBe("removed");
  expect((await control.whip(space.id, invite)).json.code).toBe("invite-spent");
});

test("CO-22 outcasts and seats are remembered over a restart", async () => {
  const desk = await host();
  const bad = await control.join(space.id, await control.invite(space.id, "speaker"), "Eve");
  const good = await control.join(space.id, await control.invite(space.id, "cohost"), "Ada");
  const { you, token } = await bad.next("welcome");
  const ada = await good.next("welcome");
  desk.send({ t: "remove", id: you });
  await until(() => bad.closed !== undefined);
  await control.stop();
  await until(() => good.closed === 1012);
  await control.start();
  expect(await refusal(await control.join(space.id, token))).toEqual(["removed", 4403]);
  const back = await control.join(space.id, ada.token);
  expect(await back.next("welcome")).toMatchObject({ you: ada.you, role: "cohost" });
});

test("CO-23 what is not a message is refused with where and why, and the socket stays", async () => {
  const guest = await control.join(space.id);
  await guest.next("welcome");
  for (const text of ["", "{", "[]", "null", '{"t":"fly"}', '{"t":"mute"}', '{"t":"hand","raised":"yes"}']) {
    const before = guest.heard.length;
    guest.sendRaw(text);
    await until(() => guest.heard.slice(before).some(({ t }) => t === "refused"), `a refusal of ${text}`);
    expect(guest.last("refused")?.problem.code).toBe("message-invalid");
  }
  guest.sendRaw(Buffer.from([1, 2, 3]));
  expect(guest.last("refused")?.problem.detail).toContain("/raised");
  guest.send({ t: "hand", raised: true });
  await guest.next("room", ({ people }) => people.some((one) => one.handRaised));
});

test("CO-23 a flood and a message of more than 64 KiB end the connection", async () => {
  const flood = await control.join(space.id);
  await flood.next("welcome");
  for (let n = 0; n < 200; n++) flood.send({ t: "hand", raised: n % 2 === 0 });
  expect(await refusal(flood)).toEqual(["too-many-messages", 1008]);
  const large = await control.join(space.id);
  await large.next("welcome");
  large.sendRaw(JSON.stringify({ t: "rename", name: "x".repeat(70_000) }));
  await until(() => large.closed === 1009);
});

test("CO-23 pings and pongs that nobody asked for count as messages", async () => {
  for (const kind of ["ping", "pong"] as const) {
    const flood = await control.join(space.id);
    await flood.next("welcome");
    for (let n = 0; n < 200; n++) flood.beat(kind);
    expect(await refusal(flood)).toEqual(["too-many-messages", 1008]);
  }
});

test("CO-23 one address has so many sockets and no more", async () => {
  const sockets = await Promise.all(Array.from({ length: maxSocketsPerAddress }, () => control.socket(space.id)));
  expect(await refusal(await control.socket(space.id))).toEqual(["too-many-sockets", 1013]);
  sockets[0]?.close();
  await until(() => control.meter.expose().includes(`rostra_room_sockets ${maxSocketsPerAddress - 1}`));
  await (await control.join(space.id)).next("welcome");
});

test("CO-26 neither silent strangers nor a crowd of guests keep out who has a token", async () => {
  await control.stop();
  control.maxSockets = 10;
  await control.start();
  const token = await control.hostToken(space.id);
  const guests = await Promise.all(Array.from({ length: 9 }, () => control.join(space.id)));
  await Promise.all(guests.map((one) => one.next("welcome")));
  expect(await refusal(await control.join(space.id))).toEqual(["too-many-sockets", 1013]);
  const silent = await control.socket(space.id);
  await until(() => control.meter.expose().includes("rostra_room_sockets 10"));
  const desk = await control.join(space.id, token);
  expect((await desk.next("welcome")).role).toBe("host");
  expect(await refusal(silent)).toEqual(["too-many-sockets", 1013]);
  const again = await control.join(space.id, token);
  expect(await refusal(again)).toEqual(["too-many-sockets", 1013]);
  expect(desk.closed).toBeUndefined();
});

test("CO-26 a socket that was refused cannot join all the same, and is cut off when it does not answer", async () => {
  await control.stop();
  control.maxSockets = 1;
  await control.start();
  const desk = await control.join(space.id, await control.hostToken(space.id));
  await desk.next("welcome");
  const late = await control.socket(space.id);
  late.stall();
  late.send({ t: "join" });
  await until(() => control.meter.expose().includes("rostra_room_sockets 1"), "the refused socket to be cut off");
  expect((await control.ask("GET", "/ops")).json.sockets).toBe(1);
  expect(desk.closed).toBeUndefined();
});

test("CO-27 who leaves and comes back at once is there when the old connections close", async () => {
  const invite = await control.invite(space.id, "speaker");
  const first = await control.join(space.id, invite, "Ada");
  const { token, you } = await first.next("welcome");
  const hung = await control.join(space.id, token);
  await hung.next("welcome");
  hung.stall();
  first.send({ t: "leave" });
  await until(() => first.closed === 1000);
  const back = await control.join(space.id, token);
  await back.next("welcome");
  await until(() => control.meter.expose().includes("rostra_room_sockets 1"), "the hung socket to be cut off");
  back.send({ t: "hand", raised: true });
  await back.next("room", ({ people }) => people.some(({ id, handRaised }) => id === you && handRaised));
});

test("CO-24 voices go to the stage, health to the host", async () => {
  const desk = await host();
  const speaker = await control.join(space.id, await control.invite(space.id, "speaker"));
  const guest = await control.join(space.id);
  const { you } = await speaker.next("welcome");
  await guest.next("welcome");
  const voices = [
    { id: you, db: -18, speaking: true },
    { id: "owner", db: -70, speaking: false },
  ];
  control.stage.say({ t: "voices", space: space.id, voices });
  expect((await speaker.next("voices")).v).toEqual([[you, 6]]);
  const health = { onAir: true, lagMs: 12, lost: 1, sessions: [{ participant: you, lossPercent: 2, jitterMs: 3 }] };
  control.stage.say({ t: "health", space: space.id, ...health });
  expect(await desk.next("health")).toEqual({ t: "health", ...health, listeners: 0, delayMs: null });
  expect([guest.last("voices"), speaker.last("health"), guest.last("health")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect([-90, -54, -27, 0].map(shownLevel)).toEqual([0, 0, 5, 9]);
});

test("CO-25 whoever loses their media session is asked to rejoin, with the reason", async () => {
  const speaker = await control.join(space.id, await control.invite(space.id, "host"));
  const { token } = await speaker.next("welcome");
  const first = await control.speak(space.id, token);
  await speaker.next("room", ({ people }) => people[0]?.present === true);
  control.stage.sessionIs(first, "gone");
  expect((await speaker.next("rejoin")).why).toBe("session-lost");

  const second = await control.speak(space.id, token);
  await speaker.next("room", ({ people }) => people[0]?.present === true);
  control.stage.sessions.delete(second);
  await control.stage.stop();
  await control.stage.start();
  await speaker.next("rejoin", ({ why }) => why === "stage-restarted");
});
