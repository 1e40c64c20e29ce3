/** Bits of the filter: 64 KiB. Of 50,000 prefixes that are not in it one in a hundred seems to be. */
const size = 2 ** 19;
const probes = 4;

/** Which prefixes have listened: a Bloom filter (B. Bloom, 1970) that never grows. Full, it takes everybody for known and says how full it is. */
export class History {
  readonly #bits = new Uint8Array(size / 8);
  /** About how many were added. */
  known = 0;

  /** @param hash evenly spread, in [0, 2^52) */
  has(hash: number): boolean {
    for (let i = 0; i < probes; i++) if (!this.#bit(placeOf(hash, i))) return false;
    return true;
  }

  add(hash: number): void {
    let isNew = false;
    for (let i = 0; i < probes; i++) {
      const at = placeOf(hash, i);
      if (this.#bit(at)) continue;
      isNew = true;
      this.#bits[at >> 3] = (this.#bits[at >> 3] ?? 0) | (1 << (at & 7));
    }
    if (isNew) this.known++;
  }

  #bit(at: number): boolean {
    return ((this.#bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
  }
}

/** Two halves of a hash stand for as many as are wanted (Kirsch and Mitzenmacher, 2006). */
const placeOf = (hash: number, i: number): number => (Math.floor(hash / 2 ** 26) + i * ((hash % 2 ** 26) | 1)) % size;
