import { onTestFinished, expect, test } from "vitest";
import { renditionNames } from "../wire/rendition.ts";
import { chunkMs } from "../wire/timeline.ts";
import type { Archive, ArchivedChunk, ArchiveShelf } from "./archive.ts";
import { archiveContract, someSegments } from "./archive.contract.ts";
import { diskShelf } from "./archive.disk.ts";
import { RollingArchive, rollingSegments } from "./archive.rolling.ts";
import { Meter } from "../foundation/meter.ts";
import { silentLog } from "../foundation/log.ts";
import { folder, liveFrom, spec, ringBytes, world } from "./origin.test-kit.ts";
import { Journal, type JournalOptions } from "./journal.ts";
import { originMetrics } from "./metrics.ts";

type Fault = "none" | "write" | "sync" | "hang" | "hang-sync";

/** The disk shelf, whose archives fail as told. */
function faulty(shelf: ArchiveShelf): { shelf: ArchiveShelf; fault: { kind: Fault }; release: () => void } {
  const fault: { kind: Fault } = { kind: "none" };
  let release = (): void => {};
  const spoil = (archive: Archive): Archive => ({
    append: async (chunks) => {
      if (fault.kind === "write") throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      if (fault.kind === "hang") await new Promise<void>((resolve) => (release = resolve));
      return archive.append(chunks);
    },
    sync: async () => {
      if (fault.kind === "sync") throw Object.assign(new Error("i/o error"), { code: "EIO" });
      if (fault.kind === "hang-sync") await new Promise<void>((resolve) => (release = resolve));
      return archive.sync();
    },
    first: () => archive.first(),
    last: (rendition) => archive.last(rendition),
    segment: (rendition, n) => archive.segment(rendition, n),
    verify: () => archive.verify(),
    size: () => archive.size(),
    close: () => archive.close(),
  });
  return {
    fault,
    release: () => release(),
    shelf: { ...shelf, open: async (space, epochMs, durable) => spoil(await shelf.open(space, epochMs, durable)) },
  };
}

async function journal(options: Partial<JournalOptions> = {}) {
  const bad = faulty(await diskShelf(await folder(), silentLog));
  const metrics = originMetrics(new Meter());
  let now = 0;
  const archive = await bad.shelf.open("s1", 1);
  const one = new Journal({
    archive,
    log: silentLog,
    failures: metrics.archiveFailures,
    syncSeconds: metrics.syncSeconds,
    monotonic: () => now,
    ...options,
  });
  onTestFinished(() => one.close());
  const order: string[] = [];
  const push = (chunk: ArchivedChunk | undefined, name: string): void => {
    if (chunk) one.push(chunk, (stored) => void order.push(`${name} ${stored}`));
  };
  return { ...bad, one, archive, order, push, later: (by: number) => void (now += by) };
}

test("OR-28 on a full disk chunks are let through unstored, in order, and storing goes on when there is room", async () => {
  const { one, fault, order, push, later, archive } = await journal();
  const [a, b, c, d] = someSegments(0, 0);
  push(a, "a");
  await one.settled();
  fault.kind = "write";
  push(b, "b");
  await one.settled();
  expect(one.state.kind).toBe("failing");
  fault.kind = "none";
  push(c, "c");
  later(10_000);
  push(d, "d");
  await one.settled();
  expect(order).toEqual(["a true", "b false", "c false", "d true"]);
  expect(one.state.kind).toBe("good");
  expect(await archive.verify()).toMatchObject({ records: 2, brokenAt: undefined });
});

test("OR-28 with a full disk the Space goes on: all is published, and ingest says that it is not archived", async () => {
  let bad: ReturnType<typeof faulty> | undefined;
  const w = await world({ spec: liveFrom(0), shelf: (shelf) => (bad = faulty(shelf)).shelf });
  const fence = await w.space.lease();
  await w.broadcast(0, 2, fence);
  if (bad) bad.fault.kind = "write";
  await w.advance(chunkMs);
  expect(await w.produce(3, fence)).toEqual([false, false, false]);
  expect(await w.produce(3, fence)).toEqual([false, false, false]);
  await w.advance(5 * chunkMs);
  expect(w.isProgramme(3)).toBe(true);
  for (const name of renditionNames) expect(w.space.timeline?.ring.next(name)).toBeGreaterThan(5);
  expect(w.space.journal?.state).toMatchObject({ kind: "failing", why: expect.stringContaining("ENOSPC") as string });
});

test("OR-29 a disk that does not answer is passed over, and nothing piles up behind it", async () => {
  const { one, fault, order, push, later, release } = await journal({ slowMs: 20 });
  const [a, b, c, d] = someSegments(0, 0);
  fault.kind = "hang";
  push(a, "a");
  push(b, "b");
  await one.settled();
  expect(order).toEqual(["a false", "b false"]);
  later(10_000);
  push(c, "c");
  expect(order).toEqual(["a false", "b false", "c false"]);
  fault.kind = "none";
  release();
  await expect
    .poll(async () => {
      push(d, "d");
      await one.settled();
      return order.at(-1);
    })
    .toBe("d true");
});

test("OR-34 a sync that does not end holds nobody up, and what is written meanwhile is stored", async () => {
  const { one, fault, order, push, release } = await journal({ slowMs: 20 });
  const [a, b] = someSegments(0, 0);
  push(a, "a");
  fault.kind = "hang-sync";
  expect(await Promise.all([one.sync(), one.sync()])).toEqual([false, false]);
  push(b, "b");
  await expect.poll(() => order).toEqual(["a true", "b true"]);
  fault.kind = "none";
  release();
  await expect.poll(() => one.sync()).toBe(true);
});

test("OR-30 after a sync that failed nothing is called stored any more", async () => {
  const { one, fault, order, push } = await journal();
  const [a, b] = someSegments(0, 0);
  push(a, "a");
  await one.settled();
  fault.kind = "sync";
  expect(await one.sync()).toBe(false);
  fault.kind = "none";
  push(b, "b");
  expect(await one.sync()).toBe(false);
  expect(order).toEqual(["a true", "b false"]);
});

test("OR-31 what is published has been written: the log has every chunk before a listener can", async () => {
  const w = await world();
  await w.advance(4 * chunkMs);
  const reader = await w.shelf.read("s1");
  for (const name of renditionNames) {
    for (let slot = 0; slot < 4; slot++) {
      const stored = (await reader?.segment(name, Math.floor(slot / 3)))?.[slot % 3];
      expect(stored?.bytes).toEqual(Buffer.from(w.space.timeline?.ring.chunk(name, slot)?.bytes ?? []));
    }
  }
  await reader?.close();
});

archiveContract("rolling", async () => {
  const shelf = await diskShelf(await folder(), silentLog);
  return {
    ...shelf,
    open: (space, epochMs) => RollingArchive.open(shelf, space, epochMs),
    read: async (space) => {
      const reader = await shelf.read(`${space}.0`);
      await reader?.close();
      return reader && RollingArchive.open(shelf, space, 1_900_000_000_000);
    },
    remove: (space) => RollingArchive.remove(shelf, space),
  };
});

test("OR-32 a Space without archive keeps its last minutes over a restart, and no more, and has no replay", async () => {
  const shelf = await diskShelf(await folder(), silentLog);
  const rolling = await RollingArchive.open(shelf, "s1", 1);
  await rolling.append(someSegments(0, 0));
  for (let n = 1; n < 5 * rollingSegments; n++) await rolling.append(someSegments(n, n));
  const last = 5 * rollingSegments - 1;
  expect((rolling.first() ?? 0) >= last - 2 * rollingSegments).toBe(true);
  expect((await rolling.segment("aac-64k", last - rollingSegments + 1))[2]).toBeDefined();
  await rolling.close();

  const w = await world({ spec: liveFrom(0, { archive: false }) });
  const fence = await w.space.lease();
  await w.broadcast(0, 8, fence);
  const before = ringBytes(w.space);
  await w.restart(10);
  expect(ringBytes(w.space)).toEqual(before);
  await w.space.configure(
    spec({ status: "ended", endedAt: w.clock.now(), liveFrom: w.space.spec.liveFrom, archive: false }),
  );
  await w.advance(4_000);
  await expect.poll(() => w.space.state()).toMatchObject({ status: "ended", replay: false });
});
