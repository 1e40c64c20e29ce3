import type { LiveState, PublicStatus } from "../../wire/state.ts";
import { segmentMs, type SegmentNumber } from "../../wire/timeline.ts";

/** A state is read again after so long at the soonest, ms: a crowd gets the same one thousands of times. */
const readAgainMs = 250;

const isOver = (status: PublicStatus | undefined): boolean => status === "ended" || status === "cancelled";

/** What the states that listeners get say of the Space; the process reads some of them for all. */
export class LiveFacts {
  state: LiveState | undefined;
  #readAt = -Infinity;
  /** The server's clock minus ours, ms: the largest that was seen, since an answer only ever ages on its way. */
  #offset = -Infinity;
  /** The latest segment that came. */
  #came = -1;
  /** The sound itself has said that it is over. */
  #hasEnded = false;

  /** Takes the body of a state's answer that came at `now`. What is none is left. */
  learn(body: Buffer, now: number): void {
    if (now - this.#readAt < readAgainMs && this.state?.latest != null) return;
    try {
      const state = JSON.parse(body.toString()) as LiveState;
      if (state.v !== 1) return;
      this.state = state;
      this.#readAt = now;
      this.#offset = Math.max(this.#offset, state.now - now);
    } catch {
      // Whoever asked for it asks again.
    }
  }

  /** Segment `n` came whole: its time is over on the server's clock, too. */
  came(n: SegmentNumber, now: number): void {
    const epoch = this.state?.epochMs;
    this.#came = Math.max(this.#came, n);
    if (epoch != null) this.#offset = Math.max(this.#offset, epoch + (n + 1) * segmentMs - now);
  }

  /** The sound tells what becomes of the Space. */
  told(status: PublicStatus): void {
    this.#hasEnded = isOver(status);
  }

  get isOver(): boolean {
    return this.#hasEnded || isOver(this.state?.status);
  }

  /** The latest segment that is known to be there; undefined when none is. */
  get latest(): SegmentNumber | undefined {
    const told = this.state?.latest ?? -1;
    return Math.max(told, this.#came) < 0 ? undefined : Math.max(told, this.#came);
  }

  /** When segment `n` could first be had, on our clock; undefined when that is not known. */
  availableAt(n: SegmentNumber): number | undefined {
    const epoch = this.state?.epochMs;
    return epoch == null ? undefined : epoch + (n + 1) * segmentMs - this.#offset;
  }
}
