import { expect, test } from "vitest";
import { epochMs, later } from "../foundation/duration.ts";
import {
  chunkMs,
  chunksPerSegment,
  epochFor,
  partOfSlot,
  type PartNumber,
  sampleRate,
  samplesPerChunk,
  samplesPerFrame,
  samplesPerSegment,
  segmentAt,
  segmentEnd,
  segmentFrom,
  segmentMs,
  segmentOfSlot,
  segmentStart,
  slotAt,
  slotEnd,
  slotOf,
  slotStart,
} from "./timeline.ts";

const epoch = epochMs(1_723_482_000_123);

test("WI-5 a segment covers its start and all up to, not including, its end", () => {
  for (const n of [0, 1, 2, 999, 3_000_000]) {
    expect(segmentAt(epoch, segmentStart(epoch, n))).toBe(n);
    expect(segmentAt(epoch, later(segmentEnd(epoch, n), -1))).toBe(n);
    expect(segmentAt(epoch, segmentEnd(epoch, n))).toBe(n + 1);
    expect(segmentEnd(epoch, n) - segmentStart(epoch, n)).toBe(960);
  }
});

test("WI-6 a slot gives back its segment and part, and lies within its segment", () => {
  for (const n of [0, 1, 7, 1_000_003])
    for (const part of [0, 1, 2] as PartNumber[]) {
      const slot = slotOf(n, part);
      expect(segmentOfSlot(slot)).toBe(n);
      expect(partOfSlot(slot)).toBe(part);
      expect(slotStart(epoch, slot)).toBe(segmentStart(epoch, n) + part * 320);
      expect(slotEnd(epoch, slot)).toBe(slotStart(epoch, slot + 1));
      expect(slotAt(epoch, slotStart(epoch, slot))).toBe(slot);
      expect(slotAt(epoch, later(slotEnd(epoch, slot), -1))).toBe(slot);
    }
  expect(slotEnd(epoch, slotOf(5, 2))).toBe(segmentEnd(epoch, 5));
});

test("WI-7 segmentFrom rounds up to a start, segmentAt down to the one that covers", () => {
  const start = segmentStart(epoch, 41);
  expect(segmentFrom(epoch, start)).toBe(41);
  expect(segmentFrom(epoch, later(start, 1))).toBe(42);
  expect(segmentAt(epoch, later(start, 1))).toBe(41);
  expect(segmentAt(epoch, later(epoch, -1))).toBe(-1);
  expect(segmentAt(epoch, later(epoch, -961))).toBe(-2);
});

test("WI-8 the epoch is at or before the moment, less than one segment away, and the boundary is a segment's start", () => {
  const boundary = epochMs(1_723_483_800_000);
  for (const before of [0, 1, 959, 960, 961, 30 * 60_000, 30 * 60_000 + 17]) {
    const notAfter = later(boundary, -before);
    const found = epochFor(boundary, notAfter);
    expect(found).toBeLessThanOrEqual(notAfter);
    expect(notAfter - found).toBeLessThan(segmentMs);
    expect(segmentStart(found, segmentAt(found, boundary))).toBe(boundary);
  }
});

test("WI-9 chunks hold whole frames of both codecs and segments whole chunks", () => {
  expect(samplesPerChunk).toBe((sampleRate * chunkMs) / 1000);
  expect(samplesPerChunk % samplesPerFrame).toBe(0);
  expect(samplesPerChunk % 1024).toBe(0);
  expect(samplesPerChunk / samplesPerFrame).toBe(16);
  expect(samplesPerChunk / 1024).toBe(15);
  expect(samplesPerChunk * chunksPerSegment).toBe(samplesPerSegment);
  expect(chunkMs * chunksPerSegment).toBe(segmentMs);
});
