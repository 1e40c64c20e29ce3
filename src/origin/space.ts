import type { Clock } from "../foundation/clock.ts";
import { epochMs } from "../foundation/duration.ts";
import { reason } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import type { RenditionName } from "../wire/rendition.ts";
import type { LiveState, PublicStatus, ServiceLevel } from "../wire/state.ts";
import {
  chunksPerSegment,
  segmentAt,
  segmentFrom,
  segmentOfSlot,
  segmentStart,
  slotAt,
  slotStart,
} from "../wire/timeline.ts";
import type { RoomEvents, TimelineRecord, TimelineSpec } from "../wire/timelines.ts";
import { Announcements, type Fact } from "./announcements.ts";
import type { Archive, ArchiveShelf } from "./archive.ts";
import { RollingArchive } from "./archive.rolling.ts";
import type { HoldAudio } from "./hold.ts";
import { Journal } from "./journal.ts";
import { liveState } from "./live-state.ts";
import type { OriginMetrics } from "./metrics.ts";
import { epochFixed, fenced, notKept, notOnAir } from "./problems.ts";
import { nextSegmentSlot, recover, type Recovered } from "./recovery.ts";
import type { Register } from "./register.ts";
import type { AudienceFigures } from "./space-audience.ts";
import { Timeline, type TimelinePlan } from "./timeline.ts";
import { noEdges } from "./told-edges.ts";

/** How long after its end a Space's last segments can still be had live, so that players come to the end. */
export const releaseAfterMs = 90_000;

export interface SpaceOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: OriginMetrics;
  readonly hold: HoldAudio;
  readonly register: Register;
  readonly shelf: ArchiveShelf;
  readonly on: SpaceListener;
}

/** What a Space tells the feed and the clockwork. */
export interface SpaceListener {
  /** Its state is another now. */
  changed(space: Space): void;
  /** A segment is complete. */
  segment(space: Space): void;
  /** Its next deadline may be another now. */
  rescheduled(space: Space): void;
}

/** What a Space has besides its record. A Space that is over still has its timeline for a while. */
type Phase =
  | { readonly kind: "waiting" }
  | { readonly kind: "running"; readonly timeline: Timeline; readonly journal: Journal }
  | { readonly kind: "finished"; readonly timeline: Timeline | undefined; readonly releaseAt: number };

/** One Space: what control says of it, its timeline from the lobby to the end, and what is kept for afterwards. */
export class Space {
  readonly #options: SpaceOptions;
  readonly #announcements = new Announcements();
  readonly #openedAt: number;
  #record: TimelineRecord;
  #phase: Phase = { kind: "waiting" };
  /** Of the whole; its own is never below what its host asks for. */
  #whole: ServiceLevel = 0;
  #audience: AudienceFigures;
  #edges = noEdges;
  #turn: Promise<void> = Promise.resolve();

  private constructor(options: SpaceOptions, record: TimelineRecord) {
    this.#options = options;
    this.#record = record;
    this.#audience = { listeners: 0, heard: record.heard, beacon: 1 };
    this.#openedAt = options.clock.now();
  }

  /** A Space that was kept, or a new one; from the lobby on its timeline runs when this resolves. */
  static async open(options: SpaceOptions, record: TimelineRecord): Promise<Space> {
    const space = new Space(options, record);
    await space.#begin();
    return space;
  }

  /** The record of a Space that control names for the first time. */
  static newRecord(spec: TimelineSpec): TimelineRecord {
    return { v: 1, spec, fence: 0, liveAt: null, endSlot: null, finished: false, replay: null, heard: 0 };
  }

  get id(): string {
    return this.#record.spec.id;
  }

  get record(): TimelineRecord {
    return this.#record;
  }

  get spec(): TimelineSpec {
    return this.#record.spec;
  }

  /** Its live timeline, while it can be heard. */
  get timeline(): Timeline | undefined {
    return this.#phase.kind === "waiting" ? undefined : this.#phase.timeline;
  }

  get journal(): Journal | undefined {
    return this.#phase.kind === "running" ? this.#phase.journal : undefined;
  }

  get level(): ServiceLevel {
    return this.spec.level > this.#whole ? this.spec.level : this.#whole;
  }

  state(): LiveState {
    const [now, audience, edges] = [this.#options.clock.now(), this.#audience, this.#edges];
    return liveState(this.#record, { now, audience, edges, level: this.level, timeline: this.timeline });
  }

  /** When `run` has something to do next. */
  nextDeadline(): number | undefined {
    if (this.#phase.kind === "running") return this.#phase.timeline.nextDeadline();
    return this.#phase.kind === "finished" && this.#phase.timeline ? this.#phase.releaseAt : undefined;
  }

  /** Does what is due. */
  run(): void {
    if (this.#phase.kind === "running") this.#phase.timeline.run();
    if (this.#phase.kind === "finished" && this.#phase.timeline && this.#options.clock.now() >= this.#phase.releaseAt) {
      this.#phase.timeline.close();
      this.#phase = { ...this.#phase, timeline: undefined };
      this.#options.on.changed(this);
    }
  }

  /** Makes what control says true, and keeps it. Rejects with `epoch-fixed`, or `not-kept` when it is not on disk. */
  configure(spec: TimelineSpec): Promise<void> {
    return this.#inTurn(async () => {
      const { spec: before, finished } = this.#record;
      if (before.epochMs !== null && spec.epochMs !== before.epochMs) {
        throw epochFixed(spec.id, before.epochMs, spec.epochMs);
      }
      this.#record = { ...this.#record, spec, endSlot: this.#endSlot(spec) };
      if (!finished) {
        await this.#begin();
        this.#tellSpec();
      }
      this.#options.on.changed(this);
      this.#options.on.rescheduled(this);
      await this.#keep(`The timeline of ${spec.id}`);
    });
  }

  /** Tells the audience with the next chunk, and the state. */
  async tell({ events }: RoomEvents): Promise<void> {
    for (const event of events) {
      if (event.t === "stage") this.#adopt({ stage: event.people });
      if (event.t === "title") this.#adopt({ title: event.title });
      if (event.t === "notice") this.#adopt({ notice: event.text });
      if (event.t === "level") this.#adopt({ level: event.level });
      if (event.t !== "status" && event.t !== "count" && event.t !== "level") this.#announce(event);
    }
    this.#announce({ t: "level", level: this.level });
    this.#options.on.changed(this);
    await this.#keep(`What ${this.id} tells`);
  }

  /** A new lease: older fences are refused from now on. */
  async lease(): Promise<number> {
    // The clock is in the fence, so that one that could not be kept is still never given twice.
    const fence = Math.max(this.#record.fence + 1, Math.floor(this.#options.clock.now()));
    this.#record = { ...this.#record, fence };
    if (this.#phase.kind === "running") this.#phase.timeline.producerSeen();
    this.#options.on.rescheduled(this);
    await this.#keep("The lease").catch((failure: unknown) => {
      this.#options.log.warn("lease-not-kept", { space: this.id, reason: reason(failure) });
    });
    return fence;
  }

  /** Takes the programme's chunk; resolves once it is published, with whether the archive has it. */
  async ingest(rendition: RenditionName, slot: number, fence: number | undefined, bytes: Uint8Array): Promise<boolean> {
    if (fence === undefined || !this.#isNewest(fence)) throw fenced(fence, this.#record.fence);
    if (this.#phase.kind !== "running") throw notOnAir(`${this.id} is ${this.spec.status}.`);
    const acknowledged = this.#phase.timeline.ingest(rendition, slot, bytes);
    this.#options.on.rescheduled(this);
    return acknowledged;
  }

  /**
   * Only an origin gives fences, and the clock is in them: one above the newest known here, from before this process
   * opened the Space, is of a lease that could not be kept on disk.
   */
  #isNewest(fence: number): boolean {
    if (fence > this.#record.fence && fence <= this.#openedAt) this.#record = { ...this.#record, fence };
    return fence === this.#record.fence;
  }

  /** Who listens now and who has, which edges there are, and their level of service. Told when it is another than before. */
  count(audience: AudienceFigures, edges: readonly string[], whole: ServiceLevel): void {
    const before = this.#audience;
    const same = (["listeners", "heard", "beacon"] as const).every((figure) => before[figure] === audience[figure]);
    if (same && edges === this.#edges && whole === this.#whole) return;
    this.#whole = whole;
    this.#announce({ t: "level", level: this.level });
    this.#audience = audience;
    this.#edges = edges;
    this.#record = { ...this.#record, heard: audience.heard };
    if (audience.listeners !== before.listeners) this.#announce({ t: "count", listeners: audience.listeners });
    this.#options.on.changed(this);
  }

  /** Ends its part in this process; the Space itself goes on with the next. */
  async close(): Promise<void> {
    this.timeline?.close();
    await this.#turn;
    const phase = this.#phase;
    this.#phase = { kind: "finished", timeline: undefined, releaseAt: 0 };
    if (phase.kind === "running") await phase.journal.close();
  }

  /** Forgets the Space and all it has published. */
  async remove(): Promise<void> {
    await this.close();
    await this.#options.register.remove(this.id);
    await this.#options.shelf.remove(this.id);
    await RollingArchive.remove(this.#options.shelf, this.id);
  }

  /** Starts the timeline once there is an epoch. */
  async #begin(): Promise<void> {
    const { spec, finished, liveAt } = this.#record;
    if (finished || this.#phase.kind !== "waiting") return;
    if (spec.status === "ended" || spec.status === "cancelled") {
      // Control tells of a Space that was over before this origin knew it, unless its timeline was running.
      if (this.#record.endSlot === null) return this.#finish(undefined);
    }
    if (spec.epochMs === null) return;
    const { clock, hold, log, metrics } = this.#options;
    const { archive, ring, begunSlots, programme } = await this.#recover(spec.epochMs);
    const epoch = epochMs(spec.epochMs);
    const journal = new Journal({
      archive,
      log: log.with({ space: this.id }),
      failures: metrics.archiveFailures,
      syncSeconds: metrics.syncSeconds,
    });
    // The record may have been written before the first live segment was noted in it.
    if (liveAt === null && programme !== undefined)
      this.#record = { ...this.#record, liveAt: segmentStart(epoch, programme) };
    const timeline = new Timeline({
      epoch,
      clock,
      hold,
      ring,
      journal,
      begunSlots,
      announcements: this.#announcements,
      begun: this.#record.liveAt !== null,
      plan: () => this.#plan(),
      on: {
        begun: (slot) => this.#begun(slot),
        changed: () => this.#options.on.changed(this),
        published: (_rendition, slot, isProgramme) => {
          metrics.published.add(1, { kind: isProgramme ? "programme" : "hold" });
          metrics.publishLag.observe((clock.now() - slotStart(epoch, slot + 1)) / 1000);
        },
        segment: () => this.#segmentComplete(),
        skipped: (from, to) => log.warn("slots-skipped", { space: this.id, from, to }),
      },
    });
    const running = { kind: "running", timeline, journal } as const;
    this.#phase = running;
    this.#tellSpec();
    // The process may have ended between the last chunk and the note that it was the last.
    if (timeline.done) await this.#finish(running);
    this.#options.on.rescheduled(this);
  }

  /** Live goes before the archive: without one nothing is stored, and everything is published. */
  async #recover(epoch: number): Promise<Recovered & { readonly archive: Archive | undefined }> {
    const { shelf, log, metrics } = this.#options;
    let archive: Archive | undefined;
    try {
      archive = await (this.spec.archive ? shelf.open(this.id, epoch) : RollingArchive.open(shelf, this.id, epoch));
      return { archive, ...(await recover(archive)) };
    } catch (failure) {
      metrics.archiveFailures.add();
      log.error("archive-not-opened", { space: this.id, reason: reason(failure) });
      await archive?.close().catch(() => {});
      return { archive: undefined, ...(await recover(undefined)) };
    }
  }

  #plan(): TimelinePlan {
    const { spec, endSlot } = this.#record;
    const epoch = epochMs(spec.epochMs ?? 0);
    const live = spec.liveFrom === null ? undefined : segmentFrom(epoch, epochMs(spec.liveFrom)) * chunksPerSegment;
    return {
      liveSlot: live,
      endSlot: endSlot ?? undefined,
      statusAt: (slot): PublicStatus =>
        spec.status === "live" && (live === undefined || slot < live) ? "lobby" : spec.status,
    };
  }

  /** The end, once it is known: whole segments, and at least one more chunk, which tells that it is over. */
  #endSlot(spec: TimelineSpec): number | null {
    if (this.#record.endSlot !== null) return this.#record.endSlot;
    if ((spec.status !== "ended" && spec.status !== "cancelled") || this.#phase.kind !== "running") return null;
    const { timeline } = this.#phase;
    const ended = slotAt(timeline.epoch, epochMs(spec.endedAt ?? this.#options.clock.now()));
    return nextSegmentSlot(Math.max(ended, timeline.undecided));
  }

  #tellSpec(): void {
    const { stage, title, notice } = this.spec;
    this.#announce({ t: "stage", people: stage });
    this.#announce({ t: "title", title });
    this.#announce({ t: "notice", text: notice });
    this.#announce({ t: "level", level: this.level });
  }

  #announce(fact: Fact): void {
    if (this.#announcements.tell(fact)) return;
    this.#options.metrics.factsLeftOut.add(1, { kind: fact.t });
  }

  #adopt(change: Partial<TimelineSpec>): void {
    this.#record = { ...this.#record, spec: { ...this.spec, ...change } };
  }

  #begun(slot: number): void {
    if (this.#record.liveAt !== null) return;
    const liveAt = segmentStart(epochMs(this.spec.epochMs ?? 0), segmentOfSlot(slot));
    this.#record = { ...this.#record, liveAt };
    this.#options.log.info("live", { space: this.id, liveAt, delayMs: liveAt - this.spec.startAt });
    this.#options.on.changed(this);
    void this.#keep("The first live segment").catch(() => {});
  }

  #segmentComplete(): void {
    this.#options.on.segment(this);
    if (this.#phase.kind === "running" && this.#phase.timeline.done) {
      const running = this.#phase;
      void this.#inTurn(() => this.#finish(running)).catch((failure: unknown) => {
        this.#options.log.error("end-not-kept", { space: this.id, reason: reason(failure) });
      });
    }
  }

  /** Everything is published: what there is for the replay is put on disk for good, the rest is removed. */
  async #finish(phase: Extract<Phase, { kind: "running" }> | undefined): Promise<void> {
    if (this.#record.finished) return;
    const { shelf, clock, on, log } = this.#options;
    if (phase) {
      await phase.journal.sync();
      await phase.journal.close();
    }
    const replay = await this.#replayable(phase?.timeline);
    // A log without any programme is of no use; one that cannot be read now may be read another day.
    if (this.#record.liveAt === null && phase) await shelf.remove(this.id).catch(() => {});
    await RollingArchive.remove(shelf, this.id).catch(() => {});
    this.#record = { ...this.#record, finished: true, replay };
    this.#phase = { kind: "finished", timeline: phase?.timeline, releaseAt: clock.now() + releaseAfterMs };
    log.info("finished", { space: this.id, replay });
    on.changed(this);
    on.rescheduled(this);
    await this.#keep(`The end of ${this.id}`);
  }

  async #replayable(timeline: Timeline | undefined): Promise<TimelineRecord["replay"]> {
    const { spec, liveAt } = this.#record;
    if (!spec.archive || liveAt === null || spec.epochMs === null) return null;
    const archive = await this.#options.shelf.read(this.id).catch(() => undefined);
    const first = segmentAt(epochMs(spec.epochMs), epochMs(liveAt));
    const last = timeline?.ring.latest() ?? archive?.last("opus-32k");
    await archive?.close();
    return archive && last !== undefined && last >= first ? { first, last } : null;
  }

  async #keep(what: string): Promise<void> {
    try {
      await this.#options.register.save(this.#record);
    } catch (failure) {
      this.#options.metrics.registerFailures.add();
      this.#options.log.error("timeline-not-kept", { space: this.id, reason: reason(failure) });
      throw notKept(what);
    }
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(run);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}
