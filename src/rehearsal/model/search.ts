/**
 * The least whole number from 1 to `most` for which `holds` is true, when it is true from there on; `undefined` when it is not
 * true at `most`. It looks near `guess` first, in steps that double, and halves what is left.
 */
export function least(guess: number, most: number, holds: (n: number) => boolean): number | undefined {
  const start = Math.max(1, Math.min(most, Math.floor(guess)));
  let [low, high] = [0, start];
  if (holds(start)) {
    for (let step = 1; ; step *= 2) {
      const next = Math.max(1, start - step);
      if (high === 1) return 1;
      if (!holds(next)) {
        low = next;
        break;
      }
      high = next;
    }
  } else {
    if (start === most) return undefined;
    low = start;
    for (let step = 1; ; step *= 2) {
      high = Math.min(most, start + step);
      if (holds(high)) break;
      if (high === most) return undefined;
      low = high;
    }
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
