/** Evenly spread numbers in [0, 2^52), the same in every run: SplitMix32 twice (Steele, Lea, Flood 2014). */
export function hashes(seed: number): () => number {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  return () => (next() >>> 12) * 2 ** 32 + next();
}
