import { setImmediate as turn } from "node:timers/promises";
import { contains, ofOneHost, type Prefix, prefixAround, widened, widest } from "./prefix.ts";

/** Addresses that are looked at in one go, before others have their turn. */
const stride = 1000;

/** Who plays, against prefixes. */
export interface Playing {
  /** Listeners, all of them. */
  readonly all: number;
  /** Of these: whose address is not known. */
  readonly unknown: number;
  /** How many play from each prefix that was asked for, by its text. */
  readonly hits: ReadonlyMap<string, number>;
}

/** Counts who plays from prefixes. To be asked now and then: it looks at everybody, and lets others have their turns meanwhile. */
export async function countPlaying(
  addresses: Iterable<string | undefined>,
  prefixes: readonly Prefix[],
): Promise<Playing> {
  /** By the /24 or /48 that they are in: nearly all who play are in none. */
  const near = Map.groupBy(prefixes, (prefix) => widened(prefix, widest).text);
  const hits = new Map(prefixes.map(({ text }) => [text, 0]));
  let [all, unknown] = [0, 0];
  for (const address of addresses) {
    if (++all % stride === 0) await turn();
    const around = address === undefined ? undefined : aroundOf(address);
    if (address === undefined || around === undefined) unknown++;
    const candidates = near.get(around ?? "");
    if (!candidates || address === undefined) continue;
    const host = prefixAround(address, ofOneHost);
    for (const prefix of candidates)
      if (host && contains(prefix, host)) hits.set(prefix.text, (hits.get(prefix.text) ?? 0) + 1);
  }
  return { all, unknown, hits };
}

/** What several processes counted, as one. */
export function together(counts: readonly Playing[]): Playing {
  const hits = new Map<string, number>();
  for (const one of counts) for (const [text, count] of one.hits) hits.set(text, (hits.get(text) ?? 0) + count);
  const sum = (of: "all" | "unknown"): number => counts.reduce((total, one) => total + one[of], 0);
  return { all: sum("all"), unknown: sum("unknown"), hits };
}

/** The text of the /24 or /48 around an address; one of IPv4 is read by its dots, since it is asked for everybody who plays. */
function aroundOf(address: string): string | undefined {
  const dot = address.includes(":") ? -1 : address.lastIndexOf(".");
  return dot > 0 ? `${address.slice(0, dot)}.0/24` : prefixAround(address, widest)?.text;
}
