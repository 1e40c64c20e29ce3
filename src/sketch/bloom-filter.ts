import { mustBeAlike, pack, unpack } from "./packed.ts";

/** The most bytes that are read from text. */
const mostBytes = 4 << 20;

export interface BloomFilterOptions {
  /** A power of two, at least 8. @default 2^20, 128 KB: 100,000 things with 1 % of strangers taken for one of them */
  readonly bits?: number;
  /** Bits set for each thing. @default 4 */
  readonly hashes?: number;
}

/**
 * A set that can only be asked whether something is in it (B. Bloom: Space/time trade-offs in hash coding with allowable
 * errors, 1970): who is in is always found, and a stranger now and then. Things are hashes, whole numbers in [0, 2^52),
 * evenly spread.
 */
export class BloomFilter {
  readonly #bits: number;
  readonly #hashes: number;
  readonly #bytes: Uint8Array;

  constructor({ bits = 2 ** 20, hashes = 4 }: BloomFilterOptions = {}) {
    this.#bits = bits;
    this.#hashes = hashes;
    this.#bytes = new Uint8Array(bits / 8);
  }

  /** Reads what `toString` wrote. Throws `bad-sketch` for anything else. */
  static parse(text: string): BloomFilter {
    const size = ([bits, hashes]: readonly [number, number]): number =>
      bits >= 8 && (bits & (bits - 1)) === 0 && hashes >= 1 && hashes <= 16 ? bits / 8 : 0;
    const { measures, bytes } = unpack(text, "b", size, mostBytes);
    const filter = new BloomFilter({ bits: measures[0], hashes: measures[1] });
    filter.#bytes.set(bytes);
    return filter;
  }

  get byteLength(): number {
    return this.#bytes.byteLength;
  }

  /** False when it was in already, or seemed to be. */
  add(hash: number): boolean {
    let changed = false;
    for (let i = 0; i < this.#hashes; i++) {
      const bit = this.#bit(hash, i);
      const before = this.#bytes[bit >> 3] ?? 0;
      const after = before | (1 << (bit & 7));
      if (after !== before) {
        this.#bytes[bit >> 3] = after;
        changed = true;
      }
    }
    return changed;
  }

  has(hash: number): boolean {
    for (let i = 0; i < this.#hashes; i++) {
      const bit = this.#bit(hash, i);
      if (((this.#bytes[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }

  /** Empties it. */
  clear(): void {
    this.#bytes.fill(0);
  }

  /** Takes all that is in another one of the same measures, with hashes of the same key. Throws `bad-sketch`. */
  merge(other: BloomFilter): void {
    mustBeAlike([this.#bits, this.#hashes], [other.#bits, other.#hashes]);
    for (let i = 0; i < this.#bytes.length; i++) this.#bytes[i] = (this.#bytes[i] ?? 0) | (other.#bytes[i] ?? 0);
  }

  toString(): string {
    return pack("b", [this.#bits, this.#hashes], this.#bytes);
  }

  #bit(hash: number, i: number): number {
    const second = Math.floor(hash / 2 ** 26) | 1;
    return ((hash % 2 ** 26) + i * second) & (this.#bits - 1);
  }
}
