import { setTimeout as sleep } from "node:timers/promises";
import type { SwarmBehaviour, SwarmOrder, SwarmSecond, SwarmTarget } from "./contract.ts";
import { listenersAddress, type TestSpace } from "./space.test-server.ts";
import { runSwarm } from "./swarm.ts";

const steadfast: SwarmBehaviour = {
  mix: { stream: 1, numbered: 0, hls: 0 },
  pageShare: 0,
  patience: 60,
  reloadAfter: 600,
  giveUpAfter: 600,
  leaveAfter: 1e9,
  returnShare: 0,
  returnAfter: 600,
  endWithin: 0,
};

export interface Wanted extends Partial<Omit<SwarmOrder, "behaviour" | "target">> {
  readonly people?: number;
  readonly behaviour?: Partial<SwarmBehaviour>;
  readonly target?: Partial<SwarmTarget>;
}

/** A run that goes on until the test has seen enough: nothing here depends on how fast the machine is. */
export class Run {
  readonly told: SwarmSecond[] = [];
  readonly #space: TestSpace;
  readonly #abort = new AbortController();
  readonly #end: Promise<SwarmSecond>;

  constructor(space: TestSpace, { people = 10, behaviour, target, ...order }: Wanted = {}) {
    this.#space = space;
    const whole: SwarmOrder = {
      target: { bases: [space.url], space: "demo", ...target },
      behaviour: { ...steadfast, ...behaviour },
      arrivals: Array.from({ length: people }, (_, i) => i / 100),
      until: 600,
      sources: [listenersAddress],
      most: 1000,
      seed: 1,
      beginsAt: Date.now(),
      ...order,
    };
    this.#end = runSwarm(whole, (second) => this.told.push(second), this.#abort.signal);
  }

  get last(): SwarmSecond {
    return this.told.at(-1) ?? ({} as SwarmSecond);
  }

  async until(isSo: (second: SwarmSecond) => boolean): Promise<void> {
    while (!isSo(this.last)) await sleep(10);
  }

  /** The account of all, once nothing comes any more and all that came is compared. */
  async end(): Promise<SwarmSecond> {
    this.#space.pause();
    for (let calm = 0, before = this.told.length; calm < 1;) {
      await this.until(() => this.told.length > before);
      const [one, next] = this.told.slice(-2);
      calm = one?.bytes === next?.bytes ? calm + 1 : 0;
      before = this.told.length;
    }
    return this.stop();
  }

  stop(): Promise<SwarmSecond> {
    this.#abort.abort();
    return this.#end;
  }

  /** The account when the order's time is over. */
  over(): Promise<SwarmSecond> {
    return this.#end;
  }
}
