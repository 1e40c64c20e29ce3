import type { Seen } from "./run.ts";

/** So few of those who played are left, as a share, that somebody must have cut them. */
const fewLeft = 0.05;

/** What is seen of the target in a second. */
export interface Sign {
  /** Seconds from T. */
  readonly at: number;
  /** Why it does not answer at all; `undefined` while it does, and while nobody has looked. */
  readonly gone: string | undefined;
  readonly answered: boolean;
  readonly playing: number;
  readonly refusedConnects: number;
}

/**
 * Whether a target is dead: it does not answer, nearly all who played are cut, and that has been so for a while. One that comes back
 * within that was away, and its listeners with it.
 */
export class VitalSigns {
  readonly #patience: number;
  #since: { readonly at: number; readonly refused: number; readonly played: number; readonly why: string } | undefined;
  #played = 0;

  /** @param patience seconds */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** Takes a second's sign; says when it died and what was seen, once that is sure. */
  take(sign: Sign): { readonly at: number; readonly seen: Seen } | undefined {
    const { at, gone, answered, playing, refusedConnects } = sign;
    if (answered) {
      this.#since = undefined;
      this.#played = playing;
      return undefined;
    }
    if (gone !== undefined) this.#since ??= { at, refused: refusedConnects, played: this.#played, why: gone };
    if (!this.#since) {
      this.#played = Math.max(this.#played, playing);
      return undefined;
    }
    const { at: from, refused, played, why } = this.#since;
    if (at - from < this.#patience || playing > played * fewLeft) return undefined;
    return { at: from, seen: { played, plays: playing, refused: refusedConnects - refused, why } };
  }

  /** Since when it has not answered, seconds from T. */
  get since(): number | undefined {
    return this.#since?.at;
  }
}
