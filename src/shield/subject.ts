import { addressSubject } from "../foundation/address.ts";
import { KeyedHash } from "../sketch/keyed-hash.ts";

/** How many prefixes' hashes are kept at hand; when there are more all are made again. */
const keptPrefixes = 2048;

/** Whom a connection counts for: numbers in [0, 2^52) that only who has the key can choose. */
export interface Subject {
  /** Of the address; an IPv6 /64 is one. */
  readonly address: number;
  /** Of the /24 (IPv4) or /48 (IPv6) that it is in. */
  readonly prefix: number;
}

/** The /24 or /48 of an address, as text without its length: `192.0.2`, `2001:db8:1`. What is no address is its own. */
export function prefixOf(address: string): string {
  const subject = address.includes(":") ? addressSubject(address) : address;
  const separator = subject.includes(":") ? ":" : ".";
  const end = subject.lastIndexOf(separator);
  return end < 0 ? subject : subject.slice(0, end);
}

/** A prefix as people write it. */
export const writtenPrefix = (prefix: string): string =>
  prefix.includes(":") ? `${prefix}::/48` : prefix.includes(".") ? `${prefix}.0/24` : prefix;

/** Makes subjects of addresses: strangers choose their addresses, and must not choose what they share. */
export class Subjects {
  readonly #hash: KeyedHash;
  readonly #prefixes = new Map<string, number>();

  /** @param key at least 16 bytes; the same for all edges whose summaries are to be merged */
  constructor(key: Buffer) {
    this.#hash = new KeyedHash(key);
  }

  of(address: string): Subject {
    const subject = address.includes(":") ? addressSubject(address) : address;
    const prefix = prefixOf(subject.includes(":") ? `${subject}::` : subject);
    let number = this.#prefixes.get(prefix);
    if (number === undefined) {
      if (this.#prefixes.size >= keptPrefixes) this.#prefixes.clear();
      this.#prefixes.set(prefix, (number = this.#hash.of(`${prefix}/`)));
    }
    return { address: this.#hash.of(subject), prefix: number };
  }
}
