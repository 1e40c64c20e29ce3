import type { Action } from "./recommendations.ts";

/** How many actions may wait for one output; the oldest give way. */
export const maxWaitingActions = 256;

/** Somebody outside who is told what is to be done. */
export interface Output {
  readonly name: string;
  /** Tells it; throws when it could not be told. */
  tell(action: Action): Promise<void>;
  end?(): Promise<void>;
}

/** Tells an output one thing after the other; whoever gives it something never waits. */
export class Outlet {
  readonly output: Output;
  readonly #onLost: (why: unknown, count: number) => void;
  #waiting: Action[] = [];
  #telling: Promise<void> | undefined;

  /** @param onLost told of what could not be told, and of what had no room */
  constructor(output: Output, onLost: (why: unknown, count: number) => void) {
    this.output = output;
    this.#onLost = onLost;
  }

  give(action: Action): void {
    this.#waiting.push(action);
    if (this.#waiting.length > maxWaitingActions) {
      this.#waiting.shift();
      this.#onLost(new Error(`more than ${maxWaitingActions} wait for ${this.output.name}`), 1);
    }
    this.#telling ??= this.#tell();
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    await this.#telling;
  }

  async #tell(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift())
      await this.output.tell(next).catch((why: unknown) => this.#onLost(why, 1));
    this.#telling = undefined;
  }
}
