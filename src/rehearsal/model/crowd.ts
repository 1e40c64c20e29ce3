import type { Behaviour } from "./behaviour.ts";
import { asker, ender, type Kind } from "./costs.ts";
import type { Served } from "./edge.ts";
import { type Attempt, firstAttempt, WaitingRoom } from "./waiting-room.ts";

/** Where everybody is who is not on an edge. Nobody is lost and nobody is counted twice (`check`). */
export class Crowd {
  readonly #everybody: number;
  readonly #behaviour: Behaviour;
  readonly waiting: WaitingRoom;
  /** Have not come yet. */
  #expected: number;
  /** Have captions and a place in line. */
  standing = 0;
  /** Have the static page. */
  leafed = 0;
  /** Left, and will be back. */
  #away = 0;
  /** Heard the last sound, and will ask what comes now. */
  #ending = 0;
  /** Left for good; heard that it is over. */
  #left = 0;
  #ended = 0;
  /** How many ever stood or got the static page. */
  everTurnedAway = 0;
  /** By how much the count of people was ever off, as a share of all. */
  imbalance = 0;

  constructor(everybody: number, behaviour: Behaviour) {
    this.#everybody = everybody;
    this.#expected = everybody;
    this.#behaviour = behaviour;
    this.waiting = new WaitingRoom(behaviour);
  }

  come(people: number): void {
    this.#expected -= people;
  }

  serve(served: Served): void {
    const { returnShare } = this.#behaviour;
    this.standing += served.stood;
    this.leafed += served.leafed;
    this.everTurnedAway += served.turnedNew;
    this.#away += served.left * returnShare;
    this.#left += served.left * (1 - returnShare);
    this.#ended += served.ended;
  }

  orphan(people: number, now: number, from: number, to: number): void {
    this.waiting.orphaned(people, people * now, from, to);
  }

  /** It is over for people who were seated. */
  dismiss(people: number): void {
    this.#ending += people;
  }

  /** It is over for those who stand or have the static page too; who is away need not come back. */
  dismissRest(): void {
    this.#ending += this.standing + this.leafed;
    this.#left += this.#away;
    this.standing = this.leafed = this.#away = 0;
  }

  /**
   * Who comes to an edge by themselves in the next `dt` seconds: asks for a seat, comes back, wants to know what comes now.
   * @param endLeft seconds within which everybody has heard that it is over
   */
  back(now: number, dt: number, endLeft: number): Attempt[] {
    const { standingAsks, staticBack, returnAfter } = this.#behaviour;
    // Of less than a millionth of a person there is no share.
    const part = (people: number, mean: number): number =>
      people < 1e-6 ? people : people * (1 - Math.exp((-dt * 1000) / mean));
    const asks = part(this.standing, standingAsks);
    const returns = part(this.leafed, staticBack);
    const again = part(this.#away, returnAfter);
    const ends = this.#ending * Math.min(1, dt / endLeft);
    this.standing -= asks;
    this.leafed -= returns;
    this.#away -= again;
    this.#ending -= ends;
    const moment = now + dt / 2;
    const attempt = (kind: Kind, people: number): Attempt => ({
      kind,
      attempt: firstAttempt,
      people,
      came: people * moment,
    });
    return [attempt(asker, asks + returns + again), attempt(ender, ends)];
  }

  /** Counts everybody, with those on the edges. */
  check(seated: number, queued: number): void {
    const gone = this.waiting.gaveUp.reduce((sum, people) => sum + people, 0);
    const elsewhere =
      this.#expected + this.standing + this.leafed + this.#away + this.#ending + this.#left + this.#ended;
    const off = Math.abs(seated + queued + this.waiting.size + gone + elsewhere - this.#everybody);
    this.imbalance = Math.max(this.imbalance, off / this.#everybody);
  }
}
