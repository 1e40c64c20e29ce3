import { HyperLogLog } from "../../sketch/hyperloglog.ts";
import type { Sources } from "../../wire/evidence.ts";
import type { Chance } from "./chance.ts";

/** Where somebody asks from: a prefix, a whole number whose upper part is its cluster, and a host in it. */
export interface Host {
  readonly prefix: number;
  readonly host: number;
}

/** Prefixes with people, or machines, in them. */
export interface Hosts {
  readonly prefixes: readonly number[];
  pick(chance: Chance): Host;
}

export interface HostsOptions {
  readonly prefixes: number;
  /** Into how many clusters the prefixes fall. */
  readonly clusters: number;
  /** How unevenly people are spread over prefixes: 0 evenly, 1 as Zipf has it. */
  readonly skew: number;
  /** Addresses of a prefix that are used. */
  readonly perPrefix: number;
}

export function hostsOf(chance: Chance, { prefixes, clusters, skew, perPrefix }: HostsOptions): Hosts {
  const bases = Array.from({ length: clusters }, () => chance.whole(60_000) * 256);
  const all = Array.from({ length: prefixes }, () => chance.pick(bases) + chance.whole(256));
  const sums: number[] = [];
  let sum = 0;
  for (let i = 0; i < prefixes; i++) sums.push((sum += 1 / (i + 1) ** skew));
  return {
    prefixes: all,
    pick: (random) => {
      const wanted = random.next() * sum;
      let [low, high] = [0, prefixes - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((sums[middle] ?? 0) < wanted) low = middle + 1;
        else high = middle;
      }
      const prefix = all[low] ?? 0;
      return { prefix, host: prefix * 256 + random.whole(perPrefix) };
    },
  };
}

/** Hosts of both: `share` of them of the second. */
export const mixed = (one: Hosts, other: Hosts, share: number): Hosts => ({
  prefixes: [...one.prefixes, ...other.prefixes],
  pick: (chance) => (chance.is(share) ? other : one).pick(chance),
});

const topCount = 8;
const clusterOf = (prefix: number): number => prefix >> 8;

/** Who asked in one slice. */
export class SliceAskers {
  readonly #asked = new Map<number, number[]>();
  readonly #addresses = new HyperLogLog();

  asked({ prefix, host }: Host, times: number, second: number): void {
    let seconds = this.#asked.get(prefix);
    if (!seconds) this.#asked.set(prefix, (seconds = Array<number>(10).fill(0)));
    seconds[second] = (seconds[second] ?? 0) + times;
    this.#addresses.add(spread(host));
  }

  get largest(): readonly number[] {
    return [...this.#asked]
      .map(([prefix, seconds]) => [prefix, total(seconds)] as const)
      .toSorted((one, other) => other[1] - one[1])
      .slice(0, topCount)
      .map(([prefix]) => prefix);
  }

  sums(
    before: SliceAskers | undefined,
    played: ReadonlyMap<number, number>,
    began: number,
  ): Omit<Sources, "addresses"> & { readonly addresses: HyperLogLog } {
    const counts = [...this.#asked].map(([prefix, seconds]) => ({ prefix, asked: total(seconds) }));
    const clusters = new Map<number, number>();
    for (const { prefix, asked } of counts)
      clusters.set(clusterOf(prefix), (clusters.get(clusterOf(prefix)) ?? 0) + asked);
    const all = total(counts.map(({ asked }) => asked));
    const first = counts.toSorted((one, other) => other.asked - one.asked).slice(0, 10);
    const knew = counts.filter(({ prefix }) => (played.get(prefix) ?? began) < began);
    return {
      asked: Math.round(all),
      addresses: this.#addresses,
      prefixes: counts.length,
      overflow: 0,
      entropy: entropyOf(counts.map(({ asked }) => asked)),
      clusterEntropy: entropyOf([...clusters.values()]),
      topShare: all === 0 ? 0 : total(first.map(({ asked }) => asked)) / all,
      played: all === 0 ? 0 : total(knew.map(({ asked }) => asked)) / all,
      playedPrefixes: [...played.values()].filter((at) => at < began).length,
      top: (before?.largest ?? []).map((prefix) => ({
        prefix: String(prefix),
        asked: (this.#asked.get(prefix) ?? Array<number>(10).fill(0)).map(Math.round),
      })),
      sample: [],
    };
  }
}

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function entropyOf(counts: readonly number[]): number {
  const all = total(counts);
  return all === 0 ? 0 : Math.max(0, Math.log2(all) - total(counts.map((n) => (n > 0 ? n * Math.log2(n) : 0))) / all);
}

/** 52 evenly spread bits of a whole number. */
function spread(value: number): number {
  let [a, b] = [value | 0, Math.floor(value / 2 ** 16) | 0];
  for (let i = 0; i < 3; i++) {
    a = Math.imul(a ^ (a >>> 15) ^ b, 0x2c1b3c6d);
    b = Math.imul(b ^ (b >>> 13) ^ a, 0x297a2d39);
  }
  return (a >>> 0) * 2 ** 20 + (b >>> 12);
}
