import { hash } from "node:crypto";
import { addressSubject } from "../foundation/address.ts";
import { SpaceSaving } from "../sketch/space-saving.ts";
import { contains, ofOneHost, parsePrefix, type Prefix, prefixAround, widened, widest } from "./prefix.ts";

/** Connections of one address that were refused lately, from which on something should be done: some 35 a second for a while. */
export const refusedFrom = 500;
/** The same for a prefix, of addresses that have not reached theirs. */
export const refusedInPrefixFrom = 1000;
/** When so many addresses of a prefix have reached theirs, it is the prefix. */
export const addressesForPrefix = 8;
/** Half of what was refused is forgotten after so long, ms. */
export const refusedHalfLifeMs = 10_000;

/** Places for addresses and for prefixes; those with most stay. */
const addressPlaces = { sets: 128, ways: 8 };
const prefixPlaces = { sets: 64, ways: 8 };
/** Names that are kept before those that have lost their place are let go. */
export const maxNames = 4096;
/** Hexadecimal digits of a digest that make a number in [0, 2^52). */
const hashDigits = 13;

/** Where connections came from that were refused, and came on all the same. */
export interface Offender {
  readonly prefix: Prefix;
  /** Connections that were refused lately, at least. */
  readonly refused: number;
  /** How many addresses of it are known to have come. */
  readonly addresses: number;
}

export interface OffendersOptions {
  /** Secret: strangers choose their addresses, and must not choose which share a place. */
  readonly key: Buffer;
  /** @default refusedFrom */
  readonly refusedFrom?: number;
  /** @default refusedInPrefixFrom */
  readonly refusedInPrefixFrom?: number;
}

/** Who comes on although refused, in constant memory; nobody is blamed for what another one did. */
export class Offenders {
  readonly #secret: string;
  readonly #from: number;
  readonly #prefixFrom: number;
  readonly #addresses = new SpaceSaving(addressPlaces);
  readonly #prefixes = new SpaceSaving(prefixPlaces);
  readonly #names = new Map<number, string>();
  #faded: number | undefined;
  #isEmpty = true;

  constructor(options: OffendersOptions) {
    this.#secret = hash("sha256", options.key, "hex");
    this.#from = options.refusedFrom ?? refusedFrom;
    this.#prefixFrom = options.refusedInPrefixFrom ?? refusedInPrefixFrom;
  }

  /** How many names are kept now. */
  get names(): number {
    return this.#names.size;
  }

  /** A connection of an address was refused. */
  refused(address: string): void {
    const subject = addressSubject(address);
    const cut = subject.lastIndexOf(subject.includes(":") ? ":" : ".");
    // What is no address is nobody's.
    if (cut < 0) return;
    this.#isEmpty = false;
    this.#add(this.#addresses, subject);
    this.#add(this.#prefixes, `${subject.slice(0, cut)}/`);
  }

  /** Forgets what time forgives; monotonic ms. */
  fade(now: number): void {
    const factor = 0.5 ** ((now - (this.#faded ?? now)) / refusedHalfLifeMs);
    this.#faded = now;
    this.#addresses.scale(factor);
    this.#prefixes.scale(factor);
  }

  /** Who came on most: prefixes before what is in them. Costs nothing while nobody does. */
  heavy(): Offender[] {
    if (this.#isEmpty) return [];
    const addresses = this.#read(this.#addresses);
    const prefixes = this.#read(this.#prefixes);
    this.#isEmpty = addresses.length === 0 && prefixes.length === 0;
    const heavy = addresses.filter(({ refused }) => refused >= this.#from);
    const wide = prefixes.flatMap(({ prefix, refused }): Offender[] => {
      const inIt = addresses.filter((one) => contains(prefix, one.prefix));
      const own = inIt.filter((one) => one.refused >= this.#from);
      const others = refused - own.reduce((sum, one) => sum + one.refused, 0);
      const isWide = others >= this.#prefixFrom || own.length >= addressesForPrefix;
      return isWide ? [{ prefix, refused, addresses: inIt.length }] : [];
    });
    return [...wide, ...heavy];
  }

  #add(places: SpaceSaving, name: string): void {
    const number = Number.parseInt(hash("sha256", this.#secret + name, "hex").slice(0, hashDigits), 16);
    places.add(number);
    if (this.#names.has(number)) return;
    this.#names.set(number, name);
    if (this.#names.size > maxNames) this.#forgetNames();
  }

  #forgetNames(): void {
    const all = [this.#addresses, this.#prefixes].flatMap((places) => places.top(Infinity));
    const kept = new Set(all.map(({ item }) => item));
    for (const number of this.#names.keys()) if (!kept.has(number)) this.#names.delete(number);
  }

  #read(places: SpaceSaving): Offender[] {
    return places.top(Infinity).flatMap(({ item, least }) => {
      const prefix = least >= 1 ? ofName(this.#names.get(item) ?? "") : undefined;
      return prefix ? [{ prefix, refused: Math.round(least), addresses: 1 }] : [];
    });
  }
}

/** A subject of `addressSubject`, or with `/` behind it the prefix that it is in without its last part. */
function ofName(name: string): Prefix | undefined {
  const isWide = name.endsWith("/");
  const parts = name.replace("/", "");
  if (parts.includes(":")) {
    const address = prefixAround(`${parts}::`, ofOneHost);
    return address && (isWide ? widened(address, widest) : address);
  }
  return isWide ? parsePrefix(`${parts}.0/24`) : parsePrefix(parts);
}
