import { mkdtemp, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { silentLog } from "../foundation/log.ts";
import type { ArchiveShelf } from "./archive.ts";
import { archiveContract, someChunk, someSegments } from "./archive.contract.ts";
import { diskShelf } from "./archive.disk.ts";
import { decodeHead, headerBytes } from "./archive.record.ts";

const epochMs = 1_900_000_000_000;

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "rostra-archive-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

archiveContract("disk", async () => diskShelf(await folder(), silentLog));

/** Where every record of a log begins, and where the last one ends. */
async function records(log: string): Promise<number[]> {
  const bytes = await readFile(log);
  const begins = [headerBytes];
  for (let at = headerBytes; at < bytes.length;) {
    at += decodeHead(bytes, at)?.recordBytes ?? bytes.length;
    begins.push(at);
  }
  return begins;
}

async function cutAt(shelf: ArchiveShelf, path: string, whole: Buffer, at: number, begins: number[]): Promise<void> {
  await writeFile(join(path, "one.log"), whole.subarray(0, at));
  const archive = await shelf.open("one", epochMs);
  const kept = begins.filter((begin) => begin <= at).length - 1;
  expect(await archive.verify()).toMatchObject({ records: Math.max(0, kept), brokenAt: undefined });
  await archive.append([someChunk("aac-64k", 999, 2)]);
  expect(await archive.verify()).toMatchObject({ records: Math.max(0, kept) + 1, brokenAt: undefined });
  await archive.close();
}

test("OR-24 cut at every byte of its last two records, the log keeps every whole record and goes on", async () => {
  const path = await folder();
  const shelf = await diskShelf(path, silentLog);
  const archive = await shelf.open("one", epochMs);
  await archive.append(someSegments(0, 6));
  await archive.close();
  const log = join(path, "one.log");
  const whole = await readFile(log);
  const index = await readFile(join(path, "one.index"));
  const begins = await records(log);
  expect(begins.at(-1)).toBe(whole.length);
  for (let at = begins.at(-3) ?? 0; at <= whole.length; at++) {
    await writeFile(join(path, "one.index"), index);
    await cutAt(shelf, path, whole, at, begins);
  }
});

test("OR-24 cut anywhere, with or without its index, the log keeps every whole record", async () => {
  const path = await folder();
  const shelf = await diskShelf(path, silentLog);
  const archive = await shelf.open("one", epochMs);
  await archive.append(someSegments(0, 40, 200));
  await archive.close();
  const whole = await readFile(join(path, "one.log"));
  const index = await readFile(join(path, "one.index"));
  const begins = await records(join(path, "one.log"));
  // A fixed sequence (a full-period generator) spreads the cuts over the file, so that a failure can be repeated.
  let seed = 12345;
  for (let i = 0; i < 150; i++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    await writeFile(join(path, "one.index"), i % 3 === 0 ? index.subarray(0, seed % index.length) : index);
    await cutAt(shelf, path, whole, seed % whole.length, begins);
  }
});

test("OR-25 a changed byte breaks the chain at its record, and an index that lies is not believed", async () => {
  const path = await folder();
  const shelf = await diskShelf(path, silentLog);
  const archive = await shelf.open("one", epochMs);
  await archive.append(someSegments(0, 20));
  await archive.close();
  const log = join(path, "one.log");
  const begins = await records(log);
  const handle = await open(log, "r+");
  await handle.write(Buffer.from("x"), 0, 1, (begins[50] ?? 0) + 20);
  await handle.close();
  const reader = await shelf.read("one");
  expect(await reader?.verify()).toMatchObject({ records: 50, brokenAt: begins[50] });
  await reader?.close();

  const index = await readFile(join(path, "one.index"));
  for (let at = 15; at < index.length; at += 16) index[at] = (index[at] ?? 0) ^ 1;
  await writeFile(join(path, "one.index"), index);
  const again = await shelf.open("one", epochMs);
  expect(await again.verify()).toMatchObject({ records: 50, brokenAt: undefined });
  await again.close();
});

test("OR-26 a write that fails leaves no trace: the next one follows the last whole record", async () => {
  const path = await folder();
  const shelf = await diskShelf(path, silentLog);
  const archive = await shelf.open("one", epochMs);
  await archive.append(someSegments(0, 0));
  const good = archive.size();
  const log = join(path, "one.log");
  // Bytes that a failed write left behind lie after the end that the archive knows.
  await writeFile(log, Buffer.concat([await readFile(log), Buffer.alloc(5000, 7)]));
  expect((await readFile(log)).length).toBe(good + 5000);
  await archive.append(someSegments(1, 40));
  await truncate(log, archive.size());
  expect(await archive.verify()).toMatchObject({ records: 41 * 9, brokenAt: undefined });
  await archive.close();
});

test("OR-27 the archive of another timeline is not touched", async () => {
  const path = await folder();
  const shelf = await diskShelf(path, silentLog);
  const archive = await shelf.open("one", epochMs);
  await archive.append(someSegments(0, 0));
  await archive.close();
  const before = await readFile(join(path, "one.log"));
  await expect(shelf.open("one", epochMs + 1)).rejects.toThrow("not the archive of one");
  expect(await readFile(join(path, "one.log"))).toEqual(before);
});
