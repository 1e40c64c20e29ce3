/** How long something may wait when the queue does not get empty any more; ms. */
export const targetMs = 1000;
/** How long a queue may not have been empty, and how long something may wait until then; ms. */
export const intervalMs = 3000;

/** Something that waits. */
export interface Waiting {
  /** Whose it is: each has the next turn after all others have had one. */
  readonly from: string;
  /** Its turn has come. */
  readonly go: () => void;
  /** It has waited too long, or there is no room. */
  readonly refuse: () => void;
}

interface Place extends Waiting {
  readonly since: number;
}

/**
 * A queue that stays short, and in which who has much in it waits for himself. As long as it gets empty now and then (a
 * burst), each one's are served in their order; when it has not been for `intervalMs` there is more than can be done, and
 * then who came last goes first, for he is still there, and who has waited for `targetMs` is refused. (Controlled delay
 * after K. Nichols, V. Jacobson: Controlling queue delay, 2012; as a limit on each one's wait, with last in, first out under
 * overload, after B. Maurer: Fail at scale, 2015. Turns: J. Nagle, RFC 970.)
 */
export class ControlledQueue {
  readonly #most: number;
  /** In the order in which they came. */
  readonly #places = new Set<Place>();
  /** The same by whose they are; whose turn is next is first. */
  readonly #turns = new Map<string, Set<Place>>();
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

  /**
   * Puts something in the queue; the function returned takes it out again. When it is full, one of those of whom there are
   * most is refused: the latest, or under overload the oldest.
   */
  add(waiting: Waiting, now: number): () => void {
    if (this.#places.size === 0) this.#busySince = now;
    const place: Place = { ...waiting, since: now };
    this.#places.add(place);
    const own = this.#turns.get(place.from);
    if (own) own.add(place);
    else this.#turns.set(place.from, new Set([place]));
    if (this.#places.size > this.#most) this.#refuseOne(now);
    return () => this.#take(place);
  }

  /** Lets the next one go; false when nobody waits. */
  next(now: number): boolean {
    this.expire(now);
    const [turn] = this.#turns;
    const place = turn && this.#nextOf(turn[1], now);
    if (!place) return false;
    this.#take(place);
    const rest = this.#turns.get(place.from);
    if (rest) {
      this.#turns.delete(place.from);
      this.#turns.set(place.from, rest);
    }
    place.go();
    return true;
  }

  /** Refuses who has waited too long. */
  expire(now: number): void {
    const patience = this.isOverloaded(now) ? targetMs : intervalMs;
    for (const place of this.#places) {
      if (now - place.since < patience) break;
      this.#take(place);
      place.refuse();
    }
  }

  #nextOf(places: ReadonlySet<Place>, now: number): Place | undefined {
    return this.isOverloaded(now) ? [...places].at(-1) : places.values().next().value;
  }

  #refuseOne(now: number): void {
    let most: ReadonlySet<Place> = new Set();
    for (const places of this.#turns.values()) if (places.size >= most.size) most = places;
    const place = this.isOverloaded(now) ? most.values().next().value : [...most].at(-1);
    if (!place) return;
    this.#take(place);
    place.refuse();
  }

  #take(place: Place): void {
    if (!this.#places.delete(place)) return;
    const own = this.#turns.get(place.from);
    own?.delete(place);
    if (own?.size === 0) this.#turns.delete(place.from);
  }
}
