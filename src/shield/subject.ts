import { hash } from "node:crypto";
import { addressSubject } from "../foundation/address.ts";

/** How many prefixes' hashes are kept at hand; when there are more all are made again. */
const keptPrefixes = 2048;
/** Hexadecimal digits of a digest that make a number in [0, 2^52). */
const hashDigits = 13;

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

/**
 * Makes subjects of addresses: the first 52 bits of SHA-256 over a secret of fixed length and the address. Strangers choose
 * their addresses (an IPv6 /32 has 2^96), so without a secret they would choose those that share counters with others.
 * It is an ordinary one-shot hash of Node's (1 µs) and no HMAC (5 µs): the digest is cut and told to nobody, so there is
 * nothing to extend.
 */
export class Subjects {
  readonly #secret: string;
  readonly #prefixes = new Map<string, number>();

  /** @param key at least 16 bytes; the same for all edges whose summaries are to be merged */
  constructor(key: Buffer) {
    this.#secret = hash("sha256", key, "hex");
  }

  of(address: string): Subject {
    const subject = address.includes(":") ? addressSubject(address) : address;
    const prefix = prefixOf(subject.includes(":") ? `${subject}::` : subject);
    let number = this.#prefixes.get(prefix);
    if (number === undefined) {
      if (this.#prefixes.size >= keptPrefixes) this.#prefixes.clear();
      this.#prefixes.set(prefix, (number = this.#hash(`${prefix}/`)));
    }
    return { address: this.#hash(subject), prefix: number };
  }

  #hash(text: string): number {
    return Number.parseInt(hash("sha256", this.#secret + text, "hex").slice(0, hashDigits), 16);
  }
}
