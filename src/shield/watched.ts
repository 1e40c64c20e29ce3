import { SpaceSaving } from "../sketch/space-saving.ts";
import type { Subject } from "./subject.ts";

/** How many connections are watched at once; what comes above it is let in unwatched, and counted. */
export const maxWatched = 32_768;
/** In so many looks, a second apart, bytes must have gone to a connection that behaves: segments, one after the other. */
export const looksToBehave = 3;
/** Connections of one address that have said nothing for a second, and those that were answered and are idle. */
export const maxSilent = 256;
export const maxIdle = 2048;
/** A connection that did nothing of note in so long is not watched any more, ms. */
const watchedForMs = 60_000;
/** It is idle when nothing has gone to it for so many looks. */
const looksToIdle = 4;

/** What is seen of a connection from outside; a `net.Socket` is one. */
export interface Connection {
  readonly destroyed: boolean;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  destroy(): unknown;
}

/** What has become of a connection. */
export type Fate = "behaved" | "brief" | "left" | "spare";

export interface WatchedOptions {
  /** Told once of each connection of which there is something to tell. */
  readonly became: (subject: Subject, fate: Fate) => void;
  /** Whether more than the caps are spared to an address because so many have behaved. */
  readonly credit: (subject: Subject) => number;
  /** @default maxWatched */
  readonly most?: number | undefined;
}

/**
 * New connections, looked at once a second until it is known what they are: nothing hears their events, so that they cost
 * who listens nothing later. The oldest come first. All memory is taken at the beginning, and touched when it is needed.
 */
export class Watched {
  readonly #options: WatchedOptions;
  readonly #connections: (Connection | undefined)[];
  readonly #addresses: Float64Array;
  readonly #prefixes: Float64Array;
  /** When each came, ms since the first look. */
  readonly #came: Uint32Array;
  /** How many bytes had gone to each at the last look, modulo 2^32. */
  readonly #bytes: Uint32Array;
  /** In how many looks bytes had gone, and for how many none have. */
  readonly #moved: Uint8Array;
  readonly #still: Uint8Array;
  /** How many idle ones each address has, in the look under way; silent ones for themselves. */
  readonly #idle = new SpaceSaving({ sets: 512, ways: 8 });
  readonly #most: number;
  readonly #start: number;
  size = 0;
  /** Connections let in unwatched. */
  overflow = 0;
  /** Connections closed because their address had too many that did nothing. */
  idleCloses = 0;

  /** @param now monotonic, ms */
  constructor(options: WatchedOptions, now: number) {
    const most = options.most ?? maxWatched;
    this.#options = options;
    this.#most = most;
    this.#start = now;
    this.#connections = Array.from({ length: most });
    this.#addresses = new Float64Array(most);
    this.#prefixes = new Float64Array(most);
    this.#came = new Uint32Array(most);
    this.#bytes = new Uint32Array(most);
    this.#moved = new Uint8Array(most);
    this.#still = new Uint8Array(most);
  }

  get byteLength(): number {
    const arrays = [this.#addresses, this.#prefixes, this.#came, this.#bytes, this.#moved, this.#still];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, this.#idle.byteLength + 8 * this.#most);
  }

  add(connection: Connection, { address, prefix }: Subject, now: number): void {
    const at = this.size;
    if (at >= this.#most) return void this.overflow++;
    this.size++;
    this.#connections[at] = connection;
    this.#addresses[at] = address;
    this.#prefixes[at] = prefix;
    this.#came[at] = now - this.#start;
    this.#bytes[at] = this.#moved[at] = this.#still[at] = 0;
  }

  /** Looks at all of them. To be called about once a second. */
  look(now: number): void {
    let [kept, idle] = [0, 0];
    for (let at = 0; at < this.size; at++) {
      const fate = this.#look(at, now);
      if (fate === "watched") this.#move(at, kept++);
      else if (fate !== undefined) this.#options.became(this.#subject(at), fate);
    }
    this.#connections.fill(undefined, kept, this.size);
    this.size = kept;
    for (let at = 0; at < kept; at++) if (this.#isIdle(at, now)) idle++;
    if (idle > maxSilent) this.#makeRoom(now);
  }

  #look(at: number, now: number): Fate | "watched" | undefined {
    const connection = this.#connections[at];
    if (!connection) return undefined;
    const written = connection.bytesWritten >>> 0;
    const hasMoved = written !== this.#bytes[at];
    this.#bytes[at] = written;
    if (hasMoved) this.#moved[at] = Math.min(255, (this.#moved[at] ?? 0) + 1);
    this.#still[at] = hasMoved ? 0 : Math.min(255, (this.#still[at] ?? 0) + 1);
    const age = now - this.#start - (this.#came[at] ?? 0);
    if (!connection.destroyed) {
      if ((this.#moved[at] ?? 0) >= looksToBehave) return "behaved";
      return age < watchedForMs ? "watched" : undefined;
    }
    // Who asked and was not answered may have waited for us.
    if (written === 0) return connection.bytesRead === 0 ? "left" : undefined;
    return this.#moved[at] === 1 && hasMoved ? "brief" : undefined;
  }

  #isIdle(at: number, now: number): boolean {
    if (this.#bytes[at] === 0) return now - this.#start - (this.#came[at] ?? 0) >= 1000;
    return (this.#still[at] ?? 0) >= looksToIdle;
  }

  /** Silent and idle connections of an address are counted apart. */
  #key(at: number): number {
    return (this.#addresses[at] ?? 0) * 2 + Number(this.#bytes[at] === 0);
  }

  /** Closes the oldest of those who have too many. It harms nobody who is honest: browsers open another one. */
  #makeRoom(now: number): void {
    this.#idle.scale(0);
    for (let at = 0; at < this.size; at++) if (this.#isIdle(at, now)) this.#idle.add(this.#key(at));
    /** How many are still to be closed of each that has too many: of some hundred at most. */
    const over = new Map<number, number>();
    for (let at = 0; at < this.size; at++) {
      const key = this.#key(at);
      const most = this.#bytes[at] === 0 ? maxSilent : maxIdle;
      const count = this.#idle.least(key);
      if (count <= most || !this.#isIdle(at, now)) continue;
      const subject = this.#subject(at);
      const tooMany = over.get(key) ?? count - most - Math.floor(this.#options.credit(subject));
      over.set(key, tooMany - 1);
      if (tooMany <= 0) continue;
      const connection = this.#connections[at];
      this.#connections[at] = undefined;
      this.idleCloses++;
      connection?.destroy();
      this.#options.became(subject, "spare");
    }
  }

  #subject(at: number): Subject {
    return { address: this.#addresses[at] ?? 0, prefix: this.#prefixes[at] ?? 0 };
  }

  #move(from: number, to: number): void {
    if (from === to) return;
    this.#connections[to] = this.#connections[from];
    this.#addresses[to] = this.#addresses[from] ?? 0;
    this.#prefixes[to] = this.#prefixes[from] ?? 0;
    this.#came[to] = this.#came[from] ?? 0;
    this.#bytes[to] = this.#bytes[from] ?? 0;
    this.#moved[to] = this.#moved[from] ?? 0;
    this.#still[to] = this.#still[from] ?? 0;
  }
}
