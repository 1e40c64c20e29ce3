import { withEvents } from "../cmaf/chunk.ts";
import type { Clock } from "../foundation/clock.ts";
import { type EpochMs, epochMs } from "../foundation/duration.ts";
import type { RoomEvent } from "../wire/events.ts";
import { type RenditionName, renditionNames } from "../wire/rendition.ts";
import type { PublicStatus } from "../wire/state.ts";
import {
  chunksPerSegment,
  partOfSlot,
  type SegmentNumber,
  segmentOfSlot,
  slotAt,
  slotEnd,
  slotStart,
} from "../wire/timeline.ts";
import type { Announcements } from "./announcements.ts";
import type { HoldAudio } from "./hold.ts";
import type { Journal } from "./journal.ts";
import { late, notOnAir, tooEarly } from "./problems.ts";
import { type Ring, ringSlots } from "./ring.ts";

/** A producer that has sent nothing for so long is gone: hold audio then goes out at each slot's end, without waiting. */
export const producerGoneMs = 1_500;
/** How long after a slot's end its chunk is waited for while a producer is there. */
export const lateGraceMs = 350;
/**
 * A producer whose chunks come later than that is waited for as long as they need, up to this: a programme that reaches
 * the audience a second later is better than hold audio instead of it.
 */
export const longestGraceMs = 1_400;
/** What is waited beyond the lateness that was seen. */
const graceMarginMs = 100;
/** With each chunk that comes in time the grace comes back by this factor: by half in 40 s. */
const graceDecay = 0.998;
/** After the origin has started, producers get so long to send again what was not acknowledged. */
export const resendGraceMs = 1_500;
/** How far before a slot's beginning its chunk may come: clocks of two machines differ. */
export const earlyMs = 1_000;
/** How many chunks of one rendition may wait for those before them; the next is `too-early`. */
export const maxWaitingChunks = 256;

/** What the Space says about its timeline now. Slots count from the epoch. */
export interface TimelinePlan {
  /** The first slot that may carry the programme; `undefined` in the lobby. */
  readonly liveSlot: number | undefined;
  /** The first slot that is not published any more; `undefined` while nobody knows. */
  readonly endSlot: number | undefined;
  /** The status that a chunk of this slot tells. */
  readonly statusAt: (slot: number) => PublicStatus;
}

export interface TimelineOptions {
  readonly epoch: EpochMs;
  readonly clock: Clock;
  readonly hold: HoldAudio;
  /** What was published before; the timeline goes on behind it. */
  readonly ring: Ring;
  readonly journal: Journal;
  readonly announcements: Announcements;
  /** Facts that slots carry which some renditions have published and others have not. */
  readonly begunSlots: ReadonlyMap<number, readonly RoomEvent[]>;
  /** Whether the programme was on the timeline already. */
  readonly begun: boolean;
  readonly plan: () => TimelinePlan;
  readonly on: TimelineListener;
}

/** What a timeline tells its Space. */
export interface TimelineListener {
  /** The first chunk of the programme goes out, in this slot. */
  begun(slot: number): void;
  /** What chunks tell about status or hold has changed. */
  changed(): void;
  /** A chunk is published. */
  published(rendition: RenditionName, slot: number, programme: boolean): void;
  /** A segment is complete in every rendition. */
  segment(n: SegmentNumber): void;
  /** Slots from `from` up to `to` lie so far back that they are not published: the archive reads them as hold audio. */
  skipped(from: number, to: number): void;
}

interface Claim {
  readonly bytes: Uint8Array;
  readonly ack: Promise<boolean>;
  readonly resolve: (stored: boolean) => void;
  readonly reject: (why: Error) => void;
}

/**
 * One Space's slots: each is filled once in every rendition, in order, with the programme's chunk or with hold audio.
 * Nothing here waits for a timer: `run` does all that is due, and `nextDeadline` says when to call it again.
 */
export class Timeline {
  readonly #options: TimelineOptions;
  readonly #next = new Map<RenditionName, number>();
  readonly #claims = new Map<string, Claim>();
  readonly #facts = new Map<number, readonly RoomEvent[]>();
  readonly #waiters = new Set<() => void>();
  readonly #startedAt: number;
  #producerSeenAt = Number.NEGATIVE_INFINITY;
  #begun: boolean;
  #grace = lateGraceMs;
  #hold = false;
  #told = "";
  #closed = false;

  constructor(options: TimelineOptions) {
    this.#options = options;
    this.#begun = options.begun;
    this.#startedAt = options.clock.now();
    for (const rendition of renditionNames) this.#next.set(rendition, options.ring.next(rendition));
    for (const [slot, facts] of options.begunSlots) this.#facts.set(slot, facts);
  }

  get ring(): Ring {
    return this.#options.ring;
  }

  get epoch(): EpochMs {
    return this.#options.epoch;
  }

  /** True when the audience gets hold audio although the programme is due. */
  get hold(): boolean {
    return this.#hold;
  }

  /** True when every slot up to the end is published. */
  get done(): boolean {
    const { endSlot } = this.#options.plan();
    return endSlot !== undefined && renditionNames.every((name) => this.ring.next(name) >= endSlot);
  }

  /** The first segment that will never be published; `undefined` while nobody knows. */
  get end(): SegmentNumber | undefined {
    const { endSlot } = this.#options.plan();
    return endSlot === undefined ? undefined : segmentOfSlot(endSlot);
  }

  /** False once nothing more is published here, whatever the plan says. */
  get open(): boolean {
    return !this.#closed;
  }

  /** The first slot that no rendition has been decided for. */
  get undecided(): number {
    return Math.max(...this.#next.values());
  }

  /** A producer has taken the lease, or has sent something. */
  producerSeen(): void {
    this.#producerSeenAt = this.#options.clock.now();
  }

  /** Calls back after each published chunk, until the function returned is called. */
  onPublished(wake: () => void): () => void {
    this.#waiters.add(wake);
    return () => this.#waiters.delete(wake);
  }

  /**
   * Takes the programme's chunk for a slot. Resolves once it is published, with whether the archive has it (the last part
   * of a segment: for good). Rejects with `late`, `not-on-air` or `too-early`.
   */
  ingest(rendition: RenditionName, slot: number, bytes: Uint8Array): Promise<boolean> {
    const { ring, epoch, clock } = this.#options;
    const { endSlot, liveSlot } = this.#options.plan();
    if (liveSlot === undefined || slot < liveSlot) throw notOnAir(`Slot ${slot} is before slot ${liveSlot ?? "∞"}.`);
    if (endSlot !== undefined && slot >= endSlot) throw notOnAir(`Slot ${slot} is after the end, slot ${endSlot}.`);
    this.producerSeen();
    const key = keyOf(rendition, slot);
    const claim = this.#claims.get(key);
    if (claim) {
      if (Buffer.compare(claim.bytes, bytes) !== 0) throw late(slot);
      return claim.ack;
    }
    const next = this.#nextOf(rendition);
    if (slot < next) {
      const published = ring.chunk(rendition, slot);
      if (!published?.programme || !endsWith(published.bytes, bytes)) {
        const lateness = clock.now() - slotEnd(epoch, slot) + graceMarginMs;
        this.#grace = Math.min(longestGraceMs, Math.max(this.#grace, lateness));
        throw late(slot);
      }
      return published.stored ? this.#acknowledged(slot) : Promise.resolve(false);
    }
    if (slotStart(epoch, slot) > clock.now() + earlyMs) throw tooEarly(slot, `begins more than ${earlyMs} ms from now`);
    if (slot >= next + maxWaitingChunks) throw tooEarly(slot, `is ${slot - next} slots past the next one, ${next}`);
    const { promise: ack, resolve, reject } = Promise.withResolvers<boolean>();
    // Whoever sent it may have gone; a refusal is then nobody's.
    ack.catch(() => {});
    this.#claims.set(key, { bytes, ack, resolve, reject });
    this.#grace = Math.max(lateGraceMs, this.#grace * graceDecay);
    this.run();
    return ack;
  }

  /** Publishes all that can be: chunks that are there, and hold audio for slots whose time is over. */
  run(): void {
    const now = this.#options.clock.now();
    const { endSlot = Number.POSITIVE_INFINITY } = this.#options.plan();
    this.#skipLongPast(now);
    for (let moved = true; moved;) {
      moved = false;
      for (const rendition of renditionNames) {
        const slot = this.#nextOf(rendition);
        if (slot >= endSlot) continue;
        const claim = this.#claims.get(keyOf(rendition, slot));
        if (!claim && this.#deadline(slot) > now) continue;
        this.#decide(rendition, slot, claim);
        moved = true;
      }
    }
  }

  /** When `run` has something to do next, whatever comes in; `undefined` when nothing is left. */
  nextDeadline(): EpochMs | undefined {
    const { endSlot = Number.POSITIVE_INFINITY } = this.#options.plan();
    const slot = Math.min(...this.#next.values());
    return slot >= endSlot ? undefined : epochMs(this.#deadline(slot));
  }

  /** Refuses what still waits; the timeline is not used after it. */
  close(): void {
    this.#closed = true;
    for (const claim of this.#claims.values()) claim.reject(notOnAir("The timeline has ended."));
    this.#claims.clear();
    this.#wake();
  }

  /** Until when a slot's chunk is waited for. */
  #deadline(slot: number): number {
    const { liveSlot } = this.#options.plan();
    const end = slotEnd(this.#options.epoch, slot);
    if (liveSlot === undefined || slot < liveSlot) return end;
    // At the programme's beginning a producer counts as there before it has sent anything.
    const seen = Math.max(this.#producerSeenAt, slotStart(this.#options.epoch, liveSlot));
    const patience = Math.min(end + this.#grace, seen + producerGoneMs);
    // The grace is for the slots that passed while the origin was away, and those that pass during the grace.
    const resend = end < this.#startedAt + resendGraceMs ? this.#startedAt + resendGraceMs : end;
    return Math.max(end, patience, this.#begun ? resend : end);
  }

  /** After an outage longer than the ring, nobody can ask for the oldest slots any more: they are left out of the log. */
  #skipLongPast(now: EpochMs): void {
    const { endSlot = Number.POSITIVE_INFINITY } = this.#options.plan();
    const kept = segmentOfSlot(slotAt(this.epoch, now) - ringSlots) * chunksPerSegment;
    const oldest = Math.min(kept, endSlot - chunksPerSegment);
    for (const rendition of renditionNames) {
      const next = this.#nextOf(rendition);
      if (next >= oldest || this.#deadline(next) > now) continue;
      this.#next.set(rendition, oldest);
      if (rendition === renditionNames[0]) this.#options.on.skipped(next, oldest);
      for (let slot = next; slot < oldest; slot++) {
        this.#facts.delete(slot);
        this.#claims.get(keyOf(rendition, slot))?.reject(late(slot));
        this.#claims.delete(keyOf(rendition, slot));
      }
    }
  }

  #decide(rendition: RenditionName, slot: number, claim: Claim | undefined): void {
    const { hold, journal } = this.#options;
    const facts = this.#facts.get(slot) ?? this.#factsOf(slot, claim !== undefined);
    this.#next.set(rendition, slot + 1);
    if (Math.min(...this.#next.values()) > slot) this.#facts.delete(slot);
    else this.#facts.set(slot, facts);
    const programme = claim !== undefined;
    const bytes = claim ? withEvents(claim.bytes, slot, facts) : hold.chunk(rendition, slot, facts);
    journal.push({ rendition, n: segmentOfSlot(slot), part: partOfSlot(slot), programme, bytes }, (stored) => {
      this.ring.publish(rendition, slot, { bytes, programme, stored });
      this.#published(rendition, slot, programme);
      if (claim) void this.#settle(keyOf(rendition, slot), slot, claim, stored);
    });
  }

  /** What a slot tells is decided when its first rendition goes out, and is the same in the others. */
  #factsOf(slot: number, programme: boolean): RoomEvent[] {
    const { announcements, plan, on } = this.#options;
    const { liveSlot, statusAt } = plan();
    if (programme && !this.#begun) {
      this.#begun = true;
      on.begun(slot);
      announcements.repeatAll();
    }
    const status = statusAt(slot);
    this.#hold = !programme && status === "live" && liveSlot !== undefined && slot >= liveSlot;
    const told = `${status} ${this.#hold}`;
    announcements.tell({ t: "status", status, hold: this.#hold });
    if (told !== this.#told) on.changed();
    this.#told = told;
    return announcements.take();
  }

  #published(rendition: RenditionName, slot: number, programme: boolean): void {
    const { on } = this.#options;
    on.published(rendition, slot, programme);
    const n = segmentOfSlot(slot);
    if (partOfSlot(slot) === chunksPerSegment - 1 && this.ring.latest() === n) on.segment(n);
    this.#wake();
  }

  async #settle(key: string, slot: number, claim: Claim, stored: boolean): Promise<void> {
    claim.resolve(stored && (await this.#acknowledged(slot)));
    this.#claims.delete(key);
  }

  /** The log is synced once per segment and rendition: with its last part. */
  async #acknowledged(slot: number): Promise<boolean> {
    return partOfSlot(slot) < chunksPerSegment - 1 || this.#options.journal.sync();
  }

  #nextOf(rendition: RenditionName): number {
    return this.#next.get(rendition) ?? 0;
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
  }
}

const keyOf = (rendition: RenditionName, slot: number): string => `${rendition} ${slot}`;

const endsWith = (whole: Uint8Array, end: Uint8Array): boolean =>
  whole.length >= end.length && Buffer.compare(whole.subarray(whole.length - end.length), end) === 0;
