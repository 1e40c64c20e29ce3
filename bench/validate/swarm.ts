import { type ChildProcess, fork } from "node:child_process";
import { setPriority } from "node:os";
import { join } from "node:path";
import { HistogramCounter } from "../../src/sketch/histogram.ts";
import { segmentMs } from "../../src/wire/timeline.ts";
import type { SwarmOrder, SwarmSecond, SwarmTarget } from "../../src/rehearsal/swarm/contract.ts";

const entry = join(import.meta.dirname, "swarm-process.ts");
/** Listeners of one process: more loop delay than this many give is the swarm's own. */
const mostOfOne = 10_000;
/** From one loopback address: beyond this, ports are found slowly. */
const perAddress = 1000;
const mostAddresses = 240;

/** A crowd: when each of it comes, seconds from `beginsAt` (ms since 1970), and how long it stays. */
export interface Coming {
  readonly arrivals: readonly number[];
  readonly until: number;
  readonly beginsAt: number;
  readonly pageShare: number;
  /** How long they stay once they hear it, mean, seconds. @default until the end */
  readonly stay?: number;
}

export interface SwarmOptions {
  readonly target: SwarmTarget;
  readonly mix: SwarmOrder["behaviour"]["mix"];
  /** Most listeners at once: how many processes share them. */
  readonly listeners: number;
  /** Source addresses are 127.0.NET.x. */
  readonly net: number;
  /** The scheduler's niceness of its processes, where it may be set. @default that of this process */
  readonly nice?: number;
}

const never = 1e9;
/** Told so often, each listener that plays has had one segment more. */
export const segmentSeconds = segmentMs / 1000;

/** The swarm's processes, which share the crowd. */
export class Swarm implements Disposable {
  readonly #children: ChildProcess[];
  readonly #options: SwarmOptions;
  #latest: (SwarmSecond | undefined)[] = [];
  #firstSound = new HistogramCounter();
  /** The worst delay of each process's loop in each second so far, ms. */
  #loopDelays: number[] = [];

  constructor(options: SwarmOptions) {
    this.#options = options;
    this.#children = Array.from({ length: Math.ceil(options.listeners / mostOfOne) }, () => fork(entry));
    if (options.nice === undefined) return;
    for (const { pid } of this.#children) prefer(pid, options.nice);
  }

  /** Joins from the first attempt to the first sound, ms. */
  get firstSound(): HistogramCounter {
    return this.#firstSound;
  }

  get loopDelays(): readonly number[] {
    return this.#loopDelays;
  }

  /** Has a crowd come, listen and go; counts anew. Resolves when all are gone. */
  async come(crowd: Coming): Promise<void> {
    this.#latest = [];
    this.#firstSound = new HistogramCounter();
    this.#loopDelays = [];
    const ends = this.#children.map(
      (child, i) =>
        new Promise<void>((resolve, reject) => {
          const note = (told: unknown): void => {
            this.#note(i, told as SwarmSecond);
            if ((told as SwarmSecond).t !== "end") return;
            child.off("message", note).off("exit", failed);
            resolve();
          };
          const failed = (): void => reject(new Error("a process of the swarm failed"));
          child.on("message", note).once("exit", failed);
          child.send(this.#orderOf(crowd, i));
        }),
    );
    await Promise.all(ends);
  }

  /** The sum of a counter over all processes. */
  sum(of: (second: SwarmSecond) => number): number {
    return this.#latest.reduce((so, one) => so + (one ? of(one) : 0), 0);
  }

  /** What each process told last. */
  get latest(): readonly (SwarmSecond | undefined)[] {
    return [...this.#latest];
  }

  #note(child: number, second: SwarmSecond): void {
    this.#latest[child] = second;
    this.#firstSound.merge(second.firstSound);
    this.#loopDelays.push(second.loopDelay);
  }

  #orderOf({ arrivals, until, beginsAt, pageShare, stay }: Coming, child: number): SwarmOrder {
    const children = this.#children.length;
    const addresses = Math.min(mostAddresses / children, Math.ceil((3 * arrivals.length) / children / perAddress));
    const first = 2 + child * Math.floor(mostAddresses / children);
    const { target, mix, net } = this.#options;
    return {
      target,
      behaviour: {
        mix,
        pageShare,
        patience: never,
        reloadAfter: never,
        giveUpAfter: never,
        leaveAfter: stay ?? never,
        returnShare: 0,
        returnAfter: never,
        endWithin: 0,
      },
      arrivals: arrivals.filter((_, i) => i % children === child),
      until,
      sources: Array.from({ length: addresses }, (_, i) => `127.0.${net}.${first + i}`),
      most: 19_500,
      seed: 1 + child,
      beginsAt,
      tellsEvery: segmentSeconds,
    };
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill("SIGKILL");
  }
}

/** Sets the niceness of a process; one that may not be set stays what it is. */
function prefer(pid: number | undefined, nice: number): void {
  try {
    if (pid !== undefined) setPriority(pid, nice);
  } catch {
    // Only who may raise priorities can: then its own lateness tells what became of it.
  }
}
