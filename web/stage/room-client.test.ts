import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeSocket, FakeStorage } from "./stage.test-browser.ts";
import { maxQueuedMessages, RoomClient, type RoomMoment, tokenKey } from "./room-client.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Desk {
  client: RoomClient;
  sockets: FakeSocket[];
  store: FakeStorage;
  last: () => FakeSocket;
}

function room(options: { token?: string; name?: string; store?: FakeStorage } = {}): Desk {
  const sockets: FakeSocket[] = [];
  const store = options.store ?? new FakeStorage();
  const client = new RoomClient({
    url: "wss://radio.example/room",
    space: "town-hall",
    store,
    token: options.token,
    name: options.name,
    random: () => 1,
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
  });
  const last = (): FakeSocket => {
    const socket = sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  };
  return { client, sockets, store, last };
}

const welcome = {
  t: "welcome",
  you: "p1",
  role: "speaker",
  token: "participant-1",
  limits: { cohosts: 2, speakers: 13 },
};

function join(desk: Desk): void {
  desk.client.join();
  desk.last().opens();
  desk.last().says(welcome);
}

test("SP-20 the first message is join with invite and name; welcome keeps the participant's token", () => {
  const desk = room({ token: "invite", name: "Ada" });
  desk.client.join();
  desk.last().opens();
  expect(desk.last().sent).toEqual([{ t: "join", token: "invite", name: "Ada" }]);
  expect(desk.client.state.get().kind).toBe("connecting");
  desk.last().says(welcome);
  expect(desk.client.state.get()).toMatchObject({ kind: "joined", you: "p1", role: "speaker" });
  expect(desk.store.getItem(tokenKey("town-hall"))).toBe("participant-1");
});

test("SP-21 a broken connection is remade with the participant's token, with growing delays", () => {
  const desk = room({ token: "invite" });
  join(desk);
  desk.last().breaks();
  expect(desk.client.state.get()).toEqual({ kind: "waiting", attempt: 1, delay: 300 });
  vi.advanceTimersByTime(300);
  desk.last().breaks();
  expect(desk.client.state.get()).toEqual({ kind: "waiting", attempt: 1, delay: 300 });
  vi.advanceTimersByTime(300);
  desk.last().breaks();
  expect(desk.client.state.get()).toEqual({ kind: "waiting", attempt: 2, delay: 600 });
  vi.advanceTimersByTime(600);
  desk.last().opens();
  expect(desk.last().sent).toEqual([{ t: "join", token: "participant-1" }]);
});

test("SP-21 a reloaded page comes back by the stored token", () => {
  const store = new FakeStorage();
  store.setItem(tokenKey("town-hall"), "participant-9");
  const desk = room({ store });
  desk.client.join();
  desk.last().opens();
  expect(desk.last().sent).toEqual([{ t: "join", token: "participant-9" }]);
});

test("SP-22 a refusal is final, carries its problem, and forgets the token", () => {
  const desk = room({ token: "old" });
  const moments: RoomMoment[] = [];
  desk.client.onMoment((moment) => moments.push(moment));
  desk.client.join();
  desk.last().opens();
  const problem = { code: "invite-expired", title: "Expired", detail: "It expired.", action: "Ask for another." };
  desk.last().says({ t: "refused", problem });
  desk.last().breaks(4401);
  expect(desk.client.state.get()).toEqual({ kind: "refused", problem });
  expect(moments).toHaveLength(1);
  vi.advanceTimersByTime(60_000);
  expect(desk.sockets).toHaveLength(1);
  expect(desk.store.getItem(tokenKey("town-hall"))).toBeNull();
});

test("SP-23 what is said while away waits, the last word on a thing only, and the cap drops the oldest", () => {
  const desk = room({ token: "invite" });
  join(desk);
  desk.last().breaks();
  desk.client.send({ t: "mute", muted: true });
  desk.client.send({ t: "hand", raised: true });
  desk.client.send({ t: "mute", muted: false });
  vi.advanceTimersByTime(300);
  desk.last().opens();
  desk.last().says(welcome);
  expect(desk.last().sent.slice(1)).toEqual([
    { t: "hand", raised: true },
    { t: "mute", muted: false },
  ]);
  desk.last().breaks();
  for (let i = 0; i < maxQueuedMessages + 3; i++) desk.client.send({ t: "remove", id: `p${i}` });
  expect(desk.client.dropped).toBe(3);
});

test("SP-24 the room, the voices and the health are kept as last told; the view outlives the connection", () => {
  const desk = room();
  join(desk);
  const view = { status: "live", hold: false, notice: "", people: [] };
  desk.last().says({ t: "room", ...view });
  desk.last().says({ t: "voices", v: [["p2", 7]] });
  expect(desk.client.voices.get().get("p2")).toBe(7);
  desk.last().says({ t: "health", onAir: true, lagMs: 3, lost: 0, listeners: 9, delayMs: 0, sessions: [] });
  expect(desk.client.health.get()).toMatchObject({ onAir: true, listeners: 9 });
  desk.last().breaks();
  expect(desk.client.health.get()).toBeUndefined();
  expect(desk.client.view.get()).toEqual(view);
  expect(desk.client.voices.get().size).toBe(0);
});

test("SP-25 a removed person is not brought back by the reconnection", () => {
  const desk = room();
  join(desk);
  desk.last().says({ t: "removed", by: "Host" });
  desk.last().breaks(1000);
  vi.advanceTimersByTime(60_000);
  expect(desk.client.state.get()).toEqual({ kind: "removed", by: "Host" });
  expect(desk.sockets).toHaveLength(1);
  expect(desk.store.getItem(tokenKey("town-hall"))).toBeNull();
});

test("SP-25 leaving says so, forgets the token and is safe twice; detaching keeps the place", () => {
  const desk = room();
  join(desk);
  const socket = desk.last();
  desk.client.leave();
  desk.client.leave();
  expect(socket.sent.at(-1)).toEqual({ t: "leave" });
  expect(socket.closedWith).toBe(1000);
  expect(desk.store.getItem(tokenKey("town-hall"))).toBeNull();
  const other = room();
  join(other);
  other.client.detach();
  expect(other.store.getItem(tokenKey("town-hall"))).toBe("participant-1");
});

test("SP-26 a new role brings a new token; messages nobody knows and broken ones change nothing", () => {
  const desk = room();
  join(desk);
  desk.last().says({ t: "role", role: "cohost", token: "participant-2" });
  desk.last().says({ t: "fireworks" });
  desk.last().dispatchEvent(new MessageEvent("message", { data: "{" }));
  expect(desk.client.state.get()).toMatchObject({ kind: "joined", role: "cohost", token: "participant-2" });
  expect(desk.store.getItem(tokenKey("town-hall"))).toBe("participant-2");
});
