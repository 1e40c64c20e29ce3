import type { Audience as AudienceTold, AudienceReport } from "../wire/timelines.ts";
import type { Audience } from "./audience.ts";
import type { Beacons } from "./beacons.ts";
import { alwaysOpen, type Levels, levelsTold } from "./service-level.ts";
import type { Door } from "./door.ts";

/** An edge below that has not told its counts for so long counts no more, ms. */
export const belowExpiresMs = 5000;
/** How many edges one edge sums up; more are left out. */
export const maxEdgesBelow = 256;
/** How many URLs one report carries. */
const maxUrls = 64;
/** An edge without a limit tells this many seats: more than come in a second. */
const manySeats = 1_000_000;

export interface AudienceReporterOptions {
  /** What this edge is called in its reports. */
  readonly name: string;
  readonly audience: Audience;
  readonly beacons: Beacons;
  /** @default nobody stands in line */
  readonly door?: Door | undefined;
  /** How many more this edge can seat within the next second. @default as many as come */
  readonly seats?: (() => number) | undefined;
  /** Listeners on endless responses, by Space. */
  readonly streams: () => ReadonlyMap<string, number>;
  /** Its own level of service. @default alwaysOpen */
  readonly levels?: Pick<Levels, "own" | "cause"> | undefined;
  /** Base URLs under which players reach this edge. @default [] */
  readonly urls?: readonly string[] | undefined;
  /** Milliseconds that only grow. @default performance.now */
  readonly now?: () => number;
}

/** What an edge tells upward every second: its own counts and those of the edges below it, as one. */
export class AudienceReporter {
  readonly #options: AudienceReporterOptions;
  readonly #now: () => number;
  readonly #below = new Map<string, { readonly at: number; readonly report: AudienceTold }>();
  /** Reports left out because there are too many edges below. */
  overflow = 0;

  constructor(options: AudienceReporterOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Edges below that have told their counts lately. */
  get below(): number {
    return this.#below.size;
  }

  /** Takes the report of an edge below in place of its last; false when there are too many. Throws `bad-sketch`. */
  take(report: AudienceTold): boolean {
    if (!this.#below.has(report.edge) && this.#below.size >= maxEdgesBelow) {
      this.#expire();
      if (this.#below.size >= maxEdgesBelow) {
        this.overflow++;
        return false;
      }
    }
    const { audience, beacons, door } = this.#options;
    if (report.line) door?.below(report.line);
    for (const [space, sketch] of Object.entries(report.uniques)) audience.uniques.merge(space, sketch);
    for (const [space, counts] of Object.entries(report.beacons)) beacons.add(space, counts);
    this.#below.set(report.edge, { at: this.#now(), report });
    return true;
  }

  /** The next report. What it has of sketches and beacons is told with it, unless `lost` says that it did not arrive. */
  next(): AudienceReport {
    const {
      name,
      audience,
      beacons,
      streams,
      levels = alwaysOpen,
      door,
      seats = () => manySeats,
      urls = [],
    } = this.#options;
    this.#expire();
    const numbered = audience.numbered();
    const listeners = new Map<string, number>();
    const reached = new Set(urls);
    let free = seats();
    addTo(listeners, streams());
    addTo(listeners, numbered);
    for (const { report } of this.#below.values()) {
      addTo(listeners, Object.entries(report.listeners));
      addTo(numbered, Object.entries(report.numbered));
      for (const url of report.urls) reached.add(url);
      free += report.seats ?? manySeats;
    }
    return {
      edge: name,
      listeners: Object.fromEntries(listeners),
      numbered: Object.fromEntries(numbered),
      uniques: audience.uniques.take(),
      beacons: beacons.take(),
      urls: [...reached].slice(0, maxUrls),
      level: levelsTold(
        levels,
        [...this.#below.values()].map(({ report }) => report),
      ),
      ...(door && { line: door.take() }),
      seats: Math.max(0, Math.min(Math.floor(free), manySeats)),
    };
  }

  /** A report did not arrive. Its sketches and its places come again; its beacons are of a moment that has passed. */
  lost({ uniques = {}, line }: AudienceReport): void {
    if (line) this.#options.door?.lost(line);
    this.#options.audience.uniques.again(Object.keys(uniques));
  }

  /** Whoever hears the reports may be another now, or has forgotten: all sketches come again. */
  again(): void {
    this.#options.audience.uniques.again();
  }

  #expire(): void {
    const since = this.#now() - belowExpiresMs;
    for (const [edge, { at }] of this.#below) if (at < since) this.#below.delete(edge);
  }
}

function addTo(sum: Map<string, number>, counts: Iterable<readonly [string, number]>): void {
  for (const [space, count] of counts) sum.set(space, (sum.get(space) ?? 0) + count);
}
