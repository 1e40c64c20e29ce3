import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { segmentMs } from "../../src/wire/timeline.ts";
import { type Counts, faults, type LoadOptions, type LoadResult, type Programs, runLoad } from "./load.ts";
import type { Rival } from "./rivals.ts";
import type { Server, Setting } from "./servers/server.ts";
import { Source } from "./source.ts";

/** How much is measured. */
export interface Sizes {
  /** Segments that each steady measurement lasts. */
  readonly periods: number;
  /** Seconds between the last join and what is measured, and those after which a listener without sound is given up. */
  readonly settle: number;
  readonly joinTimeout: number;
  /** Listeners of one endless response each, and how many join a second. */
  readonly endless: number;
  readonly endlessRate: number;
  /** Listeners while Rostra still pushes by chunk. */
  readonly byChunk: number;
  /** Players on kept connections. */
  readonly numbered: number;
  readonly early: number;
  readonly earlyRounds: number;
  /** Listeners that join within two seconds. */
  readonly burst: number;
  readonly scale: readonly number[];
  /** Rivals' listeners on the curve. */
  readonly rivalScale: readonly number[];
  readonly upstream: readonly number[];
  readonly tls: number;
  readonly handshakeSeconds: number;
  /** Subscribers over WebRTC, and listeners of Rostra by segment beside them; 0: none. */
  readonly webrtc: number;
  readonly besideWebrtc: number;
}

/** Connections that one process here can have: its descriptor limit, less what an edge keeps for other things. */
const limit = Number(execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }));
export const perProcess = Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit - 700;
const within = (count: number): number => Math.min(count, perProcess);

export const fullSizes: Sizes = {
  periods: 6,
  settle: 1,
  joinTimeout: 8,
  endless: 10_000,
  endlessRate: 2500,
  byChunk: 1900,
  numbered: 5000,
  early: 5000,
  earlyRounds: 3,
  burst: within(20_000),
  scale: [1000, 5000, 20_000, 80_000],
  rivalScale: [1000, within(20_000)],
  upstream: [10, 1000, within(20_000)],
  tls: 5000,
  handshakeSeconds: 3,
  webrtc: 40,
  besideWebrtc: 4000,
};

export const quickSizes: Sizes = {
  periods: 2,
  settle: 0.2,
  joinTimeout: 2,
  endless: 3500,
  endlessRate: 4000,
  byChunk: 1000,
  numbered: 2000,
  early: 2000,
  earlyRounds: 1,
  burst: 4000,
  scale: [6000],
  rivalScale: [],
  upstream: [10, 1000],
  tls: 500,
  handshakeSeconds: 1,
  webrtc: 10,
  besideWebrtc: 0,
};

/** What a steady load cost. */
export interface Steady {
  readonly result: LoadResult;
  /** CPU of the server, seconds for each second. */
  readonly cores: number;
  /** Microseconds of CPU a second for each connection. */
  readonly cpuEach: number;
  /** Resident bytes more for each connection than before the first. */
  readonly rssEach: number;
  readonly faults: string[];
}

export type Start = (setting: Setting) => Promise<Server>;

/** Where a row measures: programs, sizes, what is missing, and the way to start a server with a source of its own. */
export class Bench implements AsyncDisposable {
  readonly sizes: Sizes;
  readonly programs: Programs;
  readonly missing: ReadonlySet<Rival>;
  readonly #folder: string;
  #servers = 0;

  private constructor(folder: string, sizes: Sizes, programs: Programs, missing: ReadonlySet<Rival>) {
    this.#folder = folder;
    this.sizes = sizes;
    this.programs = programs;
    this.missing = missing;
  }

  static async open(sizes: Sizes, build: (into: string) => Programs, missing: ReadonlySet<Rival>): Promise<Bench> {
    const folder = await mkdtemp(join(tmpdir(), "bench-edge-"));
    return new Bench(folder, sizes, build(folder), missing);
  }

  has(rival: Rival): boolean {
    return !this.missing.has(rival);
  }

  /** Starts a server, lets it be used, and ends it with its source and its folder. */
  async with<T>(start: Start, use: (server: Server, source: Source) => Promise<T>): Promise<T> {
    const folder = join(this.#folder, String(++this.#servers));
    await mkdir(folder, { mode: 0o755 });
    try {
      await using source = new Source(folder);
      await source.start();
      await using server = await start({ folder, source, programs: this.programs });
      const used = await use(server, source);
      server.requireAlive();
      return used;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  load(options: LoadOptions, onCounts?: (counts: Counts) => void): Promise<LoadResult> {
    return runLoad(this.programs.load, options, onCounts);
  }

  /** Lets a server know its work: it has had a thousand joins before it is measured. */
  async warm(server: Server, path: string): Promise<void> {
    const warmth = {
      mode: "endless",
      path,
      connections: 1000,
      rate: 2000,
      settle: 0,
      seconds: 0,
      joinTimeout: 2,
    } as const;
    await this.load({ ...warmth, ...server.ask, port: server.port });
  }

  /** Lets a load become steady, and measures the server for a number of segments. */
  async steady(server: Server, source: Source, load: Omit<LoadOptions, "port">, periods?: number): Promise<Steady> {
    const before = server.rss();
    let [from, to, rss] = [0, 0, 0];
    const seconds = ((periods ?? this.sizes.periods) * segmentMs) / 1000;
    const { settle, joinTimeout } = this.sizes;
    const options = {
      settle,
      joinTimeout,
      seconds,
      epochMs: source.epochMs,
      ...load,
      ...server.ask,
      port: server.port,
    };
    const result = await this.load(options, ({ t }) => {
      if (t === "steady") {
        rss = server.rss();
        from = server.cpu();
      } else if (t === "measured") to = server.cpu();
    });
    const cores = (to - from) / result.seconds;
    const each = Math.max(1, result.joined);
    return {
      result,
      cores,
      cpuEach: (cores / each) * 1e6,
      rssEach: (rss - before) / each,
      faults: faults(result),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
