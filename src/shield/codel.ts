/** How long something may wait when the queue does not get empty any more; ms. */
export const targetMs = 1000;
/** How long a queue may not have been empty, and how long something may wait until then; ms. */
export const intervalMs = 3000;

/** How often turns are counted anew while there is more than can be done, ms. */
const roundMs = 1000;

/** Something that waits. */
export interface Waiting {
  /** Whose it is: each has the next turn after all others have had one. */
  readonly from: string;
  /** Its owner's place in the order that counts while there is more than can be done, and in a full queue; the lower first. @default 0 */
  readonly place?: number;
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
 * then of each what came last goes first, for he still waits for that, and who has waited for `targetMs` is refused. Whose turn it
 * is, is then not the luck of timing: each second everybody has one in the order of their places, then a second one, as
 * far as it goes. So it is the same who are served and the others are told at once, and may do something else; nobody gains
 * by asking more often, and places change (`Order`). (Controlled delay
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
  /** Turns that each has had since `#roundSince`, under overload. */
  readonly #had = new Map<string, number>();
  #roundSince = 0;

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
   * most is refused, of several the one with the highest place: the latest, or under overload the oldest.
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
    const turn = this.isOverloaded(now) ? this.#turnByPlace(now) : this.#turns.values().next().value;
    const place = turn && this.#nextOf(turn, now);
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

  /** Those whose turn it is under overload. */
  #turnByPlace(now: number): ReadonlySet<Place> | undefined {
    if (now - this.#roundSince >= roundMs) {
      this.#roundSince = now;
      this.#had.clear();
    }
    let [first, had, at]: [ReadonlySet<Place> | undefined, number, number] = [undefined, Infinity, Infinity];
    for (const [from, places] of this.#turns) {
      const turns = this.#had.get(from) ?? 0;
      const place = placeOf(places);
      if (turns < had || (turns === had && place < at)) [first, had, at] = [places, turns, place];
    }
    const [{ from } = { from: "" }] = first ?? [];
    if (this.#had.size < this.#most || this.#had.has(from)) this.#had.set(from, had + 1);
    return first;
  }

  #nextOf(places: ReadonlySet<Place>, now: number): Place | undefined {
    return this.isOverloaded(now) ? [...places].at(-1) : places.values().next().value;
  }

  #refuseOne(now: number): void {
    let most: ReadonlySet<Place> = new Set();
    for (const places of this.#turns.values())
      if (places.size > most.size || (places.size === most.size && placeOf(places) >= placeOf(most))) most = places;
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

/** The place in the order of those that are one's. */
const placeOf = (places: ReadonlySet<Place>): number => places.values().next().value?.place ?? 0;
