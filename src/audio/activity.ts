import { quietest } from "./level.ts";

export interface ActivityOptions {
  /** Below this nothing counts as speech, dBFS. @default -52 */
  readonly threshold?: number;
  /** How far speech stands above the background, dB. @default 9 */
  readonly margin?: number;
  /** The loudest that a steady sound may be and still count as background, dBFS. @default -42 */
  readonly loudestBackground?: number;
  /** Frames that speech goes on after the last loud one: 20 ms each. @default 15 */
  readonly hangover?: number;
}

/** The background rises by this much a frame at most: 3 dB a second, so that a long sentence is not taken for it. */
const rise = 0.06;
/** A frame longer than a click: two loud frames in a row begin speech. */
const onset = 2;

/**
 * Tells speech from background by level alone: the background is the least level of late, followed downward at once and
 * upward slowly; speech is what stands clear above it.
 */
export class Activity {
  readonly #threshold: number;
  readonly #margin: number;
  readonly #loudest: number;
  readonly #hangover: number;
  #background: number | undefined;
  #loud = 0;
  #left = 0;

  constructor(options: ActivityOptions = {}) {
    this.#threshold = options.threshold ?? -52;
    this.#margin = options.margin ?? 9;
    this.#loudest = options.loudestBackground ?? -42;
    this.#hangover = options.hangover ?? 15;
  }

  /** @param level of the next frame, dBFS. @returns whether it belongs to speech */
  push(level: number): boolean {
    const background = this.#background ?? quietest;
    const floor = Math.max(this.#threshold, Math.min(background, this.#loudest) + this.#margin);
    // Digital silence (a muted or missing sender) says nothing about the room's background.
    if (level > quietest) {
      this.#background =
        this.#background === undefined ? Math.min(level, this.#loudest) : Math.min(level, background + rise);
    }
    this.#loud = level > floor ? this.#loud + 1 : 0;
    if (this.#loud >= onset) this.#left = this.#hangover + 1;
    else if (this.#left > 0) this.#left--;
    return this.#left > 0;
  }
}
