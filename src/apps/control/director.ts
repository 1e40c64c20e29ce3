import { type EpochMs, epochMs, ms } from "../../foundation/duration.ts";
import { Problem, reason } from "../../foundation/errors.ts";
import { type Link, notFound } from "../../foundation/link.ts";
import type { Log } from "../../foundation/log.ts";
import type { Counter, Meter } from "../../foundation/meter.ts";
import type { Clock } from "../../foundation/clock.ts";
import type { Scope } from "../../foundation/scope.ts";
import { cancel, end, isOver, lobbyIsDue, type Moment, openLobby, spaceOver } from "../../room/life.ts";
import type { Room } from "../../room/room.ts";
import type { NewSpace, SpacePatch, SpaceRecord, Store } from "../../store/store.ts";
import type { ServiceLevel } from "../../wire/state.ts";
import { ActiveSpace, type Plan, timelineOf, type Unsaved } from "./active-space.ts";
import { AskedLevels } from "./asked-levels.ts";
import { automaticPlan } from "./automatic.ts";
import { recordOf, lifeOf } from "./life-record.ts";
import { Publisher } from "./publisher.ts";
import { RoomKeeper } from "./room-memory.ts";

/** How often the lives of all Spaces are looked at. */
export const tickMs = ms(250);
/** The most Spaces that are scheduled or open at a time. */
export const maxActiveSpaces = 500;
/** The most writes of one Space that wait for the store; then the oldest is given up, and counted. */
const maxUnsaved = 100;
/** How long after a failed write it is tried again. */
const saveAgainMs = 2000;
/** How long a Space that has ended is still looked after: until its replay is there, or this. */
const lookAfterMs = 3_600_000;

/** Those who watch rooms: the sockets. */
export interface RoomWatchers {
  /** Something in the room or the life of the Space has changed; single members are told what `takeNotices` gives. */
  roomChanged(space: ActiveSpace): void;
}

export interface DirectorOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** The wall's clock, ms since 1970; scheduled times are meant in it. @default Date.now */
  readonly wall?: () => number;
  readonly origin: Link;
  readonly stage: Link;
  readonly scope: Scope;
  readonly log: Log;
  readonly meter: Meter;
}

/**
 * The heart of control: holds the Spaces that are open or will be, moves their lives on, and keeps origin and stage at
 * what follows from it. A change is in the store first; then the others are told, until they have it.
 */
export class Director {
  readonly timelines: Publisher;
  readonly stages: Publisher;
  readonly #options: DirectorOptions;
  readonly #spaces = new Map<string, ActiveSpace>();
  readonly #bySlug = new Map<string, ActiveSpace>();
  readonly #keeper: RoomKeeper;
  readonly #askedLevels: AskedLevels;
  readonly #changes: Counter;
  readonly #givenUp: Counter;
  readonly #watchers: RoomWatchers[] = [];
  /** Spaces that are being removed: what is told of them meanwhile brings none of them back. */
  readonly #leaving = new Set<string>();
  #stageKnown = false;

  private constructor(options: DirectorOptions) {
    const { store, log, meter, scope, origin, stage } = options;
    this.#options = options;
    this.#keeper = new RoomKeeper(store, log);
    this.#askedLevels = new AskedLevels(store);
    this.#changes = meter.counter("rostra_space_changes_total", "Changes in the lives of Spaces, by what they became.");
    this.#givenUp = meter.counter(
      "rostra_unsaved_dropped_total",
      "Writes given up because the store was away too long.",
    );
    const failures = meter.counter("rostra_not_told_total", "Attempts to tell origin or stage something that failed.");
    const shared = { signal: scope.signal, log, failures };
    this.timelines = new Publisher({ name: "origin", link: origin, path: (id) => `/timelines/${id}`, ...shared });
    this.stages = new Publisher({ name: "stage", link: stage, path: (id) => `/stages/${id}`, ...shared });
    const spaces = meter.gauge("rostra_spaces", "Spaces that control looks after, by state.");
    meter.onCollect(() => {
      for (const kind of ["scheduled", "lobby", "live", "hold", "ended"] as const) {
        spaces.set(this.spaces.filter((one) => one.life.kind === kind).length, { state: kind });
      }
    });
  }

  /** Takes up every Space that is open or scheduled where the store says it was. */
  static async open(options: DirectorOptions): Promise<Director> {
    const director = new Director(options);
    for (const record of await options.store.spaces.listActive()) await director.#take(record);
    options.scope.every(tickMs, () => director.tick());
    return director;
  }

  get spaces(): readonly ActiveSpace[] {
    return [...this.#spaces.values()];
  }

  /** The stage has told who is connected; who was not named is away. */
  stageIsKnown(): void {
    this.#stageKnown = true;
    for (const space of this.#spaces.values()) space.stageKnown = true;
  }

  watch(watchers: RoomWatchers): void {
    this.#watchers.push(watchers);
  }

  now(): Moment {
    return { wall: epochMs((this.#options.wall ?? Date.now)()), timeline: this.#options.clock.now() };
  }

  find(idOrSlug: string): ActiveSpace | undefined {
    return this.#spaces.get(idOrSlug) ?? this.#bySlug.get(idOrSlug);
  }

  /** The Space, active or not; throws `not-found`. */
  async record(idOrSlug: string): Promise<SpaceRecord> {
    const record = this.find(idOrSlug)?.record ?? (await this.#options.store.spaces.get(idOrSlug));
    if (!record) throw notFound(`The Space "${idOrSlug}"`);
    return record;
  }

  /** The Space that is open or scheduled; throws `not-found`, or `space-ended` or `space-cancelled` when it is over. */
  async need(idOrSlug: string): Promise<ActiveSpace> {
    const active = this.find(idOrSlug);
    const record = active?.record ?? (await this.record(idOrSlug));
    const life = active?.life ?? lifeOf(record, this.now().timeline);
    if (isOver(life)) throw spaceOver(life);
    return active ?? this.#take(record);
  }

  /** Makes a Space; its lobby opens at once when it is due. `undefined` when the slug is taken. */
  async create(space: NewSpace): Promise<ActiveSpace | undefined> {
    if (this.#spaces.size >= maxActiveSpaces) throw tooManySpaces();
    const created = await this.#options.store.spaces.create(space, "created");
    if (!created.ok) return undefined;
    const active = await this.#take(created.space);
    await this.change(active, (now) =>
      active.life.kind === "scheduled" && lobbyIsDue(active.life, now) ? { steps: [openLobby(active.life, now)] } : {},
    );
    return active;
  }

  /** Changes a Space by hand: `plan` is asked when its turn has come. What the store refuses is not done. */
  change(space: ActiveSpace, plan: (now: Moment) => Plan): Promise<void> {
    return this.#enqueue(space, plan, true);
  }

  /** Changes what is said about a Space, whether or not it is over. */
  async describe(idOrSlug: string, patch: SpacePatch): Promise<SpaceRecord> {
    const active = this.find(idOrSlug);
    if (active) {
      await this.change(active, () => ({ patch }));
      return active.record;
    }
    const record = await this.#update(await this.record(idOrSlug), { patch });
    this.#tellOrigin(record);
    return record;
  }

  /**
   * Ends the Space where it still goes on, and removes all there is of it, from the store last: what was cut off before can
   * be removed again. Throws `origin-away`.
   */
  async remove(id: string): Promise<void> {
    const space = this.#spaces.get(id);
    this.#leaving.add(id);
    try {
      if (space && !isOver(space.life)) {
        const over = space.life.kind === "scheduled" ? cancel : end;
        await this.change(space, (now) => ({ steps: [over(space.life, now, "removed")] }));
      }
      if (space) this.#letGo(space);
      this.timelines.dropAnyhow(id);
      await this.timelines.settled(id);
      await this.#options.store.spaces.remove(id);
    } finally {
      this.#leaving.delete(id);
    }
  }

  /** Keeps the level of service that is asked for, and tells the origin. What the store refuses is not done. */
  async askLevel(space: ActiveSpace, level: ServiceLevel): Promise<void> {
    space.asked = await this.#askedLevels.save(space.id, level, Math.round(this.now().wall));
    this.publish(space);
  }

  /** Changes who is in the room, or what they may, at once. */
  act<T>(space: ActiveSpace, action: (room: Room, now: EpochMs) => T): T {
    const before = space.room.revision;
    const result = action(space.room, this.now().timeline);
    if (space.room.revision !== before) this.#roomChanged(space);
    return result;
  }

  /** Moves every life on that is due. */
  tick(): void {
    const now = this.now();
    for (const space of this.#spaces.values()) {
      this.act(space, (room) => room.tick(now.timeline));
      this.#tellStatus(space, now);
      if (space.pending > 0) continue;
      if ((space.unsaved.length > 0 && now.wall >= space.saveAgainAt) || automaticPlan(space, now)) {
        void this.#enqueue(space, (then) => automaticPlan(space, then) ?? {}, false);
      }
      if (isOver(space.life)) this.#retire(space, now);
    }
  }

  /** The origin or the stage tells something of a Space that is not looked after: brings both to the same state. */
  async settle(id: string, told: { readonly status: string; readonly replay: boolean }): Promise<void> {
    if (this.#spaces.has(id) || this.#leaving.has(id)) return;
    const record = await this.#options.store.spaces.get(id);
    if (!record) return;
    const life = lifeOf(record, this.now().timeline);
    if (!isOver(life) || (life.kind === "ended" && told.replay)) await this.#take(record);
    else if (told.status !== "ended" && told.status !== "cancelled") this.#tellOrigin(record);
  }

  /** The stage names a Space of its own accord: one that must not be there (any more) is dropped, whoever put it there. */
  stageHas(id: string): void {
    if (this.#spaces.get(id)?.stageSpec() === undefined) this.stages.dropAnyhow(id);
  }

  /** Tells origin and stage what follows from the Space as it is now. */
  publish(space: ActiveSpace): void {
    this.timelines.want(space.id, space.timelineSpec(this.now()));
    const spec = space.stageSpec();
    if (spec) this.stages.want(space.id, spec);
    else this.stages.drop(space.id);
  }

  /** Tells the origin of a Space that is over, once. */
  #tellOrigin(record: SpaceRecord): void {
    this.timelines.want(record.id, timelineOf(record, lifeOf(record, this.now().timeline)));
    this.#forgetTimeline(record.id);
  }

  #forgetTimeline(id: string): void {
    const forget = (): void => {
      if (!this.#spaces.has(id)) this.timelines.forget(id);
    };
    void this.timelines.settled(id, lookAfterMs).then(forget, forget);
  }

  async #take(record: SpaceRecord): Promise<ActiveSpace> {
    const memory = await this.#keeper.load(record.id);
    const asked = await this.#askedLevels.load(record.id);
    const known = this.#spaces.get(record.id);
    if (known) return known;
    const space = new ActiveSpace(record, memory, this.now());
    space.asked = asked;
    space.stageKnown = this.#stageKnown;
    this.#spaces.set(space.id, space);
    this.#bySlug.set(record.slug, space);
    this.publish(space);
    return space;
  }

  #retire(space: ActiveSpace, now: Moment): void {
    const { life } = space;
    if (life.kind === "ended" && life.liveFrom !== null && timelineOf(space.record, life).archive) {
      if (now.timeline - life.endedAt < lookAfterMs) return;
    }
    if (space.unsaved.length > 0) return;
    this.#letGo(space);
    this.#forgetTimeline(space.id);
  }

  #letGo(space: ActiveSpace): void {
    this.#spaces.delete(space.id);
    this.#bySlug.delete(space.record.slug);
    this.#keeper.forget(space.id);
  }

  /** What was decided for a minute ahead becomes true by itself. */
  #tellStatus(space: ActiveSpace, now: Moment): void {
    const status = space.status(now);
    if (status === space.toldStatus) return;
    space.toldStatus = status;
    for (const one of this.#watchers) one.roomChanged(space);
  }

  #roomChanged(space: ActiveSpace): void {
    space.emptyFor(this.now());
    // The sockets of a Space close after it was retired; what it leaves behind then would never be forgotten again.
    if (this.#spaces.get(space.id) === space) {
      this.#keeper.save(space, this.now().wall);
      this.publish(space);
    }
    for (const one of this.#watchers) one.roomChanged(space);
  }

  #enqueue(space: ActiveSpace, plan: (now: Moment) => Plan, byHand: boolean): Promise<void> {
    space.pending++;
    const run = async (): Promise<void> => {
      try {
        await this.#carryOut(space, plan(this.now()), byHand);
      } catch (failure) {
        if (byHand) throw failure;
        this.#options.log.warn("life-not-moved", { space: space.id, reason: reason(failure) });
      } finally {
        space.pending--;
      }
    };
    const done = space.queue.then(run, run);
    space.queue = done.catch(() => {});
    return done;
  }

  async #carryOut(space: ActiveSpace, plan: Plan, byHand: boolean): Promise<void> {
    const writes: Unsaved[] = (plan.steps ?? []).map(({ life, change }) => ({
      patch: recordOf(life),
      change: { at: change.at, why: change.why },
    }));
    const rest = { ...plan.patch, ...(plan.life ? recordOf(plan.life) : {}) };
    if (Object.keys(rest).length > 0) writes.push({ patch: rest });
    if (writes.length === 0 && space.unsaved.length === 0) return;
    await this.#write(space, writes, byHand);
    space.life = plan.life ?? plan.steps?.at(-1)?.life ?? space.life;
    for (const { change } of plan.steps ?? []) {
      this.#changes.add(1, { to: change.to });
      this.#options.log.info("space-changed", { space: space.id, ...change });
    }
    this.#roomChanged(space);
  }

  /** Store first. When it cannot take a change that time has made, the show goes on and the write is made up for. */
  async #write(space: ActiveSpace, writes: readonly Unsaved[], byHand: boolean): Promise<void> {
    const todo = [...space.unsaved, ...writes];
    try {
      while (todo[0]) {
        space.record = await this.#update(space.record, todo[0]);
        todo.shift();
        space.unsaved = space.unsaved.slice(1);
      }
    } catch (failure) {
      if (byHand) throw failure;
      this.#options.log.error("space-not-saved", { space: space.id, reason: reason(failure) });
      this.#givenUp.add(Math.max(0, todo.length - maxUnsaved));
      space.unsaved = todo.slice(-maxUnsaved);
      space.saveAgainAt = this.now().wall + saveAgainMs;
      space.record = { ...space.record, ...Object.assign({}, ...todo.map((one) => one.patch)) };
    }
  }

  async #update(record: SpaceRecord, write: Unsaved): Promise<SpaceRecord> {
    const { spaces } = this.#options.store;
    let answer = await spaces.update(record.id, record.revision, write.patch, write.change);
    if (!answer.ok && answer.why === "revision") {
      answer = await spaces.update(record.id, answer.space.revision, write.patch, write.change);
    }
    if (answer.ok) return answer.space;
    throw notFound(`The Space "${record.id}"`);
  }
}

const tooManySpaces = (): Problem =>
  new Problem({
    status: 409,
    code: "too-many-spaces",
    title: "There are too many open Spaces",
    detail: `${maxActiveSpaces} Spaces are scheduled or open already.`,
    action: "End or cancel some first.",
  });
