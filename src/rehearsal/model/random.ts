/** Numbers in [0, 1) that are the same for the same seed on every machine. */
export type Random = () => number;

/**
 * A seeded generator: `sfc32` of the PractRand suite (Chris Doty-Humphrey), 128 bits of state. `stream` gives independent
 * numbers for the same seed, so that what is drawn for the crowd stays the same when the edges are other ones.
 */
export function seeded(seed: number, stream: number): Random {
  let a = 0x9e3779b9 ^ seed;
  let b = 0x243f6a88 ^ stream;
  let c = 0xb7e15162 ^ Math.floor(seed / 2 ** 32);
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // The first outputs still show how the state was filled.
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** A standard normal number, by the polar method (Marsaglia and Bray, 1964). */
export function normal(random: Random): number {
  for (;;) {
    const x = 2 * random() - 1;
    const y = 2 * random() - 1;
    const square = x * x + y * y;
    if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
  }
}
