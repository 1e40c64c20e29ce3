/** How long something may wait when the queue does not get empty any more; ms. */
export const targetMs = 50;
/** How long a queue may not have been empty, and how long something may wait until then; ms. */
export const intervalMs = 500;

/** Something that waits. */
export interface Waiting {
  /** Its turn has come. */
  readonly go: () => void;
  /** It has waited too long, or there is no room. */
  readonly refuse: () => void;
}

interface Place extends Waiting {
  readonly since: number;
}

/**
 * A queue that stays short. As long as it gets empty now and then (a burst) it is first come, first served; when it has not
 * been for `intervalMs` there is more than can be done, and then who came last goes first, for he is still there, and who
 * has waited for `targetMs` is refused. (Controlled delay after K. Nichols, V. Jacobson: Controlling queue delay, 2012; as
 * a limit on each one's wait, with last in, first out under overload, after B. Maurer: Fail at scale, 2015.)
 */
export class ControlledQueue {
  readonly #most: number;
  readonly #places = new Set<Place>();
  /** Since when it has not been empty. */
  #busySince = 0;

  /** @param most how many may wait */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#places.size;
  }

  isOverloaded(now: number): boolean {
    return this.#places.size > 0 && now - this.#busySince >= intervalMs;
  }

  /** Puts something in the queue; the function returned takes it out again. In a full one the newcomer, or under overload the oldest, is refused. */
  add(waiting: Waiting, now: number): () => void {
    if (this.#places.size === 0) this.#busySince = now;
    const place: Place = { ...waiting, since: now };
    if (this.#places.size >= this.#most) {
      const isOverloaded = this.isOverloaded(now);
      const [oldest] = this.#places;
      if (!isOverloaded || !oldest) {
        place.refuse();
        return () => {};
      }
      this.#places.delete(oldest);
      oldest.refuse();
    }
    this.#places.add(place);
    return () => void this.#places.delete(place);
  }

  /** Lets the next one go; false when nobody waits. */
  next(now: number): boolean {
    this.expire(now);
    const place = this.isOverloaded(now) ? [...this.#places].at(-1) : this.#places.values().next().value;
    if (!place) return false;
    this.#places.delete(place);
    place.go();
    return true;
  }

  /** Refuses who has waited too long. */
  expire(now: number): void {
    const patience = this.isOverloaded(now) ? targetMs : intervalMs;
    for (const place of this.#places) {
      if (now - place.since < patience) break;
      this.#places.delete(place);
      place.refuse();
    }
  }
}
