import { HyperLogLog } from "../sketch/hyperloglog.ts";
import type { Subject } from "./subject.ts";

/** Prefixes whose addresses are counted: those that spent most lately. */
export const countedPrefixes = 64;
/** In a prefix from which so many addresses came, of which at most this share misbehaved, most are somebody else. */
const mixedFrom = 16;
const mixedShare = 0.25;

/** How many different addresses of a prefix came, and how many of them misbehaved; `undefined` where it was not counted. */
export interface Neighbourhood {
  readonly addresses: number | undefined;
  readonly misbehaved: number | undefined;
}

interface Counted {
  prefix: number | undefined;
  /** Whether either has changed since it was estimated. */
  isNew: boolean;
  isMixed: boolean;
  readonly came: HyperLogLog;
  readonly misbehaved: HyperLogLog;
}

/**
 * How many different addresses there are in the prefixes that cost most: it tells one machine in a /24, or a network of
 * machines that all attack, from an office or a carrier in which some do. All memory is taken at the beginning.
 */
export class Neighbours {
  readonly #all: readonly Counted[] = Array.from({ length: countedPrefixes }, () => ({
    prefix: undefined,
    isNew: false,
    isMixed: false,
    came: new HyperLogLog(),
    misbehaved: new HyperLogLog(),
  }));
  readonly #byPrefix = new Map<number, Counted>();

  get byteLength(): number {
    return this.#all.reduce((sum, { came, misbehaved }) => sum + came.byteLength + misbehaved.byteLength, 0);
  }

  /** From now on these are counted; what is known of one that was already stays. To be called about once a second. */
  count(prefixes: readonly number[]): void {
    const wanted = new Set(prefixes.slice(0, countedPrefixes));
    for (const one of this.#all) {
      if (one.prefix === undefined || wanted.has(one.prefix)) continue;
      this.#byPrefix.delete(one.prefix);
      one.prefix = undefined;
    }
    for (const one of this.#byPrefix.values()) if (one.isNew) estimate(one);
    const free = this.#all.filter(({ prefix }) => prefix === undefined);
    for (const prefix of wanted) {
      if (this.#byPrefix.has(prefix)) continue;
      const one = free.pop();
      if (!one) return;
      one.prefix = prefix;
      one.isNew = one.isMixed = false;
      one.came.clear();
      one.misbehaved.clear();
      this.#byPrefix.set(prefix, one);
    }
  }

  came({ prefix, address }: Subject): void {
    const one = this.#byPrefix.get(prefix);
    if (one?.came.add(address)) one.isNew = true;
  }

  misbehaved({ prefix, address }: Subject): void {
    const one = this.#byPrefix.get(prefix);
    if (one?.misbehaved.add(address)) one.isNew = true;
  }

  of(prefix: number): Neighbourhood {
    const one = this.#byPrefix.get(prefix);
    return {
      addresses: one && Math.round(one.came.estimate()),
      misbehaved: one && Math.round(one.misbehaved.estimate()),
    };
  }

  /** Whether many come from a prefix of which most have done nothing, as of the last second. */
  isMixed(prefix: number): boolean {
    return this.#byPrefix.get(prefix)?.isMixed ?? false;
  }
}

/** Some 20 µs: not for each connection. */
function estimate(one: Counted): void {
  const addresses = one.came.estimate();
  one.isMixed = addresses >= mixedFrom && one.misbehaved.estimate() <= addresses * mixedShare;
  one.isNew = false;
}
