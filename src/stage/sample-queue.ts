/** Samples in order, given in pieces of any length and taken in pieces of another. */
export class SampleQueue {
  #parts: Float32Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Keeps the array: the caller does not write into it any more. */
  add(part: Float32Array): void {
    if (part.length === 0) return;
    this.#parts.push(part);
    this.#length += part.length;
  }

  /** Takes `count` samples; `undefined` when there are fewer. A part that fits exactly is given as it is. */
  take(count: number): Float32Array | undefined {
    const first = this.#parts[0];
    if (!first || this.#length < count) return undefined;
    this.#length -= count;
    if (first.length === count) {
      this.#parts.shift();
      return first;
    }
    const taken = new Float32Array(count);
    for (let filled = 0; filled < count;) {
      const part = this.#parts[0];
      if (!part) break;
      const some = part.subarray(0, count - filled);
      taken.set(some, filled);
      filled += some.length;
      if (some.length === part.length) this.#parts.shift();
      else this.#parts[0] = part.subarray(some.length);
    }
    return taken;
  }

  clear(): void {
    this.#parts = [];
    this.#length = 0;
  }
}

/** Two stretches of sound of one length, the first fading into the second. */
export function crossfade(from: Float32Array, to: Float32Array): Float32Array {
  return from.map((sample, i) => {
    const share = (i + 0.5) / from.length;
    return sample * (1 - share) + (to[i] ?? 0) * share;
  });
}
