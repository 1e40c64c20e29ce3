import type { ServiceLevel } from "../../wire/state.ts";
import type { Store } from "../../store/store.ts";

/** The level of service that those who run a Space ask for, and since when (ms since 1970). */
export interface AskedLevel {
  readonly level: ServiceLevel;
  readonly at: number;
}
export const nothingAsked: AskedLevel = { level: 0, at: 0 };

const keyOf = (space: string): string => `level.${space}`;

/** What is kept of it: a setting of the store for each Space. */
export class AskedLevels {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async load(space: string): Promise<AskedLevel> {
    return ((await this.#store.settings.get(keyOf(space))) as AskedLevel | undefined) ?? nothingAsked;
  }

  async save(space: string, level: ServiceLevel, at: number): Promise<AskedLevel> {
    const asked = { level, at };
    await this.#store.settings.set(keyOf(space), asked);
    return asked;
  }
}
