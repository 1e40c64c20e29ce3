/** How exactly moments are kept, ms. */
export const tickMs = 10;
const slots = 4096;
const mask = slots - 1;

/** Something that is to happen at one moment at most. */
export interface Planned {
  /** The tick at which it is due; 0: never. The agenda's own. */
  tick: number;
  due(now: number): void;
}

/**
 * When everybody is due, in a hashed timer wheel (Varghese and Lauck, 1987, scheme 6): one moment for each, moved and forgotten at no cost.
 * What lies further ahead than the wheel is long is looked at once a turn. Moments are monotonic milliseconds, never early.
 */
export class Agenda {
  readonly #slots = Array.from<unknown, Planned[]>({ length: slots }, () => []);
  #tick: number;

  constructor(now: number) {
    this.#tick = Math.floor(now / tickMs);
  }

  /** It is due at `at` and not before; what was planned for it is forgotten. A moment that is over comes with the next tick. */
  plan(one: Planned, at: number): void {
    const tick = Math.max(this.#tick + 1, Math.ceil(at / tickMs));
    if (one.tick === tick) return;
    one.tick = tick;
    this.#slots[tick & mask]?.push(one);
  }

  forget(one: Planned): void {
    one.tick = 0;
  }

  /** Tells everybody who is due by `now`. */
  advance(now: number): void {
    const to = Math.floor(now / tickMs);
    while (this.#tick < to) {
      const tick = ++this.#tick;
      const slot = this.#slots[tick & mask];
      if (slot === undefined || slot.length === 0) continue;
      const later: Planned[] = [];
      this.#slots[tick & mask] = later;
      for (const one of slot) {
        if (one.tick === tick) {
          one.tick = 0;
          one.due(now);
        } else if (one.tick > tick && (one.tick & mask) === (tick & mask) && later.at(-1) !== one) later.push(one);
      }
    }
  }
}
