/** One value that changes, and those who watch it. Watchers are called after each change, in the order they came. */
export interface Readable<T> {
  get(): T;
  /** Calls `run` after each change until the function returned is called. */
  watch(run: (value: T) => void): () => void;
}

export class Store<T> implements Readable<T> {
  #value: T;
  readonly #watchers = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const run of this.#watchers) run(value);
  }

  watch(run: (value: T) => void): () => void {
    this.#watchers.add(run);
    return () => void this.#watchers.delete(run);
  }
}
