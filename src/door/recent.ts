/** For how long it is known what happened, seconds. */
export const recentSeconds = 60;

/** How often something happened in each of the last seconds; always the same memory. */
export class Recent {
  readonly #counts = new Float64Array(recentSeconds);
  #now = 0;

  add(now: number, count: number): void {
    this.#to(now);
    const i = this.#now % recentSeconds;
    this.#counts[i] = (this.#counts[i] ?? 0) + count;
  }

  /** How often from `since` up to `until` seconds ago; `since` is the larger. */
  sum(now: number, since = recentSeconds, until = 0): number {
    this.#to(now);
    let sum = 0;
    for (let ago = until; ago < since; ago++)
      sum += this.#counts[(this.#now - ago + recentSeconds * 2) % recentSeconds] ?? 0;
    return sum;
  }

  #to(now: number): void {
    const second = Math.floor(now);
    // A clock that is set back changes nothing until it has come here again.
    if (second <= this.#now) return;
    const passed = Math.min(recentSeconds, second - this.#now);
    for (let i = 0; i < passed; i++) this.#counts[(second - i) % recentSeconds] = 0;
    this.#now = second;
  }
}
