import type { Space } from "../../src/wire/api.ts";

/** The Spaces of this server as a listener looks for them. */
export interface Programme {
  /** Live, then lobbies; the fullest first. */
  readonly onAir: readonly Space[];
  /** The next first. */
  readonly upcoming: readonly Space[];
  /** Over and to be heard again, the newest first. */
  readonly replays: readonly Space[];
}

const time = (iso: string | null): number => (iso === null ? 0 : Date.parse(iso));

/** Sorts what the API lists; what was cancelled, or is over without a replay, is not shown. */
export function programmeOf(spaces: readonly Space[]): Programme {
  const lobbyLast = ({ status }: Space): number => (status === "live" ? 0 : 1);
  return {
    onAir: spaces
      .filter(({ status }) => status === "live" || status === "lobby")
      .toSorted((a, b) => lobbyLast(a) - lobbyLast(b) || b.listeners - a.listeners),
    upcoming: spaces
      .filter(({ status }) => status === "scheduled")
      .toSorted((a, b) => time(a.startAt) - time(b.startAt)),
    replays: spaces
      .filter(({ status, replay }) => status === "ended" && replay)
      .toSorted((a, b) => time(b.endedAt) - time(a.endedAt)),
  };
}
