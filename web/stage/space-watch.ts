import type { Space } from "../../src/wire/api.ts";
import { livePaths } from "../../src/wire/paths.ts";
import type { LiveState } from "../../src/wire/state.ts";
import { api } from "../api/client.ts";
import { type Readable, Store } from "./store.ts";

/** A Space as its pages show it, and the server's clock. */
export interface WatchedSpace {
  readonly space: Space;
  /** Server time minus this device's, ms: add it to `Date.now()`. */
  readonly clockOffset: number;
  /** Different listeners so far, about; 0 until it is known. */
  readonly heard: number;
}

/** How often it is looked at: the room tells of changes at once, this only brings counts and times. */
const periodMs = 5000;

/** How far the server's clock is ahead, from an answer made between `sent` and `received`. */
export const offsetOf = (serverNow: number, sent: number, received: number): number =>
  Math.round(serverNow - (sent + received) / 2);

/** The Space with what its live state says newer. */
export function refreshed(space: Space, state: LiveState): Space {
  const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  return {
    ...space,
    title: state.title,
    description: state.description,
    status: state.status,
    hold: state.hold,
    replay: state.replay,
    startAt: new Date(state.startAt).toISOString(),
    liveAt: iso(state.liveAt),
    delayMs: state.delayMs,
    endedAt: iso(state.endedAt),
    listeners: state.listeners,
  };
}

/** Loads a Space (throws `ApiProblem` when that fails) and keeps it fresh until the signal aborts. */
export async function watchSpace(slug: string, signal: AbortSignal): Promise<Readable<WatchedSpace>> {
  const space = await api<Space>(`/spaces/${slug}`, { signal });
  const store = new Store<WatchedSpace>({ space, clockOffset: 0, heard: 0 });
  const look = async (): Promise<void> => {
    const sent = Date.now();
    try {
      const answer = await fetch(livePaths.state(slug), {
        signal: AbortSignal.any([signal, AbortSignal.timeout(4000)]),
      });
      if (!answer.ok) throw new Error(`state answered ${answer.status}`);
      const state = (await answer.json()) as LiveState;
      const clockOffset = offsetOf(state.now, sent, Date.now());
      store.set({
        space: refreshed(store.get().space, state),
        clockOffset: steady(store.get().clockOffset, clockOffset),
        heard: state.heard,
      });
    } catch {
      if (signal.aborted) return;
      const again = await api<Space>(`/spaces/${slug}`, { signal }).catch(() => undefined);
      if (again) store.set({ ...store.get(), space: again });
    }
  };
  await look();
  const timer = setInterval(() => void look(), periodMs);
  signal.addEventListener("abort", () => clearInterval(timer));
  return store;
}

/** State is cached for a second, so that an offset may look up to a second small: the largest seen lately is the best. */
function steady(before: number, seen: number): number {
  return Math.abs(seen - before) > 3000 || before === 0 ? seen : Math.max(before, seen);
}
