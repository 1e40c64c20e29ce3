import type { LiveState } from "../wire/state.ts";

/** From how many listeners on one edge on it pushes whole segments, and below how many it pushes by chunk again. */
export interface PushThresholds {
  /** @default 3000 */
  readonly segmentFrom?: number;
  /** @default 2000 */
  readonly chunkBelow?: number;
}

/** How `stream.mp4` is pushed: by chunk while the crowd is small, whole segments (a third of the writes) when it is large. */
export class PushMode {
  readonly #segmentFrom: number;
  readonly #chunkBelow: number;
  #now: LiveState["push"] = "chunk";

  constructor({ segmentFrom = 3000, chunkBelow = 2000 }: PushThresholds = {}) {
    this.#segmentFrom = segmentFrom;
    this.#chunkBelow = Math.min(chunkBelow, segmentFrom);
  }

  get now(): LiveState["push"] {
    return this.#now;
  }

  /** Takes how many listeners there are; the two thresholds keep it from flapping between them. */
  update(listeners: number): void {
    if (listeners >= this.#segmentFrom) this.#now = "segment";
    else if (listeners < this.#chunkBelow) this.#now = "chunk";
  }
}
