import type { Behaviour } from "./behaviour.ts";
import { asker, type Kind, kinds, rejoin } from "./costs.ts";
import { slotSeconds, slotsPerSecond } from "./arrivals.ts";

/**
 * People between two attempts to get in, by what comes next and when, in slots of 100 ms. Each is a cohort: how many, and the
 * sum of the moments at which they first came, from which their wait is told once they are in.
 *
 * Two things make somebody wait. A connection that no edge takes is tried again by the kernel, after 1, 2, 4, 8 and 16 s (RFC 6298,
 * sections 2 and 5: the first timeout is 1 s and doubles). A connection that breaks or is refused is tried again by the
 * player after a random part of a pause that doubles (`web/player/backoff.ts`; “full jitter”: Brooker, AWS Architecture Blog,
 * 2015), up to a budget of attempts; from then on at most every half minute.
 */
const synRetries = 5;
/** Upper ends of the player's pauses, seconds. */
const pauses = [0.08, 0.5, 1, 2, 4, 8, 8, 8] as const;
/** The pause of those whose budget is spent. */
const spentPause = 30;

/** Which attempt it is: the first, those of the kernel after it, then those of the player. */
export const firstAttempt = 0;
export const firstOfPlayer = synRetries + 1;
const lastOfPlayer = firstOfPlayer + pauses.length;
const attempts = lastOfPlayer + 1;
const horizon = (spentPause + 4) * slotsPerSecond + 1;

/** People who try now: how many, and the sum of when they first came. */
export interface Attempt {
  readonly kind: Kind;
  readonly attempt: number;
  people: number;
  came: number;
}

export class WaitingRoom {
  readonly #people: Float64Array[];
  readonly #came: Float64Array[];
  readonly #sizes: Float64Array;
  readonly #patience: number;
  readonly #reloadRate: number;
  readonly #giveUpRate: number;
  #slot = 0;
  /** How many went away without an answer, by kind. */
  readonly gaveUp = new Float64Array(kinds.length);

  constructor(behaviour: Behaviour) {
    const lanes = kinds.length * attempts;
    this.#people = Array.from({ length: lanes }, () => new Float64Array(horizon));
    this.#came = Array.from({ length: lanes }, () => new Float64Array(horizon));
    this.#sizes = new Float64Array(lanes);
    this.#patience = behaviour.patience / 1000;
    this.#reloadRate = 1000 / behaviour.reloadAfter;
    this.#giveUpRate = 1000 / behaviour.giveUpAfter;
  }

  /** How many wait. */
  get size(): number {
    return this.#sizes.reduce((sum, size) => sum + size, 0);
  }

  /** No edge took the connection: the kernel tries again, or after its last time the player. */
  unanswered(kind: Kind, attempt: number, people: number, came: number): void {
    const next = attempt >= firstOfPlayer ? 1 : attempt + 1;
    if (next > synRetries) return this.#put(kind, firstOfPlayer, people, came, 0, pauses[0]);
    const pause = 2 ** (next - 1);
    this.#put(kind, next, people, came, pause, pause);
  }

  /** The connection broke or was refused: the player tries again. */
  refused(kind: Kind, attempt: number, people: number, came: number): void {
    const next = Math.min(lastOfPlayer, attempt < firstOfPlayer ? firstOfPlayer + 1 : attempt + 1);
    this.#put(kind, next, people, came, 0, pauses[next - firstOfPlayer] ?? spentPause);
  }

  /** Their edge is gone: their players notice between `from` and `to` seconds from now, and try at once. */
  orphaned(people: number, came: number, from: number, to: number): void {
    this.#put(rejoin, firstOfPlayer, people, came, from, to + pauses[0]);
  }

  /** Goes on by so many slots from `now` (seconds) on, and gives those whose time has come or who have reloaded, cohort by cohort. */
  advance(now: number, slots: number): Attempt[] {
    const due: Attempt[] = [];
    const seconds = slots * slotSeconds;
    const reload = 1 - Math.exp(-seconds * this.#reloadRate);
    const giveUp = 1 - Math.exp(-seconds * this.#giveUpRate);
    for (let lane = 0; lane < this.#people.length; lane++) {
      if (!((this.#sizes[lane] ?? 0) > 0)) continue;
      const attempt: Attempt = {
        kind: Math.floor(lane / attempts) as Kind,
        attempt: lane % attempts,
        people: 0,
        came: 0,
      };
      for (let i = 0; i < slots; i++) this.#take(lane, (this.#slot + i) % horizon, 1, attempt);
      due.push(attempt);
      // Who has the page already gets it from the browser's cache; a player that was seated begins anew.
      const again = attempt.kind === rejoin ? asker : attempt.kind;
      const reloaded: Attempt = { kind: again, attempt: firstAttempt, people: 0, came: 0 };
      const gone = { people: 0, came: 0 };
      for (let slot = 0; slot < horizon; slot++) {
        const people = this.#people[lane]?.[slot] ?? 0;
        if (people === 0 || now - (this.#came[lane]?.[slot] ?? 0) / people < this.#patience) continue;
        this.#take(lane, slot, giveUp, gone);
        this.#take(lane, slot, reload, reloaded);
      }
      this.gaveUp[attempt.kind] = (this.gaveUp[attempt.kind] ?? 0) + gone.people;
      if (reloaded.people > 0) due.push(reloaded);
      this.#sizes[lane] = Math.max(0, (this.#sizes[lane] ?? 0) - attempt.people - reloaded.people - gone.people);
      if ((this.#sizes[lane] ?? 0) < 1e-9 * attempt.people) this.#sweep(lane, attempt);
    }
    this.#slot = (this.#slot + slots) % horizon;
    return due;
  }

  /** What is left of a lane by rounding goes with those who go. */
  #sweep(lane: number, into: Attempt): void {
    for (let slot = 0; slot < horizon; slot++) this.#take(lane, slot, 1, into);
    this.#sizes[lane] = 0;
  }

  #take(lane: number, slot: number, share: number, into: { people: number; came: number }): void {
    const [people, came] = [this.#people[lane], this.#came[lane]];
    if (!people || !came) return;
    const [taken, takenCame] = [(people[slot] ?? 0) * share, (came[slot] ?? 0) * share];
    into.people += taken;
    into.came += takenCame;
    people[slot] = share === 1 ? 0 : (people[slot] ?? 0) - taken;
    came[slot] = share === 1 ? 0 : (came[slot] ?? 0) - takenCame;
  }

  /** Deals a cohort evenly over the slots from `from` to `to` seconds from now, the next slot at the earliest. */
  #put(kind: Kind, attempt: number, people: number, came: number, from: number, to: number): void {
    if (!(people > 0)) return;
    const lane = kind * attempts + attempt;
    const [counts, moments] = [this.#people[lane], this.#came[lane]];
    if (!counts || !moments) return;
    const first = Math.max(0, Math.ceil(from * slotsPerSecond - 1e-9));
    const last = Math.min(horizon - 1, Math.max(first, Math.ceil(to * slotsPerSecond - 1e-9)));
    const width = last - first + 1;
    for (let i = first; i <= last; i++) {
      const slot = (this.#slot + i) % horizon;
      counts[slot] = (counts[slot] ?? 0) + people / width;
      moments[slot] = (moments[slot] ?? 0) + came / width;
    }
    this.#sizes[lane] = (this.#sizes[lane] ?? 0) + people;
  }
}
