import { expect, test } from "vitest";
import { type Air, airOf } from "./air.ts";
import { asTrack, FakeTrack } from "./stage.test-browser.ts";
import type { MediaState } from "./media-connection.ts";
import type { MicrophoneState } from "./microphone.ts";
import type { RoomState, RoomView } from "./room-client.ts";

const live: RoomView = { status: "live", hold: false, notice: "", people: [] };
const joined: RoomState = {
  kind: "joined",
  you: "p1",
  role: "speaker",
  token: "t",
  limits: { cohosts: 2, speakers: 13 },
};
const connected = { kind: "connected", transport: "udp", heard: {} } as MediaState;
const open: MicrophoneState = {
  kind: "open",
  track: asTrack(new FakeTrack()),
  deviceId: "a",
  label: "A",
  muted: "no",
};

interface Case {
  readonly view?: RoomView | undefined;
  readonly room?: RoomState;
  readonly media?: MediaState;
  readonly microphone?: MicrophoneState;
}
const air = (given: Case): Air =>
  airOf("view" in given ? given.view : live, given.room ?? joined, given.media ?? connected, given.microphone ?? open);

test("SP-16 on air is said only when live, in the room, connected, with an open microphone that nobody muted", () => {
  expect(air({})).toEqual({ kind: "on-air" });
  const notYet: readonly MediaState[] = [
    { kind: "off" },
    { kind: "connecting", attempt: 1, transport: "udp" },
    { kind: "interrupted", transport: "udp" },
    { kind: "refused", status: 401, problem: undefined },
  ];
  for (const media of notYet) expect(air({ media })).toEqual({ kind: "offline" });
  expect(air({ room: { kind: "connecting", attempt: 2 }, media: { kind: "off" } })).toEqual({ kind: "offline" });
  expect(air({ view: undefined })).toEqual({ kind: "offline" });
});

test.each<[Case, Air]>([
  [{ room: { kind: "connecting", attempt: 2 } }, { kind: "room-away" }],
  [{ view: { ...live, status: "lobby" } }, { kind: "green-room" }],
  [{ view: { ...live, hold: true } }, { kind: "hold" }],
  [{ microphone: { kind: "unplugged", label: "A" } }, { kind: "no-microphone" }],
  [{ microphone: { ...open, muted: "self" } }, { kind: "muted", by: "self" }],
  [{ microphone: { ...open, muted: "system" } }, { kind: "muted", by: "system" }],
  [{ room: { ...joined, role: "listener" } }, { kind: "audience" }],
  [
    { view: { ...live, status: "ended" }, media: { kind: "off" } },
    { kind: "over", status: "ended" },
  ],
  [{ view: { ...live, status: "scheduled" }, media: { kind: "off" } }, { kind: "early" }],
])("SP-16 %o is told as %o", (given, expected) => {
  expect(air(given)).toEqual(expected);
});
