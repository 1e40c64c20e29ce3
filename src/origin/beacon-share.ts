import { beaconEveryMs, maxBeaconHalvings } from "../wire/state.ts";

/** How many beacons a second are wanted of one Space, and from and up to how many the share stays as it is. */
export const beaconsWanted = 100;
/** While they are to be rarer (from level 1 on) a quarter of that: the error is twice as large then. */
export const sparingBy = 4;
const fewest = beaconsWanted / 2;
const most = beaconsWanted * 1.5;
/** For so long after it was told a share is believed of a beacon, ms: players learn a new one with the state. */
export const shareBelievedMs = 10 * 60_000;
/** Relative standard error of an estimate while not everybody is drawn, at most: 1 / √(beacons in an interval). */
export const beaconError = 1 / Math.sqrt((fewest * beaconEveryMs) / 1000);

/**
 * Which share of a Space's players says that it listens, as halvings, so that the load of it stays the same as the crowd
 * grows; and how many players there are by what they say.
 *
 * Each beacon says by which share it was drawn and stands for that many players (the estimator of D. G. Horvitz and
 * D. J. Thompson, 1952), so the estimate leans to no side while some players know the new share and others the old. The share
 * follows from the estimate and not from the load, which changes only when players have learned.
 */
export class BeaconShare {
  #halvings = 0;
  /** Shares that were told, as halvings, and until when they are believed; the present one for ever. */
  readonly #told = new Map<number, number>([[0, Infinity]]);

  /** 0 to 1. */
  get share(): number {
    return 2 ** -this.#halvings;
  }

  /**
   * How many players these beacons stand for, by which the share is set anew.
   * @param beacons in an interval: at place `k` those of a share of 2^-k
   * @param now milliseconds that only grow
   * @param sparing whether they are to be rarer
   */
  estimate(beacons: readonly number[], now: number, sparing = false): number {
    for (const [k, until] of this.#told) if (until < now) this.#told.delete(k);
    // Nobody makes more of a beacon than what some player was told.
    const largest = Math.max(...this.#told.keys());
    const players = beacons.reduce((sum, count, k) => sum + count * 2 ** Math.min(k, largest), 0);
    this.#adjust(((players * 1000) / beaconEveryMs) * (sparing ? sparingBy : 1), now);
    return players;
  }

  #adjust(perSecond: number, now: number): void {
    let k = this.#halvings;
    while (k < maxBeaconHalvings && perSecond * 2 ** -k > most) k++;
    while (k > 0 && perSecond * 2 ** -k < fewest) k--;
    if (k === this.#halvings) return;
    this.#told.set(this.#halvings, now + shareBelievedMs);
    this.#halvings = k;
    this.#told.set(k, Infinity);
  }
}
