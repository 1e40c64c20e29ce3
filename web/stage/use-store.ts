import { useEffect, useState } from "preact/hooks";
import type { Readable } from "./store.ts";

/** The store's value; the part is drawn again when it changes. */
export function useStore<T>(store: Readable<T>): T {
  const [value, setValue] = useState(() => store.get());
  useEffect(() => {
    const take = (next: T): void => setValue(() => next);
    take(store.get());
    return store.watch(take);
  }, [store]);
  return value;
}

/** This device's time plus `offset`, anew every `periodMs`. */
export function useNow(offset: number, periodMs = 500): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), periodMs);
    return () => clearInterval(timer);
  }, [periodMs]);
  return now + offset;
}
