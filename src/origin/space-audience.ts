import { randomBytes } from "node:crypto";
import { HyperLogLog } from "../sketch/hyperloglog.ts";
import type { KeptAudience } from "../wire/timelines.ts";
import type { AudienceCounts } from "./audience.ts";
import { BeaconShare } from "./beacon-share.ts";

/** After so long a Space that is still open gets another salt, ms. */
export const saltLastsMs = 24 * 3_600_000;
/** How many digits of an estimate are told. */
const digits = 3;

/** What the public is told of a Space's audience. */
export interface AudienceFigures {
  readonly listeners: number;
  readonly heard: number;
  readonly beacon: number;
}

export const noAudience: AudienceCounts = { listeners: 0, numbered: 0, beacons: [] };

const rounded = (estimate: number): number => Number(Math.round(estimate).toPrecision(digits));

/**
 * The audience of a Space while it is open. Its salt is its own: made when it opens, another each day, forgotten with the
 * Space, so that nobody can be known again in another Space or on another day. Whoever listens on two days of one Space is
 * two in `heard`.
 */
export class SpaceAudience {
  readonly id: string;
  readonly #share = new BeaconShare();
  readonly #different: HyperLogLog;
  #salt: string;
  #saltedAt: number;
  /** The most that was told. */
  #heard: number;
  /** Whether it is another than was kept. */
  #changed = true;

  /** @param now ms since 1970 */
  constructor(id: string, now: number, kept?: KeptAudience) {
    this.id = id;
    this.#salt = kept?.salt ?? newSalt();
    this.#saltedAt = kept?.saltedAt ?? now;
    this.#heard = kept?.heard ?? 0;
    this.#different = kept ? HyperLogLog.parse(kept.different) : new HyperLogLog();
  }

  /** base64. */
  get salt(): string {
    return this.#salt;
  }

  /** Takes another salt when the one there is has lasted a day; whether it did. */
  renewSalt(now: number): boolean {
    if (now - this.#saltedAt < saltLastsMs) return false;
    this.#salt = newSalt();
    this.#saltedAt = now;
    this.#changed = true;
    return true;
  }

  /** Takes the different listeners that an edge has counted. Throws `bad-sketch`. */
  merge(sketch: string): void {
    if (this.#different.merge(HyperLogLog.parse(sketch))) this.#changed = true;
  }

  /**
   * What is told, by what the edges count now. Whoever listens through a cache sends beacons, and so may those who fetch from
   * an edge itself: the greater count is taken. Nobody listens who has not been heard.
   * @param sparing whether beacons are to be rarer
   */
  figures({ listeners, numbered, beacons }: AudienceCounts, now: number, sparing = false): AudienceFigures {
    const beaconing = this.#share.estimate(beacons, now, sparing);
    const estimated = beaconing > numbered;
    const present = listeners - numbered + Math.round(Math.max(numbered, beaconing));
    const told = estimated && this.#share.share < 1 ? rounded(present) : present;
    const heard = Math.max(this.#heard, rounded(this.#different.estimate()), told);
    if (heard !== this.#heard) this.#changed = true;
    this.#heard = heard;
    return { listeners: told, heard, beacon: this.#share.share };
  }

  /** What is to be kept, when that has changed since the last call. */
  toKeep(): KeptAudience | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    const [salt, saltedAt] = [this.#salt, Math.round(this.#saltedAt)];
    return { v: 1, id: this.id, salt, saltedAt, heard: this.#heard, different: String(this.#different) };
  }
}

const newSalt = (): string => randomBytes(16).toString("base64");
