import { HistogramCounter } from "../../sketch/histogram.ts";
import type { SwarmCounts, SwarmSecond } from "./contract.ts";

type Counter = Exclude<keyof SwarmCounts, "refused">;

/** What one process counts; the names are the contract's. */
export class Tally implements Record<Counter, number> {
  arrived = 0;
  attempts = 0;
  heard = 0;
  refusedConnects = 0;
  timeouts = 0;
  cut = 0;
  reloads = 0;
  moves = 0;
  gaveUp = 0;
  left = 0;
  returned = 0;
  segments = 0;
  gaps = 0;
  disorder = 0;
  wrong = 0;
  unchecked = 0;
  hold = 0;
  bytes = 0;
  heldBack = 0;
  playing = 0;
  waiting = 0;
  readonly #refused: Record<string, number> = {};
  readonly firstByte = new HistogramCounter();
  readonly firstSound = new HistogramCounter();
  readonly behind = new HistogramCounter();
  /** The worst delay of the loop since the last account, ms. */
  loopDelay = 0;

  refuse(status: number): void {
    this.#refused[status] = (this.#refused[status] ?? 0) + 1;
  }

  /** An account of the second until `at`; the histograms and the loop's delay begin anew. */
  account(t: SwarmSecond["t"], at: number): SwarmSecond {
    const { firstByte, firstSound, behind, loopDelay } = this;
    const { user, system } = process.cpuUsage();
    const second: SwarmSecond = {
      t,
      at,
      arrived: this.arrived,
      attempts: this.attempts,
      heard: this.heard,
      refusedConnects: this.refusedConnects,
      refused: { ...this.#refused },
      timeouts: this.timeouts,
      cut: this.cut,
      reloads: this.reloads,
      moves: this.moves,
      gaveUp: this.gaveUp,
      left: this.left,
      returned: this.returned,
      segments: this.segments,
      gaps: this.gaps,
      disorder: this.disorder,
      wrong: this.wrong,
      unchecked: this.unchecked,
      hold: this.hold,
      bytes: this.bytes,
      heldBack: this.heldBack,
      playing: this.playing,
      waiting: this.waiting,
      firstByte: firstByte.toJSON(),
      firstSound: firstSound.toJSON(),
      behind: behind.toJSON(),
      cpu: (user + system) / 1e6,
      rss: process.memoryUsage.rss(),
      loopDelay,
    };
    for (const histogram of [firstByte, firstSound, behind]) histogram.reset();
    this.loopDelay = 0;
    return second;
  }
}
