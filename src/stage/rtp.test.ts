import { expect, test } from "vitest";
import { Reception } from "./reception.ts";
import { isRtcp, readRtp, writeReceiverReport, writeRtp } from "./rtp.ts";
import { seeded } from "./speech.fixture.ts";

const payload = Uint8Array.of(1, 2, 3, 4, 5);

test("ST-7 RTP is read as it was written, and only with the agreed payload type", () => {
  const packet = { payload, sequence: 65_535, timestamp: 4_294_967_295, marker: true };
  const bytes = writeRtp(packet, 111, 4_000_000_000);
  expect(bytes[1]).toBe(0x80 | 111);
  expect(readRtp(bytes, 111)).toEqual({
    ssrc: 4_000_000_000,
    sequence: 65_535,
    timestamp: 4_294_967_295,
    payload: Buffer.from(payload),
  });
  expect(readRtp(bytes, 110)).toBeUndefined();
  expect(isRtcp(bytes)).toBe(false);
});

test("ST-7 contributing sources, header extension and padding are left out of the payload", () => {
  const header = Buffer.from([0x80 | 0x20 | 0x10 | 2, 111, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]);
  const sources = Buffer.alloc(8, 9);
  const extension = Buffer.from([0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0]);
  const padding = Buffer.from([0, 0, 3]);
  const packet = Buffer.concat([header, sources, extension, payload, padding]);
  expect(readRtp(packet, 111)?.payload).toEqual(Buffer.from(payload));
});

test("ST-7 cut or random bytes are no packet and no fault", () => {
  const random = seeded(1);
  for (let round = 0; round < 2000; round++) {
    const bytes = Buffer.from(Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256)));
    const read = readRtp(bytes, 111);
    if (read) expect(read.payload.length).toBeGreaterThan(0);
  }
});

test("ST-8 reception is counted as RFC 3550 counts it", () => {
  const reception = new Reception();
  for (let n = 0; n < 100; n++) {
    if (n % 10 === 5) continue;
    // 20 ms apart, every second packet 4 ms late.
    reception.count(1, (65_500 + n) % 65_536, n * 960, n * 20 + (n % 2) * 4);
  }
  const report = reception.report();
  expect(report).toMatchObject({ ssrc: 1, lost: 10, highestSequence: 65_599 });
  expect(report?.fractionLost).toBeCloseTo(0.1, 2);
  expect(reception.jitterMs).toBeGreaterThan(2);
  expect(reception.jitterMs).toBeLessThan(5);
  // The next interval counts anew.
  for (let n = 100; n < 150; n++) reception.count(1, (65_500 + n) % 65_536, n * 960, n * 20);
  expect(reception.report()).toMatchObject({ fractionLost: 0, lost: 10 });
});

test("ST-8 duplicates, reordering, a restart and a new SSRC do not make loss up", () => {
  const reception = new Reception();
  const order = [0, 2, 1, 3, 3, 4];
  expect(order.map((n) => reception.count(1, n, n * 960, n * 20))).toEqual(order);
  expect(reception.report()).toMatchObject({ fractionLost: 0 });
  for (let n = 0; n < 10; n++) reception.count(1, 30_000 + n, n * 960, n * 20);
  expect(reception.report()).toMatchObject({ fractionLost: 0, lost: 0 });
  for (let n = 0; n < 10; n++) reception.count(2, 7 + n, n * 960, n * 20);
  expect(reception.report()).toMatchObject({ ssrc: 2, fractionLost: 0, lost: 0 });
});

test("ST-8 a receiver report is a compound packet with its numbers in their places", () => {
  const bytes = writeReceiverReport(5, { ssrc: 6, fractionLost: 0.5, lost: 300, highestSequence: 70_000, jitter: 96 });
  expect(isRtcp(bytes)).toBe(true);
  expect(bytes.length % 4).toBe(0);
  expect([bytes.readUInt32BE(4), bytes.readUInt32BE(8), bytes[12], bytes.readIntBE(13, 3)]).toEqual([5, 6, 128, 300]);
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([70_000, 96]);
  // The report, then the source description, and nothing after it.
  const second = (bytes.readUInt16BE(2) + 1) * 4;
  expect(bytes[second + 1]).toBe(202);
  expect(second + (bytes.readUInt16BE(second + 2) + 1) * 4).toBe(bytes.length);
});
