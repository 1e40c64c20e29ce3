import { createEncoder } from "libopus-wasm";
import { beforeEach, expect, test } from "vitest";
import { manualClock } from "../foundation/clock.ts";
import { epochMs, ms } from "../foundation/duration.ts";
import { Problem } from "../foundation/errors.ts";
import { silentLog } from "../foundation/log.ts";
import { browserOffer } from "./offers.fixture.ts";
import type { OutgoingPacket, PeerDriver, PeerEvents } from "./peer.ts";
import { connectTimeout } from "./speaker.ts";
import { decodeAll, joined, likeness, monoDecoder, tone, vowelPackets } from "./speech.fixture.ts";
import { Stage, type StagePorts } from "./stage.ts";

/** A driver whose far side the test plays. */
interface FarSide {
  readonly events: PeerEvents;
  readonly sent: OutgoingPacket[];
  closed: boolean;
}

let farSides: FarSide[];
let told: string[];
let presence: boolean[];
let admitted: (stage: Stage) => void;
const clock = manualClock(epochMs(1_700_000_000_000));

beforeEach(() => {
  farSides = [];
  told = [];
  presence = [];
  admitted = () => {};
});

const driver: PeerDriver = {
  answer: async (_, events) => {
    const far: FarSide = { events, sent: [], closed: false };
    farSides.push(far);
    return {
      answer: `answer ${farSides.length - 1}`,
      send: (packet) => far.sent.push(packet),
      report: () => {},
      close: () => {
        far.closed = true;
      },
    };
  },
  close: async () => {},
};

const packets = await vowelPackets(50);

function newStage(ports: Partial<StagePorts> = {}): Stage {
  const names = new Map<string, number>();
  return new Stage("space", {
    clock,
    log: silentLog,
    driver: () => driver,
    createDecoder: monoDecoder,
    createEncoder: () => createEncoder({ channels: 1 }),
    recording: async (name) => (name === "missing" ? Promise.reject(new Error("no such file")) : packets),
    admit: (stage) => admitted(stage),
    onSession: (_, { participant, session, state }) => {
      if (!names.has(session)) names.set(session, names.size);
      told.push(`${participant}${names.get(session)} ${state}`);
    },
    onPresence: (stage) => presence.push(stage.present),
    onCounts: () => {},
    ...ports,
  });
}

const person = (id: string, muted = false) => ({ id, muted });
const offer = (participant: string) => ({ participant, sdp: browserOffer(), transport: "udp" as const });
const far = (n: number): FarSide => farSides[n] ?? expect.fail(`there is no far side ${n}`);

/** Sends packets from a far side and pulls as many ticks; gives what was heard of whom. */
function talk(stage: Stage, from: FarSide, first: number, count: number): Map<string, Float32Array[]> {
  const heard = new Map<string, Float32Array[]>();
  for (let n = first; n < first + count; n++) {
    const payload = packets[n % 50] ?? new Uint8Array();
    from.events.onPacket({ ssrc: 1, sequence: n % 65_536, timestamp: n * 960, payload });
    clock.advance(ms(20));
    for (const [id, frame] of stage.pull(n)) heard.set(id, [...(heard.get(id) ?? []), frame]);
  }
  return heard;
}

async function connected(stage: Stage, participant: string): Promise<FarSide> {
  await stage.open(offer(participant));
  const one = far(farSides.length - 1);
  one.events.onState("connected");
  return one;
}

test("ST-51 only who is among the people gets a session", async () => {
  const stage = newStage();
  stage.apply([person("ana")]);
  expect(await stage.open(offer("ana"))).toMatchObject({
    sdp: "answer 0",
    session: expect.stringMatching(/^[\w-]{36}$/),
  });
  await expect(stage.open(offer("eve"))).rejects.toMatchObject({ status: 403, code: "not-on-stage" });
  await expect(stage.open({ ...offer("ana"), sdp: "junk" })).rejects.toMatchObject({ code: "sdp-malformed" });
  expect(told).toEqual(["ana0 connecting"]);
});

test("ST-51 what the library cannot answer is refused and leaves no session", async () => {
  const refusal = new Problem({ status: 422, code: "sdp-unusable", title: "", detail: "", action: "" });
  const stage = newStage({ driver: () => ({ ...driver, answer: () => Promise.reject(refusal) }) });
  stage.apply([person("ana")]);
  await expect(stage.open(offer("ana"))).rejects.toBe(refusal);
  expect(told).toEqual(["ana0 connecting", "ana0 gone"]);
  expect(stage.occupancy().all).toBe(0);
});

test("ST-52 everybody is heard as they sound, and is sent what they should hear", async () => {
  const stage = newStage();
  stage.apply([person("ana"), person("bo")]);
  const ana = await connected(stage, "ana");
  const bo = await connected(stage, "bo");
  const heard = talk(stage, ana, 0, 50);
  expect([...heard.keys()]).toEqual(["ana"]);
  const sound = joined(heard.get("ana") ?? []);
  expect(likeness(sound, (await decodeAll(packets)).subarray(0, sound.length))).toBeGreaterThan(0.99);
  for (let n = 0; n < 30; n++) stage.send(n, (id) => tone(n, id === "ana" ? 400 : 1000));
  const toAna = await decodeAll(ana.sent.map((one) => one.payload));
  const toBo = await decodeAll(bo.sent.map((one) => one.payload));
  const wanted = joined([...Array(30).keys()].map((n) => tone(n, 400)));
  expect(likeness(toAna.subarray(9912), wanted.subarray(9600, -312))).toBeGreaterThan(0.9);
  expect(Math.abs(likeness(toBo.subarray(9912), wanted.subarray(9600, -312)))).toBeLessThan(0.1);
});

test("ST-53 who is muted gives no frame, and nothing of it comes later", async () => {
  const stage = newStage();
  stage.apply([person("ana", true)]);
  const ana = await connected(stage, "ana");
  expect(talk(stage, ana, 0, 30).size).toBe(0);
  stage.apply([person("ana", false)]);
  // At most what the depth holds, not the thirty frames of before.
  expect(talk(stage, ana, 30, 1).get("ana")?.length ?? 0).toBe(0);
  expect(talk(stage, ana, 31, 20).get("ana")?.length).toBeGreaterThan(17);
  stage.apply([person("ana", true)]);
  expect(talk(stage, ana, 51, 10).size).toBe(0);
});

test("ST-54 who is no longer among the people loses their session", async () => {
  const stage = newStage();
  stage.apply([person("ana"), person("bo")]);
  const ana = await connected(stage, "ana");
  stage.apply([person("bo")]);
  expect(ana.closed).toBe(true);
  expect(told.at(-1)).toBe("ana0 gone");
  expect(stage.sessions()).toEqual([]);
});

test("ST-54 somebody who is removed while their answer is made gets no session", async () => {
  const stage = newStage();
  stage.apply([person("ana")]);
  const opening = stage.open(offer("ana"));
  stage.apply([]);
  await expect(opening).rejects.toMatchObject({ code: "not-on-stage" });
  expect(farSides.every((one) => one.closed)).toBe(true);
  expect(stage.occupancy().all).toBe(0);
});

test("ST-55 a second session takes the first one's place once it is connected, without a tick unheard", async () => {
  const stage = newStage();
  stage.apply([person("ana")]);
  const first = await connected(stage, "ana");
  talk(stage, first, 0, 20);
  await stage.open(offer("ana"));
  const second = far(1);
  expect(stage.sessions()).toMatchObject([{ state: "connected" }]);
  expect(talk(stage, first, 20, 20).get("ana")).toHaveLength(20);
  second.events.onState("connected");
  expect(first.closed).toBe(true);
  expect(told).toEqual(["ana0 connecting", "ana0 connected", "ana1 connected", "ana0 gone"]);
  expect(presence).toEqual([true]);
  expect(talk(stage, second, 0, 20).get("ana")?.length).toBeGreaterThan(17);
});

test("ST-55 a second session that never connects leaves the first as it is", async () => {
  const stage = newStage();
  stage.apply([person("ana")]);
  const first = await connected(stage, "ana");
  await stage.open(offer("ana"));
  for (let waited = 0; waited < connectTimeout; waited += 500) {
    first.events.onAlive();
    clock.advance(ms(500));
    stage.watch();
  }
  expect(far(1).closed).toBe(true);
  expect(first.closed).toBe(false);
  expect(stage.occupancy()).toEqual({ all: 1, connecting: 0 });
});

test("ST-55 a session that is not connected is replaced at once", async () => {
  const stage = newStage();
  stage.apply([person("ana")]);
  for (let n = 0; n < 5; n++) await stage.open(offer("ana"));
  expect(farSides.map((one) => one.closed)).toEqual([true, true, true, true, false]);
  expect(stage.occupancy()).toEqual({ all: 1, connecting: 1 });
});

test("ST-56 presence is a connected session or a recording, and is told when it changes", async () => {
  const stage = newStage();
  stage.apply([person("ana")]);
  await stage.open(offer("ana"));
  expect(stage.present).toBe(false);
  far(0).events.onState("connected");
  far(0).events.onState("closed");
  stage.apply([{ id: "voice", muted: false, recording: "en" }]);
  await expect.poll(() => stage.present, { timeout: 10_000 }).toBe(true);
  stage.end();
  expect(presence).toEqual([true, false, true, false]);
});

test("ST-57 recordings of one name stay in step; one that cannot be read is silent and nothing else", async () => {
  const stage = newStage();
  stage.apply([
    { id: "a", muted: false, recording: "en" },
    { id: "b", muted: false, recording: "en" },
    { id: "c", muted: false, recording: "missing" },
    { id: "d", muted: true, recording: "en" },
  ]);
  await expect.poll(() => stage.pull(0).size, { timeout: 10_000 }).toBe(2);
  for (let n = 1000; n < 1010; n++) {
    const frames = stage.pull(n);
    expect([...frames.keys()]).toEqual(["a", "b"]);
    expect(frames.get("a")).toEqual(frames.get("b"));
  }
  stage.end();
  expect(stage.pull(1010).size).toBe(0);
});

test("ST-58 a session is closed by its name once, and ending a stage ends all of them, twice without harm", async () => {
  const stage = newStage();
  stage.apply([person("ana"), person("bo")]);
  const { session } = await stage.open(offer("ana"));
  await connected(stage, "bo");
  expect(stage.close(session)).toBe(true);
  expect(stage.close(session)).toBe(false);
  stage.end();
  stage.end();
  expect(farSides.every((one) => one.closed)).toBe(true);
  expect(told.filter((line) => line.endsWith("gone"))).toHaveLength(2);
});

test("ST-62 nobody is let in without admission", async () => {
  const stage = newStage();
  stage.apply([person("ana")]);
  admitted = () => {
    throw new Problem({ status: 503, code: "stage-full", title: "", detail: "", action: "" });
  };
  await expect(stage.open(offer("ana"))).rejects.toMatchObject({ code: "stage-full" });
  expect(farSides).toEqual([]);
});
