import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import { mediaChunk } from "../cmaf/chunk.ts";
import { parseChunk } from "../cmaf/parse.ts";
import { type ManualClock, manualClock } from "../foundation/clock.ts";
import { epochMs, ms } from "../foundation/duration.ts";
import { silentLog } from "../foundation/log.ts";
import { Meter } from "../foundation/meter.ts";
import type { RoomEvent } from "../wire/events.ts";
import { type RenditionName, renditionNames } from "../wire/rendition.ts";
import { chunkMs, segmentOfSlot } from "../wire/timeline.ts";
import type { TimelineSpec } from "../wire/timelines.ts";
import type { ArchiveShelf } from "./archive.ts";
import { diskShelf } from "./archive.disk.ts";
import { type HoldAudio, holdFromFiles } from "./hold.ts";
import { originMetrics } from "./metrics.ts";
import { diskRegister, type Register } from "./register.ts";
import { Space } from "./space.ts";

/** When segment 0 of every test's timeline starts. */
export const epoch = epochMs(1_900_000_000_000);
export const hold: HoldAudio = await holdFromFiles(resolve(import.meta.dirname, "../../assets/hold"));

export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "rostra-origin-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** The programme's chunk: real packets (the hold loop's, from elsewhere in it), muxed for the slot. */
export function programmeChunk(rendition: RenditionName, slot: number, events: readonly RoomEvent[] = []): Uint8Array {
  const { packets } = parseChunk(hold.chunk(rendition, slot + 5, []));
  return mediaChunk({ rendition, slot, packets, events });
}

export const spec = (change: Partial<TimelineSpec> = {}): TimelineSpec => ({
  id: "s1",
  slug: "town-hall",
  title: "Town hall",
  description: "",
  language: "en",
  unlisted: false,
  status: "lobby",
  startAt: epoch + 9_600,
  epochMs: epoch,
  liveFrom: null,
  endedAt: null,
  stage: [],
  notice: "",
  archive: true,
  level: 0,
  ...change,
});

/** A Space that is live from its segment `n` on. */
export const liveFrom = (n: number, change: Partial<TimelineSpec> = {}): TimelineSpec =>
  spec({ status: "live", liveFrom: epoch + n * 960, startAt: epoch + n * 960, ...change });

export interface World {
  readonly clock: ManualClock;
  readonly data: string;
  readonly register: Register;
  readonly shelf: ArchiveShelf;
  /** What the Space told, in order. */
  readonly told: string[];
  space: Space;
  /** Moves the clock in steps of 20 ms, waking the Space at each, and waits until all is written. */
  advance(by: number): Promise<void>;
  /** Moves the clock at once, as a stalled process sees it. */
  stall(by: number): Promise<void>;
  /** Forgets the Space without any farewell, as a kill does, and opens what is on disk. */
  restart(downFor: number): Promise<void>;
  /** The producer's chunk of a slot in every rendition; resolves with whether they are stored. */
  produce(slot: number, fence: number, events?: readonly RoomEvent[]): Promise<boolean[]>;
  /** Produces from one slot to another, each as its time ends. */
  broadcast(from: number, to: number, fence: number, events?: (slot: number) => RoomEvent[]): Promise<void>;
  /** The events of a published chunk. */
  events(slot: number, rendition?: RenditionName): readonly RoomEvent[];
  isProgramme(slot: number, rendition?: RenditionName): boolean | undefined;
}

export interface WorldOptions {
  readonly spec?: TimelineSpec;
  /** Milliseconds after the epoch. @default 0 */
  readonly at?: number;
  readonly shelf?: (shelf: ArchiveShelf) => ArchiveShelf;
}

/** One Space on a clock that moves by hand, with its archive and register on disk. */
export async function world(options: WorldOptions = {}): Promise<World> {
  const clock = manualClock(epochMs(epoch + (options.at ?? 0)));
  const data = await folder();
  const register = await diskRegister(join(data, "timelines"), silentLog);
  const disk = await diskShelf(join(data, "archive"), silentLog);
  const shelf = options.shelf?.(disk) ?? disk;
  const told: string[] = [];
  /** Spaces of processes that are gone; only their files are closed, after the test. */
  const killed: Space[] = [];
  const spaceOptions = () => ({
    clock,
    log: silentLog,
    metrics: originMetrics(new Meter()),
    hold,
    register,
    shelf,
    on: {
      changed: (space: Space) => void told.push(`state ${space.state().status} hold=${space.state().hold}`),
      segment: (space: Space) => void told.push(`latest ${space.timeline?.ring.latest()}`),
      rescheduled: () => {},
    },
  });
  const first = options.spec ?? spec();
  const space = await Space.open(spaceOptions(), Space.newRecord(first));
  await space.configure(first);
  const self: World = {
    clock,
    data,
    register,
    shelf,
    told,
    space,
    advance: async (by) => {
      for (let left = by; left > 0; left -= 20) {
        clock.advance(ms(Math.min(20, left)));
        self.space.run();
        await self.space.journal?.settled();
      }
    },
    stall: async (by) => {
      clock.advance(ms(by));
      self.space.run();
      await self.space.journal?.settled();
    },
    restart: async (downFor) => {
      const id = self.space.id;
      clock.advance(ms(downFor));
      const record = (await register.load()).find((one) => one.spec.id === id);
      if (!record) throw new Error(`${id} is not on disk`);
      killed.push(self.space);
      self.space = await Space.open(spaceOptions(), record);
    },
    produce: (slot, fence, events = []) =>
      Promise.all(
        renditionNames.map((name) => self.space.ingest(name, slot, fence, programmeChunk(name, slot, events))),
      ),
    broadcast: async (from, to, fence, events = () => []) => {
      for (let slot = from; slot <= to; slot++) {
        await self.advance(Math.max(0, epoch + (slot + 1) * chunkMs - clock.now()));
        await self.produce(slot, fence, events(slot));
      }
    },
    events: (slot, rendition = "opus-32k") => {
      const chunk = self.space.timeline?.ring.chunk(rendition, slot);
      return chunk ? parseChunk(chunk.bytes).events : [];
    },
    isProgramme: (slot, rendition = "opus-32k") => self.space.timeline?.ring.chunk(rendition, slot)?.programme,
  };
  onTestFinished(async () => {
    for (const one of [...killed, self.space]) await one.close();
  });
  return self;
}

/** The bytes of all that is in the ring, by rendition and segment. */
export function ringBytes(space: Space): Map<string, string> {
  const all = new Map<string, string>();
  const ring = space.timeline?.ring;
  for (const rendition of renditionNames) {
    for (let slot = 0; slot < (ring?.next(rendition) ?? 0); slot++) {
      const chunk = ring?.chunk(rendition, slot);
      if (chunk) all.set(`${rendition} ${segmentOfSlot(slot)} ${slot}`, Buffer.from(chunk.bytes).toString("base64"));
    }
  }
  return all;
}
