import { expect, test } from "vitest";
import { frameSamples } from "../audio/frame.ts";
import { opusHasFec } from "../audio/opus-packet.ts";
import { JitterBuffer, jumpDepth, maxDepth, maxHeldPackets, minDepth } from "./jitter-buffer.ts";
import { decodeAll, joined, likeness, monoDecoder, rms, seeded, vowelPackets } from "./speech.fixture.ts";

const ssrc = 7;

interface Arrival {
  /** Index of the packet. */
  readonly n: number;
  /** Tick (20 ms) before whose pull it arrives. */
  readonly at: number;
}

interface RunOptions {
  readonly samples?: number;
  readonly firstSequence?: number;
  readonly firstTimestamp?: number;
}

/** Plays arrivals against the buffer and gathers what comes out, tick by tick. */
async function play(
  packets: readonly Uint8Array[],
  arrivals: readonly Arrival[],
  ticks: number,
  options: RunOptions = {},
) {
  const { samples = frameSamples, firstSequence = 0, firstTimestamp = 0 } = options;
  const buffer = new JitterBuffer(await monoDecoder());
  const frames: (Float32Array | undefined)[] = [];
  const levels: number[] = [];
  const byTick = Map.groupBy(arrivals, (arrival) => Math.floor(arrival.at));
  for (let tick = 0; tick < ticks; tick++) {
    for (const { n } of (byTick.get(tick) ?? []).toSorted((a, b) => a.at - b.at)) {
      const payload = packets[n % packets.length];
      if (!payload) continue;
      const timestamp = (firstTimestamp + n * samples) % 2 ** 32;
      buffer.push({ ssrc, sequence: firstSequence + n, timestamp, payload });
    }
    frames.push(buffer.pull());
    levels.push(buffer.level);
  }
  const heard = frames.filter((frame) => frame !== undefined);
  return { buffer, frames, heard, levels, counts: buffer.counts };
}

const steady = (count: number, every = 1): Arrival[] => Array.from({ length: count }, (_, n) => ({ n, at: n * every }));

test("ST-20 packets in order play as they are, 960 samples a tick, after the first two", async () => {
  const packets = await vowelPackets(50);
  const { frames, heard, counts } = await play(packets, steady(50), 50);
  expect(frames.findIndex((frame) => frame !== undefined)).toBe(minDepth - 1);
  expect(heard.every((frame) => frame.length === frameSamples)).toBe(true);
  expect(joined(heard)).toEqual((await decodeAll(packets)).subarray(0, heard.length * frameSamples));
  expect(counts).toMatchObject({ concealed: 0, recovered: 0, late: 0, dropped: 0 });
});

test("ST-21 packets that overtake each other within the depth play in order", async () => {
  const packets = await vowelPackets(60);
  const arrivals = steady(60).map(({ n, at }) => ({ n, at: n % 4 === 1 ? at + 1.5 : at + 0.1 }));
  const { heard, counts } = await play(packets, arrivals, 58);
  expect(counts).toMatchObject({ late: 0, recovered: 0 });
  expect(counts.concealed).toBeLessThanOrEqual(1);
  const reference = await decodeAll(packets);
  if (counts.concealed === 0) expect(joined(heard)).toEqual(reference.subarray(0, heard.length * frameSamples));
  expect(counts.played).toBeGreaterThan(54);
});

test("ST-22 a lost packet is made good from the FEC of the next", async () => {
  const packets = await vowelPackets(100, { fec: true });
  // The encoder adds FEC where there is voice, which is most of the time.
  const repairable = packets.flatMap((packet, n) => (opusHasFec(packet) && n > 10 ? [n - 1] : []));
  expect(repairable.length).toBeGreaterThan(40);
  const lost = new Set(repairable.filter((_, i) => i % 8 === 0).slice(0, 5));
  const arrivals = steady(100).filter(({ n }) => !lost.has(n));
  const { heard, counts } = await play(packets, arrivals, 98);
  expect(counts).toMatchObject({ recovered: 5, late: 0 });
  const sound = joined(heard);
  const reference = (await decodeAll(packets)).subarray(0, sound.length);
  for (const n of lost) {
    const at = n * frameSamples;
    const made = sound.subarray(at, at + frameSamples);
    expect(likeness(made, reference.subarray(at, at + frameSamples))).toBeGreaterThan(0.8);
  }
});

test("ST-23 a lost packet without FEC is concealed, and time goes on as it was", async () => {
  const packets = await vowelPackets(100);
  const arrivals = steady(100).filter(({ n }) => n !== 40 && n !== 70 && n !== 71);
  const { heard, counts } = await play(packets, arrivals, 98);
  expect(counts).toMatchObject({ recovered: 0, concealed: 3, dropped: 0, late: 0 });
  const sound = joined(heard);
  const reference = (await decodeAll(packets)).subarray(0, sound.length);
  expect(rms(sound.subarray(40 * frameSamples, 41 * frameSamples))).toBeGreaterThan(0.02);
  // Long after the losses the sound is in its old place.
  expect(likeness(sound.subarray(85 * frameSamples), reference.subarray(85 * frameSamples))).toBeGreaterThan(0.99);
});

test("ST-24 the depth grows with jitter up to its bound, and shrinks again when the network is calm", async () => {
  const packets = await vowelPackets(100);
  const random = seeded(3);
  const jittery = steady(500).map(({ n, at }) => ({ n, at: at + random() * 5 }));
  const calm = Array.from({ length: 3000 }, (_, i) => ({ n: 500 + i, at: 500 + i }));
  const { buffer, levels, counts } = await play(packets, [...jittery, ...calm], 3500);
  const deepest = Math.max(...levels.slice(100, 500));
  expect(deepest).toBeGreaterThan(3);
  expect(deepest).toBeLessThanOrEqual(jumpDepth);
  expect(counts.concealed).toBeGreaterThan(0);
  expect(counts.concealed).toBeLessThan(60);
  expect(counts.dropped).toBeGreaterThan(0);
  expect(buffer.depth).toBeLessThanOrEqual(minDepth + 1);
  expect(Math.max(...levels.slice(-100))).toBeLessThanOrEqual(minDepth + 1);
});

test("ST-25 a stall whose packets come all at once does not leave its delay behind", async () => {
  const packets = await vowelPackets(100);
  const arrivals = steady(400).map(({ n, at }) => (n >= 100 && n < 150 ? { n, at: 150 + n / 1000 } : { n, at }));
  const { frames, levels, counts } = await play(packets, arrivals, 400);
  // A little is made up, then there is silence; nothing is played twice.
  expect(frames.slice(100, 149).filter((frame) => frame === undefined).length).toBeGreaterThan(30);
  expect(counts.dropped).toBeGreaterThan(30);
  expect(Math.max(...levels.slice(151))).toBeLessThanOrEqual(jumpDepth);
  expect(Math.max(...levels.slice(300))).toBeLessThanOrEqual(maxDepth);
});

test("ST-26 a sender that pauses is silent, and its pauses do not deepen the buffer", async () => {
  const packets = await vowelPackets(100);
  const arrivals = steady(600).filter(({ n }) => Math.floor(n / 50) % 2 === 0);
  // The sequence numbers of a pausing sender have no gap; its timestamps have.
  const buffer = new JitterBuffer(await monoDecoder());
  let sequence = 0;
  let silent = 0;
  for (let tick = 0; tick < 600; tick++) {
    for (const { n } of arrivals.filter(({ at }) => at === tick)) {
      const payload = packets[n % 100];
      if (payload) buffer.push({ ssrc, sequence: sequence++, timestamp: n * frameSamples, payload });
    }
    if (!buffer.pull()) silent++;
  }
  expect(silent).toBeGreaterThan(200);
  expect(buffer.depth).toBe(minDepth);
  expect(buffer.counts).toMatchObject({ late: 0, recovered: 0 });
});

test("ST-27 sequence numbers and timestamps wrap without a trace", async () => {
  const packets = await vowelPackets(60);
  const start = { firstSequence: 65_500, firstTimestamp: 2 ** 32 - 30 * frameSamples };
  const { heard, counts } = await play(packets, steady(60), 60, start);
  expect(counts).toMatchObject({ concealed: 0, recovered: 0, late: 0, resets: 0 });
  expect(joined(heard)).toEqual((await decodeAll(packets)).subarray(0, heard.length * frameSamples));
});

test("ST-28 a new SSRC or a timestamp far away begins a new stream", async () => {
  const packets = await vowelPackets(20);
  const buffer = new JitterBuffer(await monoDecoder());
  const streams = [
    { ssrc: 1, first: 1000 },
    { ssrc: 2, first: 5_000_000 },
    { ssrc: 2, first: 90_000_000 },
    { ssrc: 2, first: 40_000 },
  ];
  let sequence = 0;
  for (const [index, stream] of streams.entries()) {
    let heard = 0;
    for (const [n, payload] of packets.entries()) {
      buffer.push({ ssrc: stream.ssrc, sequence: sequence++, timestamp: stream.first + n * frameSamples, payload });
      if (buffer.pull()) heard++;
    }
    expect(heard, `stream ${index}`).toBeGreaterThanOrEqual(packets.length - 2);
  }
  expect(buffer.counts.resets).toBe(3);
  expect(buffer.level).toBeLessThanOrEqual(minDepth);
});

test("ST-29 duplicates and packets after their time are counted and not played", async () => {
  const packets = await vowelPackets(100);
  const arrivals = steady(100).flatMap(({ n, at }) => [
    { n, at },
    { n, at: at + 0.5 },
    ...(n % 10 === 0 ? [{ n, at: at + 20 }] : []),
  ]);
  const { heard, counts } = await play(packets, arrivals, 99);
  expect(counts.duplicate).toBeGreaterThan(90);
  expect(counts.late).toBeGreaterThan(5);
  expect(counts.played).toBeLessThanOrEqual(100);
  expect(joined(heard)).toEqual((await decodeAll(packets)).subarray(0, heard.length * frameSamples));
});

test.each([480, 1920, 2880])("ST-30 packets of %i samples play whole, 960 a tick", async (samples) => {
  const count = Math.floor((100 * frameSamples) / samples);
  const packets = await vowelPackets(count, { samples });
  const { heard, counts } = await play(packets, steady(count, samples / frameSamples), 96, { samples });
  expect(heard.length).toBeGreaterThan(85);
  expect(heard.every((frame) => frame.length === frameSamples)).toBe(true);
  expect(counts).toMatchObject({ recovered: 0, late: 0, invalid: 0 });
  if (counts.concealed === 0)
    expect(joined(heard)).toEqual((await decodeAll(packets)).subarray(0, heard.length * frameSamples));
  expect(counts.concealed).toBeLessThan(4);
});

test("ST-30 stereo is mixed down", async () => {
  const packets = await vowelPackets(30, { channels: 2 });
  const { heard } = await play(packets, steady(30), 30);
  expect(heard.at(-1)?.length).toBe(frameSamples);
  expect(rms(joined(heard))).toBeGreaterThan(0.05);
});

test("ST-31 bytes that are not Opus are counted, and the stream goes on", async () => {
  const packets = await vowelPackets(60);
  const random = seeded(5);
  const broken = packets.map((packet, n) =>
    n % 5 === 3 ? Uint8Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256)) : packet,
  );
  const { heard, counts } = await play(broken, steady(60), 60);
  expect(counts.invalid).toBeGreaterThan(0);
  expect(heard.length).toBeGreaterThan(50);
  expect(joined(heard).every(Number.isFinite)).toBe(true);
});

test.each(Array.from({ length: 12 }, (_, seed) => seed + 1))(
  "ST-32 whatever the network does (seed %i), the delay and what is held stay bounded",
  async (seed) => {
    const packets = await vowelPackets(50, { fec: true });
    const random = seeded(seed);
    const loss = random() * 0.3;
    const jitter = random() * 8;
    const skew = 1 + (random() - 0.5) * 0.004;
    const arrivals = steady(1500)
      .filter(() => random() > loss)
      .flatMap(({ n, at }) => {
        const one = { n, at: at * skew + random() * jitter };
        return random() < 0.02 ? [one, { n, at: one.at + random() * 3 }] : [one];
      });
    const { levels, frames, counts, heard } = await play(packets, arrivals, 1500);
    expect(Math.max(...levels)).toBeLessThanOrEqual(jumpDepth + 1);
    expect(frames.slice(50, 1490).filter((frame) => frame === undefined).length).toBeLessThan(150);
    expect(heard.every((frame) => frame.length === frameSamples && frame.every(Number.isFinite))).toBe(true);
    const filled = counts.played + counts.recovered + counts.concealed;
    expect(filled).toBeGreaterThan(1200);
  },
);

test("ST-32 with nobody pulling, no more than the cap is held", async () => {
  const packets = await vowelPackets(10);
  const arrivals = Array.from({ length: 1000 }, (_, n) => ({ n, at: 0 }));
  const { counts } = await play(packets, arrivals, 1);
  expect(counts.dropped).toBeGreaterThanOrEqual(1000 - maxHeldPackets);
});
