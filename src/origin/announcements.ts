import { maxEventBytes } from "../cmaf/emsg.ts";
import type { RoomEvent, RoomEventType } from "../wire/events.ts";

/** Events that say a whole fact, so that a newer one replaces an older one of its kind. */
export type Fact = Exclude<RoomEvent, { readonly t: "voices" }>;

/**
 * What the room has to tell its audience: the newest of each kind waits for the next chunk, and what was told already is
 * not told again. At most one event per kind waits, so it cannot grow.
 */
export class Announcements {
  readonly #waiting = new Map<RoomEventType, Fact>();
  readonly #told = new Map<RoomEventType, Fact>();

  /**
   * Tells this with the next chunk, unless it is what the audience knows. A fact that no chunk could carry is left out
   * (and stays true in `state.json`): false then.
   */
  tell(fact: Fact): boolean {
    if (Buffer.byteLength(JSON.stringify(fact)) > maxEventBytes) return false;
    const told = this.#told.get(fact.t);
    if (told && JSON.stringify(told) === JSON.stringify(fact)) this.#waiting.delete(fact.t);
    else this.#waiting.set(fact.t, fact);
    return true;
  }

  /** Tells everything once more, for those who will begin here (the replay's first chunk). */
  repeatAll(): void {
    for (const [kind, fact] of this.#told) if (!this.#waiting.has(kind)) this.#waiting.set(kind, fact);
  }

  /** What the next chunk carries; it counts as told. */
  take(): Fact[] {
    const facts = [...this.#waiting.values()];
    for (const fact of facts) this.#told.set(fact.t, fact);
    this.#waiting.clear();
    return facts;
  }
}
