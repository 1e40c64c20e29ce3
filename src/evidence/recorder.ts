import {
  type BeginBody,
  type Columns,
  type CountName,
  countNames,
  type EndBody,
  type EvidenceBody,
  type GaugeName,
  gaugeNames,
  type Resources,
  type SpaceBody,
  windowSeconds,
} from "../wire/evidence.ts";
import type { SourceCounter } from "./sources.ts";

/** How many changes of Spaces are written down in one window; those over it are left out, and counted. */
export const maxChanges = 200;
/** How many Spaces' listeners are told in one window, the largest. */
export const maxSpacesTold = 100;

/** What an edge tells of itself now. Counts only grow. */
export interface Reading {
  readonly counts: Readonly<Record<CountName, number>>;
  readonly gauges: Readonly<Record<Exclude<GaugeName, "took">, number>>;
  readonly level: number;
  /** What brought it there. */
  readonly cause: string;
  readonly origin: boolean;
  /** Listeners by Space; asked for once a window. */
  readonly spaces: () => ReadonlyMap<string, number>;
}

export interface RecorderOptions {
  readonly append: (body: EvidenceBody) => Promise<void>;
  readonly read: () => Reading;
  readonly sources: SourceCounter;
  readonly resources: () => Promise<Resources>;
  /** Milliseconds since 1970, and monotonic ones. */
  readonly now: () => number;
  readonly monotonic?: () => number;
}

type Writable<Name extends string> = Record<Name, number[]>;
const columns = <Name extends string>(names: readonly Name[]): Writable<Name> =>
  Object.fromEntries(names.map((name) => [name, []])) as unknown as Writable<Name>;

/** Turns an edge's counters into records: one value each second, one record every ten. To be told each second that it has passed. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #monotonic: () => number;
  #before: Reading["counts"];
  #counts = columns(countNames);
  #gauges = columns(gaugeNames);
  #from: number;
  #at: number;
  #level: number;
  #changes = 0;
  readonly #spaces = new Map<string, string>();
  /** Changes of Spaces that were left out. */
  overflow = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    const { counts, level } = options.read();
    this.#before = counts;
    this.#level = level;
    this.#from = Math.round(options.now());
    this.#at = this.#monotonic();
    // Whoever asks before the first second is over is in it.
    options.sources.take(this.#at);
  }

  async begin(body: Omit<BeginBody, "t">): Promise<void> {
    await this.#options.append({ t: "begin", ...body });
  }

  /** A second has passed, about. Resolves when what there was to write is written. */
  async second(): Promise<void> {
    const { read, now, sources } = this.#options;
    const at = this.#monotonic();
    const reading = read();
    for (const name of countNames) this.#counts[name].push(reading.counts[name] - this.#before[name]);
    const { took: _, ...gauges } = this.#gauges;
    for (const name of Object.keys(gauges) as (keyof typeof gauges)[]) gauges[name].push(reading.gauges[name]);
    this.#gauges.took.push(Math.round(at - this.#at));
    this.#before = reading.counts;
    this.#at = at;
    sources.second();
    if (reading.level !== this.#level) {
      this.#level = reading.level;
      void this.#options.append({ t: "level", level: reading.level, cause: reading.cause });
    }
    const length = windowSeconds * 1000;
    const isOver = Math.floor((now() + 500) / length) > Math.floor((this.#from + 500) / length);
    // However long the clock stands still, a record does not grow without end.
    if (isOver || this.#gauges.took.length >= 2 * windowSeconds) await this.#window(reading);
  }

  /** Something has become of a Space; what is the same as before is not written again. */
  space(body: Omit<SpaceBody, "t">): void {
    const text = JSON.stringify(body);
    if (this.#spaces.get(body.id) === text) return;
    if (this.#changes >= maxChanges) {
      this.overflow++;
      return;
    }
    this.#changes++;
    this.#spaces.set(body.id, text);
    void this.#options.append({ t: "space", ...body });
  }

  /** A Space is gone. */
  forget(id: string): void {
    this.#spaces.delete(id);
  }

  /** The process ends in order: what there is of the window is written. */
  async end(why: EndBody["why"]): Promise<void> {
    if (this.#gauges.took.length > 0) await this.#window(this.#options.read());
    await this.#options.append({ t: "end", why });
  }

  async #window({ level, origin, spaces }: Reading): Promise<void> {
    const { now, sources, append } = this.#options;
    const from = this.#from;
    const [counts, gauges] = [withoutZeros(this.#counts), withoutZeros(this.#gauges)];
    const seen = sources.take(this.#at);
    this.#counts = columns(countNames);
    this.#gauges = columns(gaugeNames);
    this.#from = Math.round(now());
    this.#changes = 0;
    const largest = [...spaces()].toSorted((one, other) => other[1] - one[1]).slice(0, maxSpacesTold);
    const resources = await this.#options.resources();
    await append({
      t: "window",
      from,
      counts,
      gauges,
      sources: seen,
      resources,
      spaces: Object.fromEntries(largest),
      level,
      origin,
    });
  }
}

function withoutZeros<Name extends string>(all: Writable<Name>): Columns<Name> {
  const some = (Object.entries(all) as [Name, number[]][]).filter(([, values]) => values.some((value) => value !== 0));
  return Object.fromEntries(some) as unknown as Columns<Name>;
}
