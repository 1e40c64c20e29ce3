import { badSketch, mustBeAlike, pack, unpack } from "./packed.ts";

const mostBytes = 4 << 20;
/** Bytes of one place: the thing, its count, its error. */
const placeBytes = 16;
/** Marks a place that is free. */
const free = -1;
/** What has faded below this is forgotten. */
const forgotten = 1e-3;

export interface SpaceSavingOptions {
  /** Groups of places; a thing has its group by its remainder. One is the published algorithm. @default 1 */
  readonly sets?: number;
  /** Places in each group. @default 256 */
  readonly ways?: number;
}

/** Something that was seen often: between `least` and `most` times. */
export interface Heavy {
  readonly item: number;
  readonly least: number;
  readonly most: number;
}

/**
 * The things that were seen most, with bounds, in constant memory (A. Metwally, D. Agrawal, A. El Abbadi: Efficient
 * computation of frequent and top-k elements in data streams, 2005): a new thing takes the place of the rarest and its
 * count as its possible error. Nothing above `sum / places` is missed, and `least` is never too much: whoever acts on it
 * blames nobody for what another one did.
 *
 * With several groups each is such a summary of the things that fall into it, and a count costs as much as a group is
 * large. Things are whole numbers in [0, 2^53), and evenly spread where there are several groups.
 */
export class SpaceSaving {
  readonly #sets: number;
  readonly #ways: number;
  readonly #items: Float64Array;
  readonly #counts: Float32Array;
  readonly #errors: Float32Array;

  constructor({ sets = 1, ways = 256 }: SpaceSavingOptions = {}) {
    this.#sets = sets;
    this.#ways = ways;
    this.#items = new Float64Array(sets * ways).fill(free);
    this.#counts = new Float32Array(sets * ways);
    this.#errors = new Float32Array(sets * ways);
  }

  /** Reads what `toString` wrote. Throws `bad-sketch` for anything else. */
  static parse(text: string): SpaceSaving {
    const { measures, bytes } = unpack(text, "h", ([sets, ways]) => sets * ways * placeBytes, mostBytes);
    const sketch = new SpaceSaving({ sets: measures[0], ways: measures[1] });
    const places = measures[0] * measures[1];
    new Uint8Array(sketch.#items.buffer).set(bytes.subarray(0, places * 8));
    new Uint8Array(sketch.#counts.buffer).set(bytes.subarray(places * 8, places * 12));
    new Uint8Array(sketch.#errors.buffer).set(bytes.subarray(places * 12));
    for (let at = 0; at < places; at++) if (!sketch.#isWell(at)) throw badSketch("a place holds no count of a thing");
    return sketch;
  }

  get byteLength(): number {
    return this.#items.byteLength + this.#counts.byteLength + this.#errors.byteLength;
  }

  add(item: number, amount = 1): void {
    const from = this.#from(item);
    let rarest = from;
    let fewest = Infinity;
    for (let at = from; at < from + this.#ways; at++) {
      const one = this.#items[at];
      if (one === item) {
        this.#counts[at] = (this.#counts[at] ?? 0) + amount;
        return;
      }
      const count = one === free ? -1 : (this.#counts[at] ?? 0);
      if (count < fewest) [rarest, fewest] = [at, count];
    }
    const error = Math.max(0, fewest);
    this.#items[rarest] = item;
    this.#counts[rarest] = error + amount;
    this.#errors[rarest] = error;
  }

  /** How much of something was seen at least; 0 for what has no place. */
  least(item: number): number {
    const at = this.#find(item);
    return at < 0 ? 0 : Math.max(0, (this.#counts[at] ?? 0) - (this.#errors[at] ?? 0));
  }

  /** How much of something can have been seen at most. */
  most(item: number): number {
    const at = this.#find(item);
    return at < 0 ? this.#fewest(this.#from(item)) : (this.#counts[at] ?? 0);
  }

  /** The things seen most, by what is certain. */
  top(count: number): Heavy[] {
    const all: Heavy[] = [];
    for (const [at, item] of this.#items.entries()) {
      const most = this.#counts[at] ?? 0;
      if (item !== free) all.push({ item, least: Math.max(0, most - (this.#errors[at] ?? 0)), most });
    }
    return all.toSorted((a, b) => b.least - a.least || b.most - a.most).slice(0, count);
  }

  /** At most `count` of the things of which at least `amount` was seen for certain, those seen most; in no order. */
  above(amount: number, count: number): Heavy[] {
    const [counts, errors] = [this.#counts, this.#errors];
    let size = 0;
    for (let at = 0; at < counts.length; at++) if ((counts[at] ?? 0) - (errors[at] ?? 0) >= amount) size++;
    const bar = size <= count ? amount : this.#bar(amount, size - count, size);
    const some: Heavy[] = [];
    for (let at = 0; at < counts.length && some.length < count; at++) {
      const most = counts[at] ?? 0;
      const least = most - (errors[at] ?? 0);
      if (least >= bar) some.push({ item: this.#items[at] ?? free, least, most });
    }
    return some;
  }

  /** What the things at least have that are left when `less` of the `size` things with `amount` or more are left out. */
  #bar(amount: number, less: number, size: number): number {
    // Numbers alone are sorted much faster than things are by their numbers.
    const found = new Float32Array(size);
    let i = 0;
    for (let at = 0; at < this.#counts.length; at++) {
      const least = (this.#counts[at] ?? 0) - (this.#errors[at] ?? 0);
      if (least >= amount) found[i++] = least;
    }
    return found.sort()[less] ?? amount;
  }

  /** Lets all counts fade. */
  scale(factor: number): void {
    const [items, counts, errors] = [this.#items, this.#counts, this.#errors];
    for (let at = 0; at < items.length; at++) {
      if (items[at] === free) continue;
      counts[at] = (counts[at] ?? 0) * factor;
      errors[at] = (errors[at] ?? 0) * factor;
      if ((counts[at] ?? 0) < forgotten) {
        items[at] = free;
        counts[at] = errors[at] = 0;
      }
    }
  }

  /**
   * Adds all that another one of the same measures has seen (P. Agarwal et al.: Mergeable summaries, 2012): what only one
   * of them has may have been seen as often as the rarest by the other. Throws `bad-sketch`.
   */
  merge(other: SpaceSaving): void {
    mustBeAlike([this.#sets, this.#ways], [other.#sets, other.#ways]);
    for (let set = 0; set < this.#sets; set++) {
      const from = set * this.#ways;
      const sums = new Map<number, { count: number; error: number }>();
      for (const [one, two] of [
        [this, other],
        [other, this],
      ] as const)
        for (let at = from; at < from + this.#ways; at++) {
          const item = one.#items[at] ?? free;
          if (item === free || sums.has(item)) continue;
          const there = two.#find(item);
          const fewest = there < 0 ? two.#fewest(from) : 0;
          sums.set(item, {
            count: (one.#counts[at] ?? 0) + (there < 0 ? fewest : (two.#counts[there] ?? 0)),
            error: (one.#errors[at] ?? 0) + (there < 0 ? fewest : (two.#errors[there] ?? 0)),
          });
        }
      const kept = [...sums].toSorted(([, a], [, b]) => b.count - a.count).slice(0, this.#ways);
      for (let way = 0; way < this.#ways; way++) {
        const [item = free, { count, error } = { count: 0, error: 0 }] = kept[way] ?? [];
        this.#items[from + way] = item;
        this.#counts[from + way] = count;
        this.#errors[from + way] = error;
      }
    }
  }

  toString(): string {
    return pack("h", [this.#sets, this.#ways], this.#items, this.#counts, this.#errors);
  }

  #from(item: number): number {
    return (item % this.#sets) * this.#ways;
  }

  #find(item: number): number {
    const from = this.#from(item);
    for (let at = from; at < from + this.#ways; at++) if (this.#items[at] === item) return at;
    return -1;
  }

  /** The smallest count of a group, which what has no place there can have been seen at most; 0 while there is room. */
  #fewest(from: number): number {
    let fewest = Infinity;
    for (let at = from; at < from + this.#ways; at++) {
      if (this.#items[at] === free) return 0;
      fewest = Math.min(fewest, this.#counts[at] ?? 0);
    }
    return fewest;
  }

  #isWell(at: number): boolean {
    const [item = free, count = 0, error = 0] = [this.#items[at], this.#counts[at], this.#errors[at]];
    if (item === free) return count === 0 && error === 0;
    const isThere = Number.isSafeInteger(item) && item >= 0 && Math.floor(at / this.#ways) === item % this.#sets;
    return isThere && count > 0 && count < Infinity && error >= 0 && error <= count;
  }
}
