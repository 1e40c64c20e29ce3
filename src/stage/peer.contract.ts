import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Problem } from "../foundation/errors.ts";
import { openClient, type TestClient } from "./client.fixture.ts";
import { readOffer } from "./offer.ts";
import type { IncomingPacket, Peer, PeerDriver, PeerState } from "./peer.ts";
import { decodeAll, joined, likeness, monoDecoder, seeded, vowelPackets } from "./speech.fixture.ts";

const timestampStep = 960;

interface Session {
  readonly client: TestClient;
  readonly peer: Peer;
  readonly packets: IncomingPacket[];
  readonly states: PeerState[];
  /** Times it was heard by RTCP. */
  alive: number;
  end(): Promise<void>;
}

/** What every driver must do, with a real client. */
export function peerContract(transport: "udp" | "tcp", open: () => Promise<PeerDriver>): void {
  let driver: PeerDriver;
  beforeAll(async () => {
    driver = await open();
  });
  afterAll(() => driver.close());

  const connect = async (options: Parameters<typeof openClient>[0] = {}): Promise<Session> => {
    const client = await openClient({ transport, ...options });
    const packets: IncomingPacket[] = [];
    const states: PeerState[] = [];
    const session = { alive: 0 };
    const peer = await driver.answer(readOffer(client.offer), {
      onPacket: (packet) => packets.push(packet),
      onAlive: () => session.alive++,
      onState: (state) => states.push(state),
    });
    await client.accept(peer.answer);
    await client.connected();
    await until(() => states.includes("connected"));
    const end = async (): Promise<void> => {
      peer.close();
      await client.close();
    };
    return Object.assign(session, { client, peer, packets, states, end });
  };

  test("ST-10 a speaker's Opus arrives whole, with its sequence and timestamps, and sounds as it did", async () => {
    const speaker = await connect();
    const sent = await vowelPackets(20);
    for (const [n, payload] of sent.entries()) {
      await speaker.client.send(payload, 65_530 + n, 1000 + n * timestampStep);
      await sleep(2);
    }
    await until(() => speaker.packets.length >= sent.length);
    const arrived = speaker.packets.toSorted((a, b) => a.timestamp - b.timestamp);
    expect(arrived.map((packet) => packet.timestamp)).toEqual(sent.map((_, n) => 1000 + n * timestampStep));
    expect(arrived.map((packet) => packet.sequence)).toEqual(sent.map((_, n) => (65_530 + n) % 65_536));
    expect(new Set(arrived.map((packet) => packet.ssrc))).toEqual(new Set([speaker.client.ssrc]));
    const decoder = await monoDecoder();
    const heard = joined(arrived.map((packet) => decoder.decodeFloat(packet.payload)));
    decoder.free();
    expect(likeness(heard, await decodeAll(sent))).toBeGreaterThan(0.999);
    await speaker.end();
  });

  test("ST-11 what is sent to a speaker arrives whole, in its place", async () => {
    const speaker = await connect();
    const sent = await vowelPackets(20);
    for (const [n, payload] of sent.entries()) {
      speaker.peer.send({ payload, sequence: n, timestamp: n * timestampStep, marker: n === 0 });
      await sleep(2);
    }
    await until(() => speaker.client.received.length >= sent.length);
    const arrived = speaker.client.received.toSorted((a, b) => a.timestamp - b.timestamp);
    expect(arrived.map(({ payload }) => Buffer.from(payload))).toEqual(sent.map((payload) => Buffer.from(payload)));
    const first = arrived[0];
    expect(arrived.map((one) => (one.timestamp - (first?.timestamp ?? 0)) >>> 0)).toEqual(
      sent.map((_, n) => n * timestampStep),
    );
    await speaker.end();
  });

  test("ST-12 a client that only sends is answered recvonly, its video rejected, and gets nothing", async () => {
    const speaker = await connect({ direction: "sendonly", video: true });
    expect(speaker.peer.answer).toMatch(/a=recvonly/);
    expect(speaker.peer.answer).toMatch(/m=video 0 /);
    const sent = await vowelPackets(5);
    for (const [n, payload] of sent.entries()) {
      await speaker.client.send(payload, n, n * timestampStep);
      speaker.peer.send({ payload, sequence: n, timestamp: n * timestampStep, marker: false });
      speaker.peer.report({ ssrc: speaker.client.ssrc, fractionLost: 0.1, lost: 1, highestSequence: n, jitter: 3 });
    }
    await until(() => speaker.packets.length >= sent.length);
    expect(speaker.client.received).toEqual([]);
    await speaker.end();
  });

  test("ST-13 several speakers on the one port do not hear each other's packets", async () => {
    const speakers = await Promise.all([connect(), connect(), connect()]);
    const [payload] = await vowelPackets(1);
    await Promise.all(
      speakers.map(async ({ client }, index) => {
        for (let n = 0; n < 5; n++) await client.send(payload ?? new Uint8Array(), n, index * 100_000 + n);
      }),
    );
    await until(() => speakers.every(({ packets }) => packets.length >= 5));
    for (const [index, { packets, client }] of speakers.entries()) {
      expect(packets.every((packet) => packet.ssrc === client.ssrc)).toBe(true);
      expect(packets.every((packet) => Math.floor(packet.timestamp / 100_000) === index)).toBe(true);
    }
    await Promise.all(speakers.map((speaker) => speaker.end()));
  });

  test("ST-15 closing is safe twice, before and after connecting, and nothing is told after it", async () => {
    const speaker = await connect();
    const told = speaker.states.length;
    speaker.peer.close();
    speaker.peer.close();
    speaker.peer.send({ payload: new Uint8Array([1]), sequence: 1, timestamp: 1, marker: false });
    speaker.peer.report({ ssrc: 1, fractionLost: 0, lost: 0, highestSequence: 1, jitter: 0 });
    await sleep(100);
    expect(speaker.states.length).toBe(told);
    await speaker.client.close();

    const client = await openClient({ transport });
    const events = { onPacket: () => {}, onAlive: () => {}, onState: () => {} };
    const unconnected = await driver.answer(readOffer(client.offer), events);
    unconnected.send({ payload: new Uint8Array([1]), sequence: 1, timestamp: 1, marker: false });
    unconnected.close();
    unconnected.close();
    await client.close();
  });

  test("ST-16 no mutation of an offer ends the process: it is answered, or refused with a problem", async () => {
    const client = await openClient({ transport, video: true });
    const random = seeded(transport === "udp" ? 11 : 12);
    const events = { onPacket: () => {}, onAlive: () => {}, onState: () => {} };
    const outcomes = new Map<string, number>();
    let opened = 0;
    for (let round = 0; round < 400; round++) {
      const sdp = mutated(client.offer, random);
      let outcome = "answered";
      try {
        const facts = readOffer(sdp);
        // Each peer costs a certificate; past some, the reading alone is put to the test.
        if (opened++ < 60) (await driver.answer(facts, events)).close();
      } catch (failure) {
        expect(failure, sdp).toBeInstanceOf(Problem);
        outcome = failure instanceof Problem ? failure.code : "";
      }
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect(outcomes.get("answered")).toBeGreaterThan(20);
    expect(outcomes.get("sdp-malformed")).toBeGreaterThan(20);
    await client.close();
    // And it still serves.
    await (await connect()).end();
  });
}

/** One to four changes of an offer: bytes, lines and values replaced, doubled, dropped, swapped or blown up. */
function mutated(sdp: string, random: () => number): string {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const lines = sdp.split("\r\n");
  const odd = [
    "-1",
    "65536",
    "99999999999999999999",
    "",
    "\u0000",
    "é",
    "%s%n",
    "a".repeat(3000),
    "0".repeat(200),
    " ",
  ];
  for (let change = 0; change <= random() * 3; change++) {
    const at = Math.floor(random() * lines.length);
    const line = lines[at] ?? "";
    const kind = Math.floor(random() * 8);
    if (kind === 0) lines.splice(at, 1);
    else if (kind === 1) lines.splice(at, 0, line);
    else if (kind === 2) lines[at] = line.replace(/[\w/+]+$/, () => pick(odd) ?? "");
    else if (kind === 3) lines[at] = line.replaceAll(/\d+/g, () => pick(odd) ?? "");
    else if (kind === 4) lines[at] = line.slice(0, Math.floor(random() * line.length));
    else if (kind === 5) lines[at] = `${line}${pick(odd)}`;
    else if (kind === 6) {
      const other = Math.floor(random() * lines.length);
      [lines[at], lines[other]] = [lines[other] ?? "", line];
    } else {
      const byte = Math.floor(random() * line.length);
      const text = String.fromCodePoint(Math.floor(random() * 0x250));
      lines[at] = line.slice(0, byte) + text + line.slice(byte + 1);
    }
  }
  return lines.join("\r\n");
}

/** Waits until something is true; fails the test when it is not within `withinMs`. */
export async function until(what: () => boolean, withinMs = 5000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!what()) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what.toString()}`);
    await sleep(10);
  }
}
