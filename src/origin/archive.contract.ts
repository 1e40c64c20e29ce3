import { expect, test } from "vitest";
import { type RenditionName, renditionNames } from "../wire/rendition.ts";
import type { PartNumber } from "../wire/timeline.ts";
import type { ArchivedChunk, ArchiveShelf } from "./archive.ts";

/** A chunk whose bytes tell what it is. */
export function someChunk(rendition: RenditionName, n: number, part: PartNumber, size = 40): ArchivedChunk {
  const text = `${rendition} ${n} ${part} `;
  return { rendition, n, part, programme: n % 2 === 0, bytes: Buffer.from(text.repeat(size).slice(0, size * 3)) };
}

/** All chunks of the segments from `from` up to `to`, in the order in which they are published. */
export function someSegments(from: number, to: number, size?: number): ArchivedChunk[] {
  const chunks: ArchivedChunk[] = [];
  for (let n = from; n <= to; n++) {
    for (const part of [0, 1, 2] as const) {
      for (const rendition of renditionNames) chunks.push(someChunk(rendition, n, part, size));
    }
  }
  return chunks;
}

const epochMs = 1_900_000_000_000;

/** What every driver of the archive must do. */
export function archiveContract(name: string, shelf: () => Promise<ArchiveShelf>): void {
  test(`OR-20 ${name}: what was appended is read back, by segment and rendition`, async () => {
    const archive = await (await shelf()).open("one", epochMs);
    await archive.append(someSegments(5, 9));
    expect(archive.first()).toBe(5);
    for (const rendition of renditionNames) expect(archive.last(rendition)).toBe(9);
    const parts = await archive.segment("aac-64k", 7);
    expect(parts).toEqual(([0, 1, 2] as const).map((part) => someChunk("aac-64k", 7, part)));
    expect(await archive.segment("aac-64k", 10)).toEqual([undefined, undefined, undefined]);
    await archive.close();
    await archive.close();
  });

  test(`OR-20 ${name}: renditions that lag by many segments are still found`, async () => {
    const archive = await (await shelf()).open("one", epochMs);
    const all = someSegments(0, 20);
    for (const rendition of renditionNames) await archive.append(all.filter((chunk) => chunk.rendition === rendition));
    const parts = await archive.segment("opus-32k", 20);
    expect(parts[2]).toEqual(someChunk("opus-32k", 20, 2));
    expect((await archive.segment("aac-64k", 0))[0]).toEqual(someChunk("aac-64k", 0, 0));
    await archive.close();
  });

  test(`OR-21 ${name}: a hole in the numbers is a hole, and what follows it is found`, async () => {
    const archive = await (await shelf()).open("one", epochMs);
    await archive.append([someChunk("opus-32k", 3, 1), someChunk("opus-32k", 900, 0)]);
    expect(await archive.segment("opus-32k", 3)).toEqual([undefined, someChunk("opus-32k", 3, 1), undefined]);
    expect(await archive.segment("opus-32k", 4)).toEqual([undefined, undefined, undefined]);
    expect((await archive.segment("opus-32k", 900))[0]).toEqual(someChunk("opus-32k", 900, 0));
    await archive.close();
  });

  test(`OR-22 ${name}: opened again it goes on where it was, and the chain holds`, async () => {
    const one = await shelf();
    const before = await one.open("one", epochMs);
    await before.append(someSegments(0, 30));
    await before.sync();
    await before.close();
    const after = await one.open("one", epochMs);
    await after.append(someSegments(31, 33));
    const found = await after.verify();
    expect(found).toMatchObject({ records: 34 * 9, bytes: after.size(), brokenAt: undefined });
    expect((await after.segment("opus-16k", 12))[1]).toEqual(someChunk("opus-16k", 12, 1));
    expect((await after.segment("opus-16k", 33))[2]).toEqual(someChunk("opus-16k", 33, 2));
    await after.close();
  });

  test(`OR-23 ${name}: there is nothing to read of a Space that has none, nor of one that was removed`, async () => {
    const one = await shelf();
    expect(await one.read("none")).toBeUndefined();
    const archive = await one.open("one", epochMs);
    await archive.append(someSegments(0, 1));
    await archive.close();
    const reader = await one.read("one");
    expect((await reader?.segment("opus-32k", 1))?.[0]).toEqual(someChunk("opus-32k", 1, 0));
    await reader?.close();
    await one.remove("one");
    expect(await one.read("one")).toBeUndefined();
  });
}
