/** Mixes 32 bits so that each depends on each (the finalizer of MurmurHash3, A. Appleby, public domain). */
function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * 52 evenly spread bits of two numbers of 32 bits, for sketches: fast, and not to be foreseen by who has not the key. It hides
 * nothing: what is written down by it is a sketch, never the hash itself.
 * @param key four numbers of 32 bits
 */
export function keyedHash(high: number, low: number, [a, b, c, d]: Uint32Array): number {
  const x = mix(mix(low ^ (a ?? 0)) ^ mix(high ^ (b ?? 0)));
  const y = mix(mix((low + (x >>> 3)) ^ (c ?? 0)) ^ (high + (d ?? 0)));
  return (x >>> 0) * 2 ** 20 + (y >>> 12);
}
