import { livePaths } from "../../src/wire/paths.ts";
import type { LiveState } from "../../src/wire/state.ts";
import { createPlayer, type Player, type PlayerChange } from "../player/player.ts";

/** The Space as the page shows it: what the state says, overlaid with what the sound has said since. */
export interface SpaceModel {
  readonly slug: string;
  readonly player: Player;
  /** Undefined until the first answer. */
  readonly live: LiveState | undefined;
  /** The server says that there is no such Space. */
  readonly missing: boolean;
  /** The last attempt to read the state had no answer. */
  readonly unreachable: boolean;
  /** Who speaks in what is heard now, with a level 1…9; empty while nothing plays. */
  readonly voices: ReadonlyMap<string, number>;
  /** The server's clock, ms since 1970. */
  now(): number;
}

/** How often the state is read, ms: while nothing plays, while the sound tells, and while nobody looks. */
const pollMs = { watching: 4000, playing: 20_000, hidden: 30_000 } as const;
/** How long after the end the page still looks for the replay. */
const replayWithinMs = 120_000;
/** Over how long a crowd that heard the same change spreads its questions. */
const spreadMs = 5000;
/** Failures double the pause up to this many times; a server that steps back, at whatever level, doubles it once. */
const maxDoublings = 3;

const isPlaying = ({ state: { kind } }: Player): boolean =>
  kind === "connecting" || kind === "playing" || kind === "hold" || kind === "stalled";

/** The facts that ride on the timeline, as they were heard. */
function overlay(heard: Partial<LiveState>, change: PlayerChange): Partial<LiveState> {
  if (change.t !== "event") return heard;
  const { event } = change;
  if (event.t === "stage") return { ...heard, stage: event.people };
  if (event.t === "status") return { ...heard, status: event.status, hold: event.hold };
  if (event.t === "title") return { ...heard, title: event.title };
  if (event.t === "notice") return { ...heard, notice: event.text };
  if (event.t === "count") return { ...heard, listeners: event.listeners };
  return heard;
}

/**
 * Follows one Space: reads its state gently, plays it, and calls `changed` after each change. While it plays, the sound
 * is what counts, since the state runs ahead of it.
 *
 * @param first the answer that the page asked for while it loaded
 */
export function followSpace(slug: string, first: Promise<Response>, changed: (model: SpaceModel) => void): SpaceModel {
  const player = createPlayer({ space: slug });
  let told: LiveState | undefined;
  let heard: Partial<LiveState> = {};
  let missing = false;
  let unreachable = false;
  let failures = 0;
  let voices: ReadonlyMap<string, number> = new Map();
  /** Server's clock minus ours; the largest seen, since an answer only ever ages. */
  let offset = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const model: SpaceModel = {
    slug,
    player,
    get live() {
      return told && { ...told, ...heard };
    },
    get missing() {
      return missing;
    },
    get unreachable() {
      return unreachable;
    },
    get voices() {
      return voices;
    },
    now: () => Date.now() + (told ? offset : 0),
  };

  function learn(live: LiveState): void {
    offset = Math.max(offset, live.now - Date.now());
    told = live;
    missing = false;
  }

  async function read(answer: Promise<Response>): Promise<void> {
    clearTimeout(timer);
    try {
      const response = await answer;
      missing = response.status === 404 && told === undefined;
      if (response.ok) {
        const live = (await response.json()) as LiveState;
        learn(live);
        player.learn(live);
      } else if (!missing) throw new Error(String(response.status));
      failures = 0;
    } catch {
      failures++;
    }
    unreachable = failures > 0;
    schedule();
    changed(model);
  }

  const ask = (): void => void read(fetch(player.base + livePaths.state(slug), { credentials: "omit" }));

  /** When the sound says that it has opened or ended, the state tells how late that was, and whether a replay is there. */
  function askSoon(): void {
    clearTimeout(timer);
    timer = setTimeout(ask, 1000 + Math.random() * spreadMs);
  }

  function schedule(): void {
    const ended = told?.status === "ended" && (told.replay || model.now() - (told.endedAt ?? 0) > replayWithinMs);
    const over = told?.status === "cancelled" || ended;
    if (over) return;
    const every = document.hidden ? pollMs.hidden : isPlaying(player) ? pollMs.playing : pollMs.watching;
    const doublings = Math.min(failures, maxDoublings) + (told?.level ? 1 : 0);
    timer = setTimeout(ask, every * 2 ** doublings * (0.7 + Math.random() * 0.6));
  }

  player.listen((change) => {
    if (change.t === "live") learn(change.live);
    else if (change.t === "event" && change.event.t === "voices") voices = new Map(change.event.at[0]);
    else {
      if (change.t === "event" && change.event.t === "status" && change.event.status !== model.live?.status) askSoon();
      heard = overlay(heard, change);
    }
    if (change.t === "player" && !isPlaying(player)) {
      heard = {};
      voices = new Map();
      ask();
    }
    changed(model);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && timer !== undefined) ask();
  });
  void read(first);
  return model;
}
