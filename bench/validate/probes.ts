import type { SwarmTarget } from "../../src/rehearsal/swarm/contract.ts";
import type { Histogram } from "../../src/sketch/histogram.ts";
import { mix, probing } from "./prediction.ts";
import { type Coming, Swarm } from "./swarm.ts";

/** Before those who come alone, so many a second warm up what they all ask with. */
const warmRate = 100;
/** How long they stay once they hear it, mean, seconds: their process is to be asleep. */
const stay = 0.5;
/** Served before everybody else who shares their processor. */
const foremost = -20;
/** Who was late by so much, and by so much of the wait, in one second in ten tells its own wait rather than the server's, ms. */
const [lateLoop, lateShare] = [10, 0.2];

/** From coming to first sound, of those who came one by one. */
export interface Waits {
  /** Milliseconds. */
  readonly histogram: Histogram;
  readonly people: number;
  /** Seconds. */
  readonly median: number;
  readonly p99: number;
  /** By how much their own process was late, ms: that of one second in ten was worse. */
  readonly late: number;
}

/**
 * People who come one by one beside the crowd and do what a person of it does, in a process of their own that is nearly always asleep. A crowd's
 * own process has its people wait for each other; these wait for the server.
 */
export class Probes implements Disposable {
  readonly #swarm: Swarm;

  constructor(target: SwarmTarget) {
    this.#swarm = new Swarm({ target, mix, listeners: 1, net: 1, nice: foremost });
  }

  /** Some who do not count. */
  async warm({ until, beginsAt, pageShare }: Omit<Coming, "arrivals">): Promise<void> {
    await this.#swarm.come({ arrivals: evenly(until, warmRate), until, beginsAt, pageShare, stay });
  }

  /** Those who come to an idle server. */
  async alone(beginsAt: number, pageShare: number): Promise<Waits> {
    const over = probing.alone / probing.aloneRate;
    await this.#swarm.come({ arrivals: evenly(over, probing.aloneRate), until: over + 0.5, beginsAt, pageShare, stay });
    return this.#waits();
  }

  /** Those who come while a crowd does, `over` seconds; they are gone `settle` seconds after. */
  async beside(beginsAt: number, over: number, settle: number, pageShare: number): Promise<Waits> {
    await this.#swarm.come({ arrivals: besideIt(over), until: over + settle, beginsAt, pageShare, stay });
    return this.#waits();
  }

  #waits(): Waits {
    const { firstSound, loopDelays } = this.#swarm;
    return {
      histogram: firstSound.toJSON(),
      people: firstSound.count,
      median: firstSound.quantile(0.5) / 1000,
      p99: firstSound.quantile(0.99) / 1000,
      late: oneInTen(loopDelays),
    };
  }

  [Symbol.dispose](): void {
    this.#swarm[Symbol.dispose]();
  }
}

/** Whether what they waited for was not themselves. */
export const isPrompt = ({ late, p99 }: Waits): boolean => late <= Math.max(lateLoop, lateShare * p99 * 1000);

/** What one in ten exceeds. */
export const oneInTen = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(0.9 * values.length)] ?? 0;

/** When those come who come beside a crowd, seconds. */
export const besideIt = (over: number): number[] => evenly(over, probing.rate);

const evenly = (over: number, rate: number): number[] =>
  Array.from({ length: Math.floor(over * rate) }, (_, i) => (i + 0.5) / rate);
