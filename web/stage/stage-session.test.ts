import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeDevices, FakeSocket, FakeStorage, FakeWhip } from "./stage.test-browser.ts";
import { Microphone } from "./microphone.ts";
import { somebody } from "./stage.test-people.ts";
import { StageSession } from "./stage-session.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Stage {
  session: StageSession;
  whip: FakeWhip;
  devices: FakeDevices;
  store: FakeStorage;
  socket: () => FakeSocket;
  welcome: (role?: string) => Promise<void>;
  room: (muted?: boolean, status?: string) => void;
}

async function stage(muted = false): Promise<Stage> {
  const [whip, devices, store] = [new FakeWhip(), new FakeDevices(), new FakeStorage()];
  const sockets: FakeSocket[] = [];
  const microphone = new Microphone(devices as unknown as MediaDevices);
  await microphone.open();
  const session = new StageSession({
    url: "wss://radio.example/room",
    whipUrl: "https://radio.example/whip",
    space: "town-hall",
    token: "invite",
    name: "Ada",
    store,
    ports: whip,
    microphone,
    muted,
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
  });
  session.enter();
  const socket = (): FakeSocket => {
    const last = sockets.at(-1);
    if (!last) throw new Error("no socket was opened");
    return last;
  };
  return {
    session,
    whip,
    devices,
    store,
    socket,
    welcome: async (role = "speaker") => {
      socket().opens();
      socket().says({ t: "welcome", you: "me", role, token: "mine", limits: { cohosts: 2, speakers: 13 } });
      await vi.advanceTimersByTimeAsync(510);
    },
    room: (isMuted = false, status = "live") =>
      socket().says({ t: "room", status, hold: false, notice: "", people: [somebody("me", { muted: isMuted })] }),
  };
}

test("SP-40 who has a seat sends media with the participant's token, and is on air once it is connected", async () => {
  const { session, whip, welcome, room } = await stage();
  await welcome();
  expect(whip.offers[0]?.authorization).toBe("Bearer mine");
  room();
  expect(session.air.get().kind).toBe("offline");
  whip.peer.becomes("connected");
  expect(session.air.get()).toEqual({ kind: "on-air" });
});

test("SP-40 a listener in the room sends nothing; brought up, they send with the new token; demoted, they stop", async () => {
  const { session, whip, socket, welcome, room } = await stage();
  await welcome("listener");
  room();
  expect(whip.offers).toHaveLength(0);
  socket().says({ t: "role", role: "speaker", token: "raised" });
  await vi.advanceTimersByTimeAsync(510);
  expect(whip.offers[0]?.authorization).toBe("Bearer raised");
  whip.peer.becomes("connected");
  socket().says({ t: "role", role: "listener", token: "lowered" });
  expect(session.media.get()).toEqual({ kind: "off" });
  expect(session.air.get()).toEqual({ kind: "audience" });
});

test("SP-41 muting silences the track before the room knows; unmuting waits for the room", async () => {
  const { session, devices, socket, welcome, room } = await stage();
  await welcome();
  room();
  session.setMuted(true);
  expect(devices.tracks[0]?.enabled).toBe(false);
  expect(socket().sent.at(-1)).toEqual({ t: "mute", muted: true });
  room(true);
  session.setMuted(false);
  expect(devices.tracks[0]?.enabled).toBe(false);
  room(false);
  expect(devices.tracks[0]?.enabled).toBe(true);
});

test("SP-41 coming in muted is told to the room with the first word", async () => {
  const { devices, socket, welcome, room } = await stage(true);
  expect(devices.tracks[0]?.enabled).toBe(false);
  await welcome();
  expect(socket().sent).toContainEqual({ t: "mute", muted: true });
  room(false);
  expect(devices.tracks[0]?.enabled).toBe(false);
});

test("SP-41 a host's mute holds until the person unmutes themselves", async () => {
  const { session, devices, socket, welcome, room } = await stage();
  await welcome();
  room();
  socket().says({ t: "muted-by", by: "Host" });
  expect([devices.tracks[0]?.enabled, session.muted.get()]).toEqual([false, true]);
  room(true);
  session.setMuted(false);
  room(false);
  expect(session.muted.get()).toBe(false);
});

test("SP-42 rejoin makes a new media session; the room's own reconnection does not touch the media", async () => {
  const { whip, socket, welcome, room } = await stage();
  await welcome();
  room();
  whip.peer.becomes("connected");
  socket().breaks();
  await vi.advanceTimersByTimeAsync(8000);
  await welcome();
  expect(whip.offers).toHaveLength(1);
  socket().says({ t: "rejoin", why: "stage-restarted" });
  await vi.advanceTimersByTimeAsync(510);
  expect(whip.offers).toHaveLength(2);
});

test("SP-43 an offer that came before the lobby opened is made again when it opens", async () => {
  const { session, whip, welcome, room } = await stage();
  whip.answers.push(() => new Response(null, { status: 409, headers: { "retry-after": "30" } }));
  await welcome();
  room(false, "scheduled");
  expect(session.air.get()).toEqual({ kind: "early" });
  room(false, "lobby");
  await vi.advanceTimersByTimeAsync(510);
  expect(whip.offers).toHaveLength(2);
});

test("SP-44 removed: media and microphone end, and why is still known; leaving and detaching differ by the place", async () => {
  const { session, whip, socket, devices, welcome, room } = await stage();
  await welcome();
  room();
  whip.peer.becomes("connected");
  socket().says({ t: "removed", by: "Host" });
  session.leave();
  expect(whip.requests.at(-1)?.method).toBe("DELETE");
  expect(devices.tracks[0]?.readyState).toBe("ended");
  expect(session.room.state.get()).toEqual({ kind: "removed", by: "Host" });

  const other = await stage();
  await other.welcome();
  other.session.detach();
  expect(other.whip.requests.at(-1)).toMatchObject({ method: "DELETE", keepalive: true });
  expect(other.store.getItem("rostra:participant:town-hall")).toBe("mine");
  other.session.reattach();
  await other.welcome();
  expect(other.socket().sent[0]).toEqual({ t: "join", token: "mine", name: "Ada" });
  expect(other.whip.offers).toHaveLength(2);
});
