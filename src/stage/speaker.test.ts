import { createEncoder } from "libopus-wasm";
import { expect, test } from "vitest";
import { type ManualClock, manualClock } from "../foundation/clock.ts";
import { epochMs, ms } from "../foundation/duration.ts";
import type { OutgoingPacket, Peer, ReceptionReport } from "./peer.ts";
import { connectTimeout, goneAfter, interruptedAfter, listenerGoneAfter, Speaker } from "./speaker.ts";
import { decodeAll, likeness, monoDecoder, rms, joined, tone, vowelPackets } from "./speech.fixture.ts";

interface Rig {
  readonly speaker: Speaker;
  readonly clock: ManualClock;
  readonly states: string[];
  readonly sent: OutgoingPacket[];
  readonly reports: ReceptionReport[];
  closed: number;
}

async function rig(options: { sends?: boolean; receives?: boolean } = {}): Promise<Rig> {
  const clock = manualClock(epochMs(1_700_000_000_000));
  const encoder = await createEncoder({ channels: 1, bitrate: 40_000, fec: true, packetLossPercent: 10 });
  const made: Omit<Rig, "speaker"> = { clock, states: [], sent: [], reports: [], closed: 0 };
  const speaker = new Speaker({
    participant: "ana",
    session: "s",
    clock,
    decoder: await monoDecoder(),
    encoder,
    sends: options.sends ?? true,
    receives: options.receives ?? true,
    onState: (one) => made.states.push(one.state.is === "gone" ? `gone ${one.state.why}` : one.state.is),
  });
  const peer: Peer = {
    answer: "",
    send: (packet) => made.sent.push(packet),
    report: (report) => made.reports.push(report),
    close: () => void rigged.closed++,
  };
  const rigged: Rig = Object.assign(made, { speaker });
  speaker.attach(peer);
  return rigged;
}

const packet = (n: number, payload: Uint8Array) => ({ ssrc: 1, sequence: n, timestamp: n * 960, payload });

/** Packets every 20 ms for a while. */
async function speak({ speaker, clock }: Rig, count: number, from = 0): Promise<void> {
  const packets = await vowelPackets(10);
  for (let n = from; n < from + count; n++) {
    speaker.events.onPacket(packet(n, packets[n % 10] ?? new Uint8Array()));
    speaker.pull();
    clock.advance(ms(20));
  }
}

test("ST-40 connecting, connected, interrupted when nothing is heard, connected again, gone when nothing comes", async () => {
  const session = await rig();
  const { speaker, clock, states } = session;
  expect(speaker.state.is).toBe("connecting");
  speaker.events.onState("connected");
  await speak(session, 50);
  speaker.watch();
  clock.advance(interruptedAfter);
  speaker.watch();
  await speak(session, 50, 100);
  clock.advance(goneAfter);
  speaker.watch();
  expect(states).toEqual(["connected", "interrupted", "connected", "gone silent"]);
  expect(session.closed).toBe(1);
});

test("ST-40 the connection's own word counts too: away, failed, closed", async () => {
  const away = await rig();
  away.speaker.events.onState("connected");
  away.speaker.events.onState("disconnected");
  away.speaker.events.onState("closed");
  expect(away.states).toEqual(["connected", "interrupted", "gone left"]);
  const failed = await rig();
  failed.speaker.events.onState("failed");
  expect(failed.states).toEqual(["gone failed"]);
});

test("ST-41 a session that is not connected in time is gone", async () => {
  const { speaker, clock, states } = await rig();
  clock.advance(ms(connectTimeout - 1));
  speaker.watch();
  expect(speaker.state.is).toBe("connecting");
  clock.advance(ms(1));
  speaker.watch();
  expect(states).toEqual(["gone timeout"]);
});

test("ST-42 somebody who only listens is kept by their RTCP", async () => {
  const { speaker, clock, states } = await rig({ sends: false });
  speaker.events.onState("connected");
  for (let n = 0; n < 10; n++) {
    clock.advance(ms(listenerGoneAfter - 1));
    speaker.watch();
    speaker.events.onAlive();
  }
  expect(states).toEqual(["connected"]);
  clock.advance(listenerGoneAfter);
  speaker.watch();
  expect(states).toEqual(["connected", "gone silent"]);
});

test("ST-42 somebody who stops sending, and is there by their RTCP, is interrupted once and kept as one who only listens", async () => {
  const session = await rig();
  const { speaker, clock, states } = session;
  speaker.events.onState("connected");
  await speak(session, 50);
  for (let n = 0; n < 20; n++) {
    clock.advance(interruptedAfter);
    speaker.watch();
    if (n % 4 === 3) speaker.events.onAlive();
  }
  expect(states).toEqual(["connected", "interrupted", "connected"]);
  await speak(session, 50, 100);
  clock.advance(goneAfter);
  speaker.watch();
  expect(states.slice(3)).toEqual(["gone silent"]);
});

test("ST-43 what they hear is Opus of 20 ms, numbered on and dated by the clock, also over ticks that were skipped", async () => {
  const { speaker, sent } = await rig();
  speaker.send(99, tone(99, 500));
  expect(sent).toEqual([]);
  speaker.events.onState("connected");
  const frames = [...Array(50).keys()].map((n) => 100 + n).concat([...Array(50).keys()].map((n) => 157 + n));
  for (const index of frames) speaker.send(index, tone(index, 500));
  expect(sent).toHaveLength(100);
  const [first] = sent;
  for (const [n, one] of sent.entries()) {
    expect(one.sequence).toBe(((first?.sequence ?? 0) + n) % 65_536);
    expect((one.timestamp - (first?.timestamp ?? 0) + 2 ** 32) % 2 ** 32).toBe(((frames[n] ?? 0) - 100) * 960);
    expect(one.marker).toBe(n === 0 || n === 50);
  }
  const heard = (await decodeAll(sent.map((one) => one.payload))).subarray(20 * 960, 45 * 960);
  const original = joined(frames.slice(20, 45).map((index) => tone(index, 500)));
  // The encoder looks ahead by 312 samples.
  expect(likeness(heard.subarray(312), original.subarray(0, -312))).toBeGreaterThan(0.95);
});

test("ST-44 nothing is encoded for those who do not receive, are not connected or are gone", async () => {
  const deaf = await rig({ receives: false });
  deaf.speaker.events.onState("connected");
  deaf.speaker.send(1, tone(1, 500));
  expect(deaf.sent).toEqual([]);
  const gone = await rig();
  gone.speaker.events.onState("connected");
  gone.speaker.end("removed");
  gone.speaker.send(1, tone(1, 500));
  expect(gone.sent).toEqual([]);
  expect(gone.speaker.pull()).toBeUndefined();
});

test("ST-45 loss and jitter are reported to the far side and told as health", async () => {
  const session = await rig();
  session.speaker.events.onState("connected");
  const packets = await vowelPackets(10);
  for (let n = 0; n < 50; n++) {
    if (n % 5 !== 2) session.speaker.events.onPacket(packet(n, packets[n % 10] ?? new Uint8Array()));
    session.clock.advance(ms(20));
  }
  session.speaker.watch();
  expect(session.reports).toHaveLength(1);
  expect(session.reports[0]?.fractionLost).toBeCloseTo(0.2, 1);
  expect(session.speaker.health.lossPercent).toBeCloseTo(20, 0);
});

test("ST-46 ending is safe twice, and what comes after it is ignored", async () => {
  const session = await rig();
  const { speaker, states } = session;
  speaker.events.onState("connected");
  speaker.end("left");
  speaker.end("removed");
  speaker.events.onState("connected");
  speaker.events.onPacket(packet(1, Uint8Array.of(1)));
  speaker.watch();
  expect(states).toEqual(["connected", "gone left"]);
  expect(session.closed).toBe(1);
  // A peer that comes too late is ended.
  let closed = 0;
  speaker.attach({ answer: "", send: () => {}, report: () => {}, close: () => void closed++ });
  expect(closed).toBe(1);
});

test("ST-47 discarded sound is not heard later", async () => {
  const session = await rig();
  session.speaker.events.onState("connected");
  const packets = await vowelPackets(50);
  for (const [n, payload] of packets.entries()) {
    session.speaker.events.onPacket(packet(n, payload));
    session.speaker.discard();
  }
  expect(session.speaker.pull()).toBeUndefined();
  const heard: Float32Array[] = [];
  for (const [n, payload] of packets.entries()) {
    session.speaker.events.onPacket(packet(50 + n, payload));
    const frame = session.speaker.pull();
    if (frame) heard.push(frame);
  }
  expect(heard.length).toBeGreaterThan(45);
  expect(rms(joined(heard))).toBeGreaterThan(0.02);
});
