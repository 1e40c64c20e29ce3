import { describe, expect, test } from "vitest";
import { type Followed, Follower, type Sound } from "./follower.ts";
import { chunksOf, initOf, segmentOf } from "./programme.test-kit.ts";
import { PublishedSegment } from "./published.ts";
import { Tally } from "./tally.ts";

const rendition = "opus-32k";
const [first, last] = [10, 16];
const numbers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
const chunks = new Map(numbers.map((n) => [n, chunksOf(rendition, n)]));
const segment = (n: number): Buffer => Buffer.concat(chunks.get(n) ?? []);
const init = initOf(rendition);
const all = (): Buffer[] => numbers.map(segment);

class Published implements Sound {
  readonly tally = new Tally();
  readonly #segments = new Map<number, PublishedSegment>();

  segment(n: number): PublishedSegment {
    const known = this.#segments.get(n) ?? new PublishedSegment(n, this.tally);
    this.#segments.set(n, known);
    return known;
  }

  isInit(bytes: Buffer, from: number, to: number): boolean {
    return init.equals(bytes.subarray(from, to));
  }

  judgeAll(): void {
    for (const n of numbers) this.segment(n).judge(chunks.get(n) ?? [], n === 12);
  }

  get counts() {
    const { segments, gaps, disorder, wrong, unchecked } = this.tally;
    return { segments, gaps, disorder, wrong, unchecked };
  }
}

const quiet: Followed = { heard() {}, finished() {}, missing: () => false };
const right = (segments: number) => ({ segments, gaps: 0, disorder: 0, wrong: 0, unchecked: 0 });

/** Feeds bytes in reads of so many, in a buffer that is overwritten by each. */
function feed(follower: Follower, bytes: Buffer, size: number): void {
  const read = Buffer.alloc(Math.min(size, bytes.length) + 3);
  for (let at = 0; at < bytes.length; at += size) {
    const length = bytes.copy(read, 2, at, Math.min(bytes.length, at + size));
    follower.take(read, 2, 2 + length);
  }
}

function heard(parts: readonly Buffer[], judged: "before" | "after", size = 5000) {
  const published = new Published();
  if (judged === "before") published.judgeAll();
  const follower = new Follower(published, quiet);
  const stream = Buffer.concat([init, ...parts]);
  const half = Math.floor(stream.length * 0.6);
  feed(follower, stream.subarray(0, half), size);
  published.judgeAll();
  feed(follower, stream.subarray(half), size);
  return published.counts;
}

describe.each(["before", "after"] as const)("the reference comes %s the listener", (judged) => {
  test.each([1, 7, 64, 1000, 5000, 1e6])("RH-30 what is right is right, in reads of %i bytes", (size) => {
    expect(heard(all(), judged, size)).toEqual(right(7));
  });

  test.each([
    ["a segment is left out", (n: number) => (n === 12 ? [] : [segment(n)]), { segments: 6, gaps: 1 }],
    ["two are left out", (n: number) => (n === 12 || n === 13 ? [] : [segment(n)]), { segments: 5, gaps: 2 }],
    [
      "a chunk is left out",
      (n: number) => chunks.get(n)!.filter((_, i) => n !== 12 || i !== 1),
      { segments: 6, gaps: 1 },
    ],
    [
      "a first chunk is left out",
      (n: number) => chunks.get(n)!.filter((_, i) => n !== 12 || i !== 0),
      { segments: 6, gaps: 1 },
    ],
    [
      "a last chunk is left out",
      (n: number) => chunks.get(n)!.filter((_, i) => n !== 12 || i !== 2),
      { segments: 6, gaps: 1 },
    ],
    [
      "chunks of two segments are left out",
      (n: number) => chunks.get(n)!.filter((_, i) => !((n === 12 && i === 2) || (n === 13 && i === 0))),
      { segments: 5, gaps: 2 },
    ],
    [
      "a segment comes twice",
      (n: number) => (n === 12 ? [segment(n), segment(n)] : [segment(n)]),
      { segments: 7, disorder: 1 },
    ],
    [
      "two come twice",
      (n: number) => (n === 12 ? [segment(n), segment(11), segment(n)] : [segment(n)]),
      { segments: 7, disorder: 2 },
    ],
    [
      "a chunk comes twice",
      (n: number) => chunks.get(n)!.flatMap((one, i) => (n === 12 && i === 1 ? [one, one] : [one])),
      { segments: 7, disorder: 1 },
    ],
    [
      "two change places",
      (n: number) => (n === 12 ? [segment(13), segment(12)] : n === 13 ? [] : [segment(n)]),
      { segments: 6, gaps: 1, disorder: 1 },
    ],
  ] as const)("RH-31 %s", (_, parts, counts) => {
    for (const size of [1, 300, 1e6])
      expect(heard(numbers.flatMap<Buffer>(parts), judged, size)).toEqual({ ...right(0), ...counts });
  });

  test("RH-31 any byte that is another makes one segment wrong, and no other", () => {
    const bytes = segment(12);
    const step = 3;
    for (let at = 0; at < bytes.length; at += at < 300 ? 1 : step) {
      const other = Buffer.from(bytes);
      other[at]! ^= 1 << (at % 8);
      const counts = heard(
        numbers.map((n) => (n === 12 ? other : segment(n))),
        judged,
      );
      expect({ at, ...counts }).toEqual({ at, ...right(6), wrong: 1 });
    }
  });

  test("RH-31 a chunk that says it is of next year is damage, not a million gaps", () => {
    const counts = heard(
      numbers.map((n) => (n === 12 ? segmentOf(rendition, 30_000_000) : segment(n))),
      judged,
    );
    expect(counts).toEqual({ ...right(6), wrong: 1 });
  });

  test("RH-31 bytes that are no sound are one wrong segment, and then it is found again", () => {
    const junk = Buffer.from("<html>Bad gateway</html>".repeat(20));
    const counts = heard([segment(10), segment(11), junk, ...numbers.slice(2).map(segment)], judged);
    expect(counts).toEqual({ ...right(6), wrong: 1 });
  });
});

test("RH-30 listeners that are ahead are counted, not kept: each is right or wrong once the segment is known", () => {
  const published = new Published();
  const other = segment(12);
  other[other.length - 1]! ^= 1;
  const stream = (twelve: Buffer): Buffer =>
    Buffer.concat([init, ...numbers.map((n) => (n === 12 ? twelve : segment(n)))]);
  for (let i = 0; i < 100; i++)
    feed(new Follower(published, quiet), stream(i % 4 === 0 ? other : segment(12)), 500 + i);
  expect(published.counts).toEqual(right(0));
  published.judgeAll();
  expect(published.counts).toEqual({ ...right(7 * 100 - 25), wrong: 25 });
  expect(published.tally.hold).toBe(75);
});

test("RH-30 more different versions of a segment than are told apart are all wrong but the right one", () => {
  const published = new Published();
  for (let i = 0; i < 20; i++) {
    const other = segment(12);
    other[other.length - 1]! ^= i;
    feed(new Follower(published, quiet), Buffer.concat([init, segment(11), other, segment(13)]), 900);
  }
  published.judgeAll();
  expect(published.counts).toEqual({ ...right(2 * 20 + 1), wrong: 19 });
});

test("RH-31 an init segment that is another is wrong, and what follows is not", () => {
  const other = Buffer.from(init);
  other[other.length - 3]! ^= 4;
  const published = new Published();
  feed(new Follower(published, quiet), Buffer.concat([other, ...all()]), 700);
  published.judgeAll();
  expect(published.counts).toEqual({ ...right(7), wrong: 1 });
});

test("RH-32 after a new connection what comes twice is no disorder, and what is missing is filled or a gap", () => {
  for (const fills of [true, false]) {
    const published = new Published();
    const missing: number[][] = [];
    const followed = { ...quiet, missing: (from: number, count: number) => missing.push([from, count]) > 0 && fills };
    const follower = new Follower(published, followed);
    feed(follower, Buffer.concat([init, segment(10), segment(11), segment(12).subarray(0, 700)]), 333);
    expect(follower.needs).toBe(12);
    follower.reconnect(true);
    feed(follower, Buffer.concat([init, segment(11), segment(12)]), 333);
    follower.reconnect(true);
    feed(follower, Buffer.concat([init, segment(15), segment(16)]), 333);
    published.judgeAll();
    expect(missing).toEqual([[13, 2]]);
    expect(published.counts).toEqual({ ...right(5), gaps: fills ? 0 : 2 });
  }
});

test("RH-31 a numbered segment that ends too soon or too late is wrong, and the next one right", () => {
  for (const other of [segment(12).subarray(0, 1000), Buffer.alloc(0), Buffer.concat([segment(12), segment(12)])]) {
    const published = new Published();
    const follower = new Follower(published, quiet);
    follower.expect(10);
    for (const n of numbers) {
      feed(follower, n === 12 ? other : segment(n), 400);
      follower.end(n);
    }
    published.judgeAll();
    const { segments, wrong, disorder, gaps } = published.counts;
    const twice = other.length > segment(12).length;
    expect({ segments, wrong, disorder, gaps }).toEqual({
      segments: twice ? 7 : 6,
      wrong: twice ? 0 : 1,
      disorder: twice ? 1 : 0,
      gaps: 0,
    });
  }
});

test("RH-33 what is not to be had to compare with is unchecked, neither right nor wrong", () => {
  const published = new Published();
  feed(new Follower(published, quiet), Buffer.concat([init, ...all()]), 5000);
  published.segment(12).giveUp();
  published.judgeAll();
  expect(published.counts).toEqual({ ...right(6), unchecked: 1 });
  expect(segmentOf(rendition, 12).equals(segment(12))).toBe(true);
});
