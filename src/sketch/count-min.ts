import { badSketch, mustBeAlike, pack, unpack } from "./packed.ts";

/** The most bytes of counters that are read from text. */
const mostBytes = 4 << 20;

export interface CountMinOptions {
  /** Counters in each row; a power of two. @default 16,384 */
  readonly width?: number;
  /** Rows. @default 4 */
  readonly depth?: number;
}

/**
 * How often each of many things was seen, in constant memory (G. Cormode, S. Muthukrishnan: An improved data stream
 * summary: the count-min sketch and its applications, 2005). An estimate is never too small, and with probability
 * 1 − e^−depth too large by at most e / width of the sum of all.
 *
 * Things are hashes, whole numbers in [0, 2^52) and evenly spread; a row's place is a combination of their halves
 * (A. Kirsch, M. Mitzenmacher: Less hashing, same performance, 2006). Whoever lets strangers choose things makes the
 * hashes with a key, or they choose those that collide.
 */
export class CountMin {
  readonly #width: number;
  readonly #depth: number;
  readonly #cells: Float32Array;

  constructor({ width = 16_384, depth = 4 }: CountMinOptions = {}) {
    this.#width = width;
    this.#depth = depth;
    this.#cells = new Float32Array(width * depth);
  }

  /** Reads what `toString` wrote. Throws `bad-sketch` for anything else. */
  static parse(text: string): CountMin {
    const size = ([width, depth]: readonly [number, number]): number =>
      (width & (width - 1)) === 0 ? width * depth * Float32Array.BYTES_PER_ELEMENT : 0;
    const { measures, bytes } = unpack(text, "c", size, mostBytes);
    const sketch = new CountMin({ width: measures[0], depth: measures[1] });
    new Uint8Array(sketch.#cells.buffer).set(bytes);
    if (!sketch.#cells.every((cell) => cell >= 0 && cell < Infinity)) throw badSketch("a counter is no count");
    return sketch;
  }

  /** Bytes of its counters: all that grows, and it does not. */
  get byteLength(): number {
    return this.#cells.byteLength;
  }

  /**
   * Counts something, by the conservative update (C. Estan, G. Varghese: New directions in traffic measurement and
   * accounting, 2002): only counters that say too little are raised, so others are told too much less often.
   */
  add(hash: number, amount = 1): void {
    const least = this.estimate(hash) + amount;
    for (let row = 0; row < this.#depth; row++) {
      const at = this.#at(hash, row);
      if ((this.#cells[at] ?? 0) < least) this.#cells[at] = least;
    }
  }

  /** How much was counted of something; never less. */
  estimate(hash: number): number {
    let least = Infinity;
    for (let row = 0; row < this.#depth; row++) least = Math.min(least, this.#cells[this.#at(hash, row)] ?? 0);
    return least;
  }

  /** Lets all counts fade: a half-life is `scale(0.5)`, or as much of it as has passed. */
  scale(factor: number): void {
    const cells = this.#cells;
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i] ?? 0;
      if (cell > 0) cells[i] = cell < 1e-3 ? 0 : cell * factor;
    }
  }

  /** Adds all that another one of the same measures, with hashes of the same key, has counted. Throws `bad-sketch`. */
  merge(other: CountMin): void {
    mustBeAlike([this.#width, this.#depth], [other.#width, other.#depth]);
    for (let i = 0; i < this.#cells.length; i++) this.#cells[i] = (this.#cells[i] ?? 0) + (other.#cells[i] ?? 0);
  }

  toString(): string {
    return pack("c", [this.#width, this.#depth], this.#cells);
  }

  #at(hash: number, row: number): number {
    const first = hash % 2 ** 26;
    // Odd, so that it goes round all of a row.
    const second = Math.floor(hash / 2 ** 26) | 1;
    return row * this.#width + ((first + row * second) & (this.#width - 1));
  }
}
