import type { Clock } from "../foundation/clock.ts";
import { ms, seconds } from "../foundation/duration.ts";
import { reason } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import type { Meter } from "../foundation/meter.ts";
import type { Scope } from "../foundation/scope.ts";
import type { LevelCause } from "../wire/levels.ts";
import type { Audience, TimelineSpec } from "../wire/timelines.ts";
import type { ArchiveShelf } from "./archive.ts";
import { type AudienceCounts, AudienceSum, countEveryMs } from "./audience.ts";
import type { AudienceShelf } from "./audience-shelf.ts";
import { audienceKeptEveryMs, Audiences } from "./audiences.ts";
import { Clockwork } from "./clockwork.ts";
import { Feed } from "./feed.ts";
import type { HoldAudio } from "./hold.ts";
import { LiveTexts } from "./live-text.ts";
import { type Lines, linesKeptEveryMs, noLines } from "./lines.ts";
import { type OriginMetrics, originMetrics } from "./metrics.ts";
import { tooManySpaces, unknownTimeline } from "./problems.ts";
import type { Register } from "./register.ts";
import { ReplayShelf } from "./replay.ts";
import { Space, type SpaceOptions } from "./space.ts";
import { noAudience } from "./space-audience.ts";
import { noEdges, ToldEdges } from "./told-edges.ts";
import { WholeLevel } from "./whole-level.ts";

export interface OriginOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** Ends everything. */
  readonly scope: Scope;
  readonly hold: HoldAudio;
  readonly register: Register;
  readonly shelf: ArchiveShelf;
  readonly audiences: AudienceShelf;
  /** @default noLines */
  readonly lines?: Lines;
  /** Base URLs of edges that players are told of besides those that report. @default [] */
  readonly edgeUrls?: readonly string[];
}

/** How many Spaces, past and to come, one origin keeps; the next one is refused. */
export const maxSpaces = 50_000;

/** All Spaces of this origin. */
export class Origin {
  readonly feed: Feed;
  readonly metrics: OriginMetrics;
  readonly replays: ReplayShelf;
  readonly texts = new LiveTexts();
  readonly #spaceOptions: SpaceOptions;
  readonly #spaces = new Map<string, Space>();
  readonly #bySlug = new Map<string, Space>();
  readonly #opening = new Map<string, Promise<Space>>();
  readonly #sum = new AudienceSum();
  readonly #audiences: Audiences;
  readonly #lines: Lines;
  readonly #edges: ToldEdges;
  readonly #clockwork: Clockwork;
  /** The level of service of all edges together. */
  readonly level: WholeLevel;
  /** With which its metric was told last. */
  #toldCause: LevelCause = "calm";

  private constructor(options: OriginOptions, audiences: Audiences) {
    const { clock, log, meter, scope, hold, register, shelf } = options;
    this.metrics = originMetrics(meter);
    this.level = new WholeLevel(clock.now());
    this.#audiences = audiences;
    this.#lines = options.lines ?? noLines;
    this.#edges = new ToldEdges(options.edgeUrls);
    this.feed = new Feed(
      clock,
      this.metrics.feedReaders,
      (space) => audiences.get(space)?.salt,
      (space) => this.#lines.facts(space),
    );
    this.replays = new ReplayShelf({ shelf, hold, scope });
    this.#clockwork = new Clockwork({ clock, log, scope });
    this.#spaceOptions = {
      clock,
      log,
      hold,
      register,
      shelf,
      metrics: this.metrics,
      on: {
        // A Space that is not known yet is told of when it is; one that is removed is not told of again.
        changed: (space) => this.#spaces.get(space.id) === space && this.#changed(space),
        segment: (space) => {
          this.feed.segment(space);
          this.texts.segment(space);
        },
        rescheduled: (space) => this.#clockwork.arm(space),
      },
    };
    meter.onCollect(() => {
      const { level, cause } = this.level.told;
      if (cause !== this.#toldCause) this.metrics.level.remove({ cause: this.#toldCause });
      this.#toldCause = cause;
      this.metrics.level.set(level, { cause });
      for (const kind of ["running", "other"] as const) {
        const count = [...this.#spaces.values()].filter((one) => (one.journal ? "running" : "other") === kind).length;
        this.metrics.timelines.set(count, { kind });
      }
    });
  }

  /** Opens every Space that was kept; their timelines run when this resolves. */
  static async open(options: OriginOptions): Promise<Origin> {
    const { clock, log, scope } = options;
    const audiences = await Audiences.load({
      shelf: options.audiences,
      log,
      now: () => clock.now(),
      onSalt: (id) => {
        const space = origin.#spaces.get(id);
        if (space) origin.feed.salted(space);
      },
    });
    const origin: Origin = new Origin(options, audiences);
    for (const record of await options.register.load()) {
      try {
        origin.#add(await Space.open(origin.#spaceOptions, record));
      } catch (failure) {
        log.error("space-not-opened", { space: record.spec.id, reason: reason(failure) });
      }
    }
    scope.every(seconds(1), () => {
      origin.feed.tick();
      origin.#callNext();
    });
    scope.every(ms(linesKeptEveryMs), () => void origin.#lines.keep());
    scope.every(ms(countEveryMs), () => origin.#count());
    scope.every(ms(audienceKeptEveryMs), () => void audiences.keep());
    scope.onEnd(async () => {
      await Promise.all([audiences.keep(), origin.#lines.keep()]);
      await Promise.all([...origin.#spaces.values()].map((space) => space.close()));
    });
    return origin;
  }

  /** A Space by its id or its slug. */
  find(name: string): Space | undefined {
    return this.#spaces.get(name) ?? this.#bySlug.get(name);
  }

  /** A Space by its id; throws `unknown-timeline`. */
  need(id: string): Space {
    const space = this.#spaces.get(id);
    if (!space) throw unknownTimeline(id);
    return space;
  }

  spaces(): Iterable<Space> {
    return this.#spaces.values();
  }

  /** What control says of a Space, known or new. */
  async put(spec: TimelineSpec): Promise<void> {
    const space = this.#spaces.get(spec.id) ?? (await this.#open(spec));
    const before = space.spec.slug;
    await space.configure(spec).finally(() => {
      if (before !== space.spec.slug) this.#bySlug.delete(before);
      this.#bySlug.set(space.spec.slug, space);
    });
  }

  /** Forgets a Space with all that it has published; one that is not known is forgotten already. */
  async remove(id: string): Promise<void> {
    const space = this.#spaces.get(id);
    if (!space) return;
    this.#spaces.delete(id);
    this.#bySlug.delete(space.spec.slug);
    this.#clockwork.forget(space);
    this.#audiences.close(id);
    this.#lines.close(id);
    void this.replays.forget(id);
    this.feed.gone(space);
    await space.remove();
  }

  /** What an edge counts. Throws `bad-sketch`. */
  report(report: Audience): void {
    if (!this.#sum.report(report)) return this.metrics.edgesOverflow.add();
    this.#edges.report(report.urls);
    if (report.line) this.#lines.report(report.line);
    for (const [id, sketch] of Object.entries(report.uniques)) this.#audiences.get(id)?.merge(sketch);
  }

  /** Two requests for one new Space open it once. */
  async #open(spec: TimelineSpec): Promise<Space> {
    let opening = this.#opening.get(spec.id);
    if (!opening) {
      if (this.#spaces.size + this.#opening.size >= maxSpaces) throw tooManySpaces(maxSpaces);
      opening = Space.open(this.#spaceOptions, Space.newRecord(spec)).then((space) => this.#add(space));
      this.#opening.set(spec.id, opening);
    }
    try {
      return await opening;
    } finally {
      this.#opening.delete(spec.id);
    }
  }

  #add(space: Space): Space {
    this.#spaces.set(space.id, space);
    this.#bySlug.set(space.spec.slug, space);
    this.#clockwork.arm(space);
    this.#changed(space);
    // What was counted before a restart is told at once.
    this.#tell(space, noAudience, this.#edges.list());
    return space;
  }

  /** While a timeline runs its audience is counted. */
  #changed(space: Space): void {
    if (space.journal) {
      this.#audiences.open(space.id);
      this.#lines.open(space.id, space.spec.startAt);
    } else if (space.record.finished) {
      this.#audiences.close(space.id);
      this.#lines.close(space.id);
    }
    this.feed.changed(space);
  }

  #callNext(): void {
    const seats = this.#sum.latest().reduce((sum, report) => sum + (report.seats ?? Infinity), 0);
    for (const id of this.#lines.call(seats)) this.feed.lineMoved(id);
  }

  #count(): void {
    const sums = this.#sum.sums();
    const edges = this.#edges.list();
    this.#audiences.renewSalts();
    this.#findLevel();
    for (const space of this.#spaces.values()) this.#tell(space, sums.get(space.id) ?? noAudience, edges);
  }

  #findLevel(): void {
    const { clock, log } = this.#spaceOptions;
    const before = this.level.update(this.#sum.latest(), clock.now());
    if (!before) return;
    const { level, cause } = this.level.told;
    this.metrics.levelChanges.add(1, { cause: level > before.level ? cause : "calm" });
    log[level > before.level ? "warn" : "info"]("service-level", {
      level,
      before: before.level,
      cause,
      edges: this.level.edges,
    });
  }

  #tell(space: Space, counts: AudienceCounts, edges: readonly string[]): void {
    const audience = this.#audiences.get(space.id);
    const { level } = this.level.told;
    if (audience) space.count(audience.figures(counts, performance.now(), space.level > 0), edges, level);
    else space.count({ listeners: counts.listeners, heard: space.record.heard, beacon: 1 }, noEdges, level);
  }
}
