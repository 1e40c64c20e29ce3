import { meet, parseRange, type Prefix } from "./prefix.ts";

/** How many prefixes somebody may configure, and how many of our own edges are remembered. */
export const maxAllowed = 256;
export const maxOwn = 256;
/** For how long an edge of ours is remembered after it showed the key, ms. */
const ownForMs = 3600_000;

/**
 * Never handed down, whoever asks: unspecified, link-local and multicast addresses, which no visitor has, and loopback, from where proxies on
 * this machine come. Of loopback it is the part that a system gives by itself; who comes from the rest has bound such an address on purpose, as
 * rehearsals do.
 */
export const specialPrefixes = [
  "0.0.0.0/8",
  "127.0.0.0/16",
  "169.254.0.0/16",
  "224.0.0.0/3",
  "::/127",
  "fe80::/10",
  "ff00::/8",
] as const;

/** Prefixes that nothing is ever done against. What only touches one of them is allowed as well. */
export class AllowList {
  readonly #always: readonly Prefix[];
  readonly #own = new Map<string, { readonly prefix: Prefix; until: number }>();

  /** Throws a RangeError that names what is no prefix. */
  constructor(prefixes: readonly string[]) {
    if (prefixes.length > maxAllowed) throw new RangeError(`${prefixes.length} prefixes, and at most ${maxAllowed}`);
    this.#always = [...specialPrefixes, ...prefixes].map((text) => {
      const prefix = parseRange(text);
      if (!prefix) throw new RangeError(text);
      return prefix;
    });
  }

  /** An edge of the installation speaks from here; it is remembered for an hour. */
  own(prefix: Prefix, now: number): void {
    this.#own.delete(prefix.text);
    this.#own.set(prefix.text, { prefix, until: now + ownForMs });
    const [oldest] = this.#own.keys();
    if (this.#own.size > maxOwn && oldest !== undefined) this.#own.delete(oldest);
  }

  /** What of the list a prefix touches: written by us or by whoever configured it, or one of our edges. */
  touchedBy(prefix: Prefix, now: number): { readonly kind: "allowed" | "own"; readonly text: string } | undefined {
    const always = this.#always.find((one) => meet(one, prefix));
    if (always) return { kind: "allowed", text: always.text };
    for (const { prefix: own, until } of this.#own.values())
      if (until > now && meet(own, prefix)) return { kind: "own", text: own.text };
    return undefined;
  }
}
