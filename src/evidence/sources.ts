import { createHmac } from "node:crypto";
import type { Sources } from "../wire/evidence.ts";
import { BloomFilter } from "../sketch/bloom-filter.ts";
import { HyperLogLog } from "../sketch/hyperloglog.ts";
import { KeyedHash } from "../sketch/keyed-hash.ts";
import { clusterOf, noPrefix, type Origin, readOrigin } from "./prefix.ts";

/** Prefixes that are told apart in one window; what others ask is counted together. */
export const maxPrefixes = 8192;
/** Prefixes whose every second is written down, and how many of those that asked are drawn, in each window. */
export const topPrefixes = 8;
export const sampleSize = 16;
/** 64 KiB: of 50,000 prefixes that have not listened one in a hundred seems to have. */
const historyBits = 2 ** 19;
/** How many prefixes `topShare` speaks of. */
const shareOf = 10;

interface Asker {
  readonly prefix: number;
  readonly hash: number;
  asked: number;
  joined: number;
  /** Whether it had listened before this window. */
  readonly played: boolean;
}

interface Drawn {
  readonly prefix: number;
  readonly at: number;
}

export interface SourcesOptions {
  /** The installation's secret for prefixes, 32 bytes: edges that share it write the same prefix alike. */
  readonly key: Buffer;
  /** Numbers in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** Who asks, in constant memory: a table of prefixes for the window under way, a sketch of addresses, a sample, and a filter of who has listened. */
export class SourceCounter {
  readonly #options: SourcesOptions;
  readonly #random: () => number;
  readonly #hash: KeyedHash;
  /** Prefixes that have listened; full, it takes everybody for one of them, and `#known` says how full it is. */
  readonly #history = new BloomFilter({ bits: historyBits });
  /** About how many are in it. */
  #known = 0;
  readonly #origin: Origin = { prefix: 0, high: 0, low: 0 };
  #askers = new Map<number, Asker>();
  #addresses = new HyperLogLog();
  #asked = 0;
  #overflow = 0;
  #sample: Drawn[] = [];
  /** The prefixes that asked most in the window before: what they had asked by each second of this one. */
  #tracked: { readonly prefix: number; readonly asked: number[] }[] = [];
  #began = 0;

  constructor(options: SourcesOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#hash = new KeyedHash(createHmac("sha256", options.key).update("hash").digest());
  }

  /**
   * Somebody sent a request.
   * @param now monotonic ms
   */
  asked(address: string, now: number): void {
    const { prefix, high, low } = readOrigin(address, this.#origin);
    this.#asked++;
    this.#addresses.add(this.#hash.of(`${high}:${low}`));
    let asker = this.#askers.get(prefix);
    if (asker === undefined && this.#askers.size < maxPrefixes) {
      const hash = this.#hash.of(`${prefix}/`);
      asker = { prefix, hash, asked: 0, joined: 0, played: this.#history.has(hash) };
      this.#askers.set(prefix, asker);
    }
    if (asker === undefined) this.#overflow++;
    else asker.asked++;
    this.#draw(prefix, now);
  }

  /** Somebody began an endless response. They have asked before, perhaps in the window before this one. */
  joined(address: string): void {
    const asker = this.#askers.get(readOrigin(address, this.#origin).prefix);
    if (asker !== undefined) asker.joined++;
  }

  /** A second has ended. */
  second(): void {
    for (const { prefix, asked } of this.#tracked) asked.push(this.#askers.get(prefix)?.asked ?? 0);
  }

  /** The window's sums; another window begins at `now` (monotonic ms). */
  take(now: number): Sources {
    const askers = [...this.#askers.values()].toSorted((one, other) => other.asked - one.asked);
    const clusters = new Map<number, number>();
    let played = 0;
    for (const { prefix, asked, played: had } of askers) {
      const cluster = prefix === noPrefix ? prefix : clusterOf(prefix);
      clusters.set(cluster, (clusters.get(cluster) ?? 0) + asked);
      if (had) played += asked;
    }
    const counted = this.#asked - this.#overflow;
    const sources: Sources = {
      asked: this.#asked,
      addresses: String(this.#addresses),
      prefixes: askers.length,
      overflow: this.#overflow,
      entropy: entropyOf(askers.map(({ asked }) => asked)),
      clusterEntropy: entropyOf(clusters.values()),
      topShare: shareIn(askers.slice(0, shareOf), counted),
      played: counted === 0 ? 0 : round(played / counted),
      playedPrefixes: this.#known,
      top: this.#tracked.map(({ prefix, asked }) => ({ prefix: this.#name(prefix), asked: differences(asked) })),
      sample: this.#sample.map(({ prefix, at }) => ({ prefix: this.#name(prefix), at })),
    };
    for (const { hash, joined } of askers) if (joined > 0 && this.#history.add(hash)) this.#known++;
    this.#tracked = askers.slice(0, topPrefixes).map(({ prefix }) => ({ prefix, asked: [] }));
    this.#askers = new Map();
    this.#addresses = new HyperLogLog();
    [this.#asked, this.#overflow, this.#sample, this.#began] = [0, 0, [], now];
    return sources;
  }

  /** Under what name the prefix of an address is written down. */
  named(address: string): string {
    return this.#name(readOrigin(address, this.#origin).prefix);
  }

  /** A reservoir sample (Algorithm R; J. Vitter, 1985). */
  #draw(prefix: number, now: number): void {
    const place = this.#sample.length < sampleSize ? this.#sample.length : Math.floor(this.#random() * this.#asked);
    if (place < sampleSize) this.#sample[place] = { prefix, at: Math.round(now - this.#began) };
  }

  /** Under what name a prefix is written down: 64 bits of HMAC-SHA-256 with the installation's key. */
  #name(prefix: number): string {
    return createHmac("sha256", this.#options.key).update(`prefix ${prefix}`).digest("base64url").slice(0, 11);
  }
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000;

/** Shannon's entropy of counts, bits. */
function entropyOf(counts: Iterable<number>): number {
  let [sum, weighted] = [0, 0];
  for (const count of counts) {
    sum += count;
    if (count > 0) weighted += count * Math.log2(count);
  }
  return sum === 0 ? 0 : round(Math.max(0, Math.log2(sum) - weighted / sum));
}

const shareIn = (askers: readonly Asker[], all: number): number =>
  all === 0 ? 0 : round(askers.reduce((sum, { asked }) => sum + asked, 0) / all);

const differences = (values: readonly number[]): number[] => values.map((value, i) => value - (values[i - 1] ?? 0));
