const sliceMs = 10_000;
const slices = 6;

/** How many came within the last minute, in slices of ten seconds. */
export class Pace {
  readonly #counts = new Uint32Array(slices);
  #slice = 0;

  add(now: number): void {
    this.#turn(now);
    const at = this.#slice % slices;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  lastMinute(now: number): number {
    this.#turn(now);
    return this.#counts.reduce((sum, one) => sum + one, 0);
  }

  #turn(now: number): void {
    const slice = Math.floor(now / sliceMs);
    const passed = Math.min(slices, Math.max(0, slice - this.#slice));
    for (let i = 1; i <= passed; i++) this.#counts[(this.#slice + i) % slices] = 0;
    if (passed > 0) this.#counts[slice % slices] = 0;
    this.#slice = Math.max(slice, this.#slice);
  }
}
