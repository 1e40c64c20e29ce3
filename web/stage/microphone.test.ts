import { expect, test } from "vitest";
import { FakeDevices } from "./stage.test-browser.ts";
import { Microphone, type MicrophoneState } from "./microphone.ts";

function microphone(devices = new FakeDevices()): { mic: Microphone; devices: FakeDevices } {
  return { mic: new Microphone(devices as unknown as MediaDevices), devices };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

function opened(state: MicrophoneState): Extract<MicrophoneState, { kind: "open" }> {
  if (state.kind !== "open") throw new Error(`the microphone is ${state.kind}`);
  return state;
}

test("SP-11 the microphone is asked for mono with echo cancellation, noise suppression and gain control", async () => {
  const { mic, devices } = microphone();
  await mic.open();
  expect(devices.asked[0]?.audio).toEqual({
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    channelCount: 1,
  });
  expect(opened(mic.state.get()).deviceId).toBe("built-in");
});

test.each([
  ["NotAllowedError", "refused"],
  ["SecurityError", "refused"],
  ["NotFoundError", "missing"],
  ["OverconstrainedError", "missing"],
  ["NotReadableError", "busy"],
])("SP-12 %s is told as %s", async (name, kind) => {
  const { mic, devices } = microphone();
  devices.failure = new DOMException("no", name);
  await mic.open();
  expect(mic.state.get()).toEqual({ kind });
});

test("SP-12 a page that may not use microphones says so and does not throw", async () => {
  const mic = new Microphone({} as MediaDevices);
  await mic.open();
  expect(mic.state.get()).toEqual({ kind: "unsupported" });
});

test("SP-13 a track that ends is an unplugged microphone, and another can be opened", async () => {
  const { mic, devices } = microphone();
  await mic.open("headset");
  devices.tracks[0]?.lose();
  expect(mic.state.get()).toEqual({ kind: "unplugged", label: "The headset microphone" });
  await mic.open("built-in");
  expect(opened(mic.state.get()).deviceId).toBe("built-in");
});

test("SP-13 a device that leaves the list is unplugged though its track says nothing", async () => {
  const { mic, devices } = microphone();
  await mic.open("headset");
  devices.unplug("headset");
  await settled();
  expect(mic.state.get().kind).toBe("unplugged");
  expect(mic.devices.get().microphones.map((one) => one.id)).toEqual(["built-in"]);
});

test("SP-14 muting silences the track itself, also the track of the next device", async () => {
  const { mic, devices } = microphone();
  await mic.open("built-in");
  mic.setMuted(true);
  expect(devices.tracks[0]?.enabled).toBe(false);
  expect(opened(mic.state.get()).muted).toBe("self");
  await mic.open("headset");
  expect(devices.tracks[1]?.enabled).toBe(false);
  expect(devices.tracks[0]?.readyState).toBe("ended");
  mic.setMuted(false);
  expect(devices.tracks[1]?.enabled).toBe(true);
  expect(opened(mic.state.get()).muted).toBe("no");
});

test("SP-14 a microphone that the system silences is not shown as open", async () => {
  const { mic, devices } = microphone();
  await mic.open();
  devices.tracks[0]?.silence(true);
  expect(opened(mic.state.get()).muted).toBe("system");
  devices.tracks[0]?.silence(false);
  expect(opened(mic.state.get()).muted).toBe("no");
});

test("SP-15 the end stops the track, and an opening under way too", async () => {
  const { mic, devices } = microphone();
  await mic.open();
  mic.end();
  mic.end();
  expect(devices.tracks[0]?.readyState).toBe("ended");
  const other = microphone();
  const opening = other.mic.open();
  other.mic.end();
  await opening;
  expect(other.devices.tracks[0]?.readyState).toBe("ended");
  expect(other.mic.state.get()).toEqual({ kind: "off" });
});
