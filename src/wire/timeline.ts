import { type EpochMs, epochMs, type Milliseconds, ms } from "../foundation/duration.ts";

/**
 * The arithmetic of the timeline: the clock names every segment. Segment `n` of a Space covers
 * `[epoch + 960·n, epoch + 960·(n+1))` ms and is the concatenation of three chunks of 320 ms.
 */
export const sampleRate = 48_000;
/** The programme's clock tick and an Opus frame: 20 ms. */
export const frameMs = 20;
export const samplesPerFrame = 960;
export const chunkMs = 320;
export const segmentMs = 960;
export const chunksPerSegment = 3;
/** 15,360 samples: 16 Opus frames, 15 AAC frames. */
export const samplesPerChunk = 15_360;
/** 46,080 samples: 48 Opus frames of 960, 45 AAC frames of 1024. */
export const samplesPerSegment = 46_080;
/** How many segments ahead of the latest a request may be and still be held rather than refused. */
export const earlySegments = 2;

/** A segment's number on its Space's timeline, from 0. */
export type SegmentNumber = number;
/** A chunk's place in its segment. */
export type PartNumber = 0 | 1 | 2;

/** The segment that covers `at` (negative before the epoch). */
export const segmentAt = (epoch: EpochMs, at: EpochMs): SegmentNumber => Math.floor((at - epoch) / segmentMs);
/** The first segment that starts at or after `at`. */
export const segmentFrom = (epoch: EpochMs, at: EpochMs): SegmentNumber => Math.ceil((at - epoch) / segmentMs);
export const segmentStart = (epoch: EpochMs, n: SegmentNumber): EpochMs => epochMs(epoch + n * segmentMs);
export const segmentEnd = (epoch: EpochMs, n: SegmentNumber): EpochMs => epochMs(epoch + (n + 1) * segmentMs);

/** A chunk's number since the epoch: `3·n + part`. */
export const slotOf = (n: SegmentNumber, part: PartNumber): number => n * chunksPerSegment + part;
export const segmentOfSlot = (slot: number): SegmentNumber => Math.floor(slot / chunksPerSegment);
export const partOfSlot = (slot: number): PartNumber => (slot - segmentOfSlot(slot) * chunksPerSegment) as PartNumber;
export const slotAt = (epoch: EpochMs, at: EpochMs): number => Math.floor((at - epoch) / chunkMs);
export const slotStart = (epoch: EpochMs, slot: number): EpochMs => epochMs(epoch + slot * chunkMs);
export const slotEnd = (epoch: EpochMs, slot: number): EpochMs => epochMs(epoch + (slot + 1) * chunkMs);

/** The latest epoch at or before `notAfter` that puts a segment's start exactly on `boundary`. */
export function epochFor(boundary: EpochMs, notAfter: EpochMs): EpochMs {
  const segments = Math.ceil((boundary - notAfter) / segmentMs);
  return epochMs(boundary - segments * segmentMs);
}

/** Time from a segment's start to its publication, when it is published whole. */
export const segmentDelay: Milliseconds = ms(segmentMs);
