import { gzipSync } from "node:zlib";
import type { Log } from "../foundation/log.ts";
import type { RenditionName } from "../wire/rendition.ts";
import type { LiveState, ServiceLevel } from "../wire/state.ts";
import type { FeedLine, LineLine } from "../wire/timelines.ts";

/** How many Spaces an edge knows at most; more are left out, and counted. */
export const maxSpaces = 50_000;
/** Milliseconds for which one rendering of a state is given to everybody. */
const renderedMs = 40;

/** `state.json` as bytes, plain and compressed. */
export interface RenderedState {
  readonly plain: Buffer;
  readonly gzip: Buffer;
}

/** One Space as this edge knows it. */
export class SpaceEntry {
  #state: LiveState;
  #inits = new Map<RenditionName, Buffer>();
  #rendered: (RenderedState & { readonly at: number; readonly push: string; readonly level: number }) | undefined;
  /** False from a reconnection on until the feed names it again. */
  confirmed = true;
  /** Under which its listeners are told apart; `undefined` until the feed tells it. base64. */
  salt: string | undefined;
  /** How its line stands; `undefined` until the feed tells it. */
  line: LineLine | undefined;

  constructor(state: LiveState) {
    this.#state = state;
  }

  get state(): LiveState {
    return this.#state;
  }

  set state(state: LiveState) {
    if (state.renditions !== this.#state.renditions) this.#inits = new Map();
    this.#state = state;
    this.#rendered = undefined;
  }

  /** True when no segment follows the latest. */
  get over(): boolean {
    return this.#state.status === "ended" || this.#state.status === "cancelled";
  }

  /** The init segment of a rendition; `undefined` when the Space has no such rendition (yet). */
  init(rendition: RenditionName): Buffer | undefined {
    const kept = this.#inits.get(rendition);
    if (kept) return kept;
    const coded = this.#state.renditions.find(({ name }) => name === rendition)?.init;
    if (!coded) return undefined;
    const bytes = Buffer.from(coded, "base64");
    this.#inits.set(rendition, bytes);
    return bytes;
  }

  /** The state as it is now, with how this edge pushes and at what level it is; made anew at most every 40 ms. */
  render(now: number, push: LiveState["push"], level: ServiceLevel = this.#state.level): RenderedState {
    const kept = this.#rendered;
    if (kept && kept.push === push && kept.level === level && Math.abs(now - kept.at) < renderedMs) return kept;
    const plain = Buffer.from(JSON.stringify({ ...this.#state, push, level, now: Math.round(now) }));
    this.#rendered = { plain, gzip: gzipSync(plain, { level: 6 }), at: now, push, level };
    return this.#rendered;
  }
}

export interface DirectoryOptions {
  readonly log: Log;
  /** Called after each change of a Space, and once more when it is gone. */
  readonly onChange?: (entry: SpaceEntry) => void;
  /** Told each line once it is applied, as it came out: for edges that follow this one. */
  readonly onLine?: (line: FeedLine) => void;
  /** @default maxSpaces */
  readonly maxSpaces?: number;
}

/**
 * All Spaces, as the origin's feed tells them. While the origin is away it keeps what it has; when the feed is back, what
 * it does not name any more goes.
 */
export class Directory {
  readonly #options: DirectoryOptions;
  readonly #byId = new Map<string, SpaceEntry>();
  readonly #bySlug = new Map<string, SpaceEntry>();
  /** Spaces left out because there are too many. */
  refused = 0;
  /** Whether the feed is connected and has told everything. */
  synced = false;
  /** Whether it has told everything once. */
  knows = false;

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** A Space by its id or its slug. */
  find(name: string): SpaceEntry | undefined {
    return this.#byId.get(name) ?? this.#bySlug.get(name);
  }

  /** All that it knows. */
  entries(): SpaceEntry[] {
    return [...this.#byId.values()];
  }

  /** The feed's connection came or went. */
  connection(connected: boolean): void {
    this.synced = false;
    if (connected) for (const entry of this.#byId.values()) entry.confirmed = false;
    this.#options.log.info(connected ? "origin-connected" : "origin-away", { spaces: this.size });
  }

  apply(line: FeedLine): void {
    switch (line.t) {
      case "state":
        return this.#put(line.state);
      case "latest": {
        const entry = this.#byId.get(line.id);
        if (!entry) return;
        // Another source may be a moment behind the last one.
        if (line.latest < (entry.state.latest ?? -1)) return;
        entry.state = { ...entry.state, latest: line.latest, first: line.first, hold: line.hold };
        this.#options.onChange?.(entry);
        return this.#options.onLine?.(line);
      }
      case "gone":
        return this.#drop(line.id);
      case "synced":
        for (const [id, entry] of this.#byId) if (!entry.confirmed) this.#drop(id);
        this.synced = true;
        this.knows = true;
        return;
      case "salt": {
        const entry = this.#byId.get(line.id);
        if (!entry) return;
        entry.salt = line.salt;
        return this.#options.onLine?.(line);
      }
      case "line": {
        const entry = this.#byId.get(line.id);
        if (!entry) return;
        entry.line = line;
        return this.#options.onLine?.(line);
      }
      case "tick":
        return this.#options.onLine?.(line);
      case "path":
        return;
    }
  }

  #put(state: LiveState): void {
    const known = this.#byId.get(state.id);
    if (known) {
      if (known.state.slug !== state.slug) this.#bySlug.delete(known.state.slug);
      known.state = notBehind(state, known.state);
      known.confirmed = true;
      this.#bySlug.set(state.slug, known);
      this.#changed(known);
      return;
    }
    if (this.#byId.size >= (this.#options.maxSpaces ?? maxSpaces)) {
      this.refused++;
      return;
    }
    const entry = new SpaceEntry(state);
    this.#byId.set(state.id, entry);
    this.#bySlug.set(state.slug, entry);
    this.#changed(entry);
  }

  #changed(entry: SpaceEntry): void {
    this.#options.onChange?.(entry);
    this.#options.onLine?.({ t: "state", state: entry.state });
  }

  #drop(id: string): void {
    const entry = this.#byId.get(id);
    if (!entry) return;
    this.#byId.delete(id);
    if (this.#bySlug.get(entry.state.slug) === entry) this.#bySlug.delete(entry.state.slug);
    this.#options.onChange?.(entry);
    this.#options.onLine?.({ t: "gone", id });
  }
}

/** A state whose segments are not behind those that are known: on one timeline the latest only grows. */
function notBehind(state: LiveState, known: LiveState): LiveState {
  if (state.epochMs !== known.epochMs || state.latest === null || known.latest === null) return state;
  return state.latest >= known.latest ? state : { ...state, latest: known.latest, first: known.first };
}
