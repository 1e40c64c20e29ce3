import { slotsPerSecond } from "./arrivals.ts";
import { after, before, type Question } from "./question.ts";

/** How long after people came, or after something happened, it is looked at in steps of 100 ms, seconds; and how long at most. */
export const settle = 60;
const longestRush = 300;

/** Which seconds are simulated in steps of 100 ms, and which at once: the question alone says it. */
export class Steps {
  readonly #fine: readonly { readonly from: number; readonly to: number }[];
  readonly seconds: number;

  constructor({ over, lasts, loss }: Question) {
    const rush = { from: -5, to: Math.min(over / 1000 + settle, longestRush) };
    const lost = loss ? [{ from: Math.floor(loss.at / 1000), to: loss.at / 1000 + settle }] : [];
    const end = { from: Math.floor(lasts / 1000), to: lasts / 1000 + after / 2000 };
    this.#fine = [rush, ...lost, end];
    this.seconds = Math.ceil((before + lasts + after) / 1000 - 1e-9);
  }

  /** Slots of each step in a second: 1 or all. */
  slotsIn(second: number): number {
    return this.#fine.some(({ from, to }) => second >= from && second < to) ? 1 : slotsPerSecond;
  }
}
