import { setPriority } from "node:os";
import { Member } from "../../src/apps/rehearse/crew.ts";
import type { SwarmSecond } from "../../src/rehearsal/swarm/contract.ts";
import { livePaths } from "../../src/wire/paths.ts";
import { type Counts, type LoadResult, runLoad } from "../edge/load.ts";
import { anyCore } from "../edge/processes.ts";

/** Who listens shares the processors with the server, and stands back for it a little; attackers more. */
const crowdNice = 2;
/** Joins a second: the crowd is there before anything is measured. */
const joinRate = 2000;
const settleSeconds = 1;

/** Those who listen to the endless response: the benchmarks' own generator, which checks every byte of each. */
export class Crowd implements AsyncDisposable {
  readonly steady: Promise<void>;
  readonly #end = new AbortController();
  readonly #result: Promise<LoadResult>;
  #pids: () => number[] = () => [];

  constructor(program: string, port: number, space: string, connections: number) {
    const steady = Promise.withResolvers<void>();
    this.steady = steady.promise;
    this.#result = runLoad(
      program,
      {
        mode: "endless",
        port,
        path: livePaths.stream(space, "opus-32k"),
        connections,
        rate: joinRate,
        settle: settleSeconds,
        seconds: 300,
        flags: ["--learned"],
        core: anyCore,
        nice: crowdNice,
        onStart: (pids) => (this.#pids = pids),
        signal: this.#end.signal,
      },
      ({ t }: Counts) => t === "steady" && steady.resolve(),
    );
    this.#result.catch((thrown: unknown) => steady.reject(thrown));
  }

  pids(): number[] {
    return this.#pids();
  }

  end(): Promise<LoadResult> {
    this.#end.abort();
    return this.#result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end().catch(() => {});
  }
}

/** Those who ask segment by segment: a process of the rehearsal's swarm. */
export class Asking implements AsyncDisposable {
  readonly playing: Promise<void>;
  readonly #member: Member;
  #last: SwarmSecond | undefined;

  constructor(port: number, space: string, many: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.playing = promise;
    this.#member = new Member("swarm", 0, (message) => {
      if (message.t !== "swarm") return;
      this.#last = message.told;
      if (message.told.playing >= many || message.told.t === "end") resolve();
    });
    if (this.#member.pid !== undefined) setPriority(this.#member.pid, crowdNice);
    const stays = 3600;
    const order = {
      target: { bases: [`http://127.0.0.1:${port}`], space },
      behaviour: {
        mix: { stream: 0, numbered: 1, hls: 0 },
        pageShare: 0,
        patience: stays,
        reloadAfter: stays,
        giveUpAfter: stays,
        leaveAfter: stays * 1000,
        returnShare: 0,
        returnAfter: stays,
        endWithin: 0,
      },
      arrivals: Array.from({ length: many }, (_, i) => i / 100),
      until: stays,
      sources: ["127.0.1.2", "127.0.1.3", "127.0.1.4", "127.0.1.5"],
      most: 10_000,
      seed: 1,
      beginsAt: Date.now() + 1000,
    };
    void this.#member.ready.then(() => this.#member.tell({ t: "swarm", order }));
  }

  get pid(): number {
    return this.#member.pid ?? 0;
  }

  /** What they told last. */
  get told(): SwarmSecond | undefined {
    return this.#last;
  }

  async end(): Promise<SwarmSecond> {
    await this.#member.end(10_000);
    if (!this.#last) throw new Error("those who ask segment by segment told nothing");
    return this.#last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#member.end(1000);
  }
}
