import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { mediaChunk } from "../cmaf/chunk.ts";
import { parseChunk } from "../cmaf/parse.ts";
import { anchoredClock, encodeAnchor, newAnchor } from "../foundation/clock.ts";
import { Link } from "../foundation/link.ts";
import { silentLog } from "../foundation/log.ts";
import { diskShelf } from "../origin/archive.disk.ts";
import { holdFromFiles } from "../origin/hold.ts";
import { livePaths } from "../wire/paths.ts";
import { type RenditionName, renditionNames } from "../wire/rendition.ts";
import type { LiveState } from "../wire/state.ts";
import { chunkMs, partOfSlot, segmentMs, segmentOfSlot } from "../wire/timeline.ts";
import { fenceHeader, ingestPath, type Lease } from "../wire/timelines.ts";
import { runFolder, sockets } from "./config.ts";

const hold = await holdFromFiles(resolve(import.meta.dirname, "../../assets/hold"));
const anchor = newAnchor();
const clock = anchoredClock(anchor);

async function start(data: string): Promise<ChildProcess> {
  const child = fork(resolve(import.meta.dirname, "rostra.ts"), ["run", "origin"], {
    env: { ...process.env, ROSTRA_DATA: data, ROSTRA_CLOCK: encodeAnchor(anchor), ROSTRA_LOG: "error" },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise<void>((ready) =>
    child.on("message", (message) => {
      if (typeof message === "object" && message !== null && "t" in message && message.t === "ready") ready();
    }),
  );
  return child;
}

const chunkOf = (name: RenditionName, slot: number): Uint8Array =>
  mediaChunk({ rendition: name, slot, packets: parseChunk(hold.chunk(name, slot + 4, [])).packets, events: [] });

/** Sends each slot's chunk of one rendition in order, each until it is acknowledged, whatever becomes of the origin. */
async function produce(
  link: Link,
  name: RenditionName,
  epoch: number,
  slots: number[],
  fence: number,
): Promise<number[]> {
  const acknowledged: number[] = [];
  for (const slot of slots) {
    await sleep(Math.max(0, epoch + (slot + 1) * chunkMs - clock.now()));
    const path = ingestPath("s1", name, segmentOfSlot(slot), partOfSlot(slot));
    for (;;) {
      const request = { method: "PUT", path, body: chunkOf(name, slot), headers: { [fenceHeader]: String(fence) } };
      const status = await link.request(request).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 204) acknowledged.push(slot);
      if (status !== 0 && status < 500) break;
      await sleep(20);
    }
  }
  return acknowledged;
}

test("OR-14 a real origin killed in the middle of a programme goes on with the same bytes, and loses nothing acknowledged", async () => {
  const data = await mkdtemp(join(tmpdir(), "rostra-kill-"));
  onTestFinished(() => rm(data, { recursive: true, force: true, maxRetries: 3 }));
  let child = await start(data);
  const link = new Link(sockets.origin(await runFolder(data)));
  onTestFinished(() => link.close());
  const epoch = Math.floor(clock.now());
  const spec = {
    id: "s1",
    slug: "s1",
    title: "",
    description: "",
    language: "en",
    unlisted: false,
    status: "live",
    startAt: epoch,
    epochMs: epoch,
    liveFrom: epoch,
    endedAt: null as number | null,
    stage: [],
    notice: "",
  };
  expect((await link.request({ method: "PUT", path: "/timelines/s1", body: spec })).status).toBe(204);
  const { fence } = await link.json<Lease>({ method: "POST", path: "/timelines/s1/lease" });
  const slots = Array.from({ length: 15 }, (_, slot) => slot);
  const producing = Promise.all(renditionNames.map((name) => produce(link, name, epoch, slots, fence)));

  await sleep(epoch + 7.5 * chunkMs - clock.now());
  const before = new Map<string, string>();
  const state = await link.json<LiveState>({ path: livePaths.state("s1") });
  for (const name of renditionNames) {
    for (let n = 0; n <= (state.latest ?? -1); n++) {
      const path = livePaths.segment("s1", name, n);
      before.set(path, (await link.request({ path })).body.toString("base64"));
    }
  }
  expect(before.size).toBeGreaterThanOrEqual(3);
  child.kill("SIGKILL");
  await once(child, "exit");
  child = await start(data);
  const acknowledged = await producing;
  for (const [path, bytes] of before) {
    expect((await link.request({ path })).body.toString("base64") === bytes).toBe(true);
  }

  const over = { ...spec, status: "ended", endedAt: Math.round(clock.now()) };
  await link.request({ method: "PUT", path: "/timelines/s1", body: over });
  await vi.waitFor(async () => {
    expect((await link.json<LiveState>({ path: livePaths.state("s1") })).replay).toBe(true);
  }, 5_000);
  const archive = await (await diskShelf(join(data, "archive"), silentLog)).read("s1");
  expect((await archive?.verify())?.brokenAt).toBeUndefined();
  for (const [i, name] of renditionNames.entries()) {
    expect(acknowledged[i]?.length).toBeGreaterThan(10);
    for (const slot of acknowledged[i] ?? []) {
      const stored = (await archive?.segment(name, segmentOfSlot(slot)))?.[partOfSlot(slot)]?.bytes ?? Buffer.alloc(0);
      const sent = chunkOf(name, slot);
      expect(Buffer.from(stored.subarray(stored.length - sent.length)).equals(sent)).toBe(true);
    }
  }
  // Every slot up to the end is there, programme or not: numbers are never skipped.
  const last = archive?.last("aac-64k") ?? 0;
  for (let n = 0; n <= last; n++) {
    for (const name of renditionNames) expect((await archive?.segment(name, n))?.filter(Boolean)).toHaveLength(3);
  }
  expect(last * segmentMs).toBeGreaterThan(4_000);
  await archive?.close();
});
