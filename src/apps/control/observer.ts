import { reason } from "../../foundation/errors.ts";
import type { Link } from "../../foundation/link.ts";
import type { Log } from "../../foundation/log.ts";
import type { Scope } from "../../foundation/scope.ts";
import { offerReplay } from "../../room/life.ts";
import type { StageLine } from "../../wire/stages.ts";
import type { LiveState } from "../../wire/state.ts";
import type { FeedLine } from "../../wire/timelines.ts";
import { type ActiveSpace, reported } from "./active-space.ts";
import type { Director } from "./director.ts";

/** Those who pass on what the stage says of a Space. */
export interface StageWatchers {
  voices(space: ActiveSpace, voices: Extract<StageLine, { t: "voices" }>["voices"]): void;
  health(space: ActiveSpace): void;
  /** Somebody's media session is gone while their place is kept. */
  sessionLost(space: ActiveSpace, participant: string, why: "stage-restarted" | "session-lost"): void;
}

export interface ObserverOptions {
  readonly director: Director;
  readonly origin: Link;
  readonly stage: Link;
  readonly watchers: StageWatchers;
  readonly scope: Scope;
  readonly log: Log;
}

/**
 * Listens to the origin's feed and the stage's events, and brings what they say to the director. When one of them
 * comes back it is told everything again, and what it no longer knows counts as gone.
 */
export class Observer {
  readonly #options: ObserverOptions;
  /** Sessions named since the stage's stream was opened, until it says `synced`; then null. */
  #snapshot: Set<string> | null = null;
  #origin = false;
  #stage = false;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /** Whether the streams of the two are open. */
  get links(): { readonly origin: boolean; readonly stage: boolean } {
    return { origin: this.#origin, stage: this.#stage };
  }

  /** Follows both streams until the scope ends. */
  start(): void {
    const { origin, stage, scope, log, director } = this.#options;
    const { signal } = scope;
    void origin.follow("/feed", (line) => this.#guarded("/feed", () => this.#feed(line as FeedLine)), {
      signal,
      log,
      onState: (connected) => {
        this.#origin = connected;
        if (connected) director.timelines.resendAll();
      },
    });
    void stage.follow("/events", (line) => this.#guarded("/events", () => this.#event(line as StageLine)), {
      signal,
      log,
      onState: (connected) => {
        this.#stage = connected;
        if (!connected) return;
        this.#snapshot = new Set();
        director.stages.resendAll();
      },
    });
  }

  /** One line that cannot be used does not end the stream. */
  #guarded(path: string, use: () => void): void {
    try {
      use();
    } catch (failure) {
      this.#options.log.warn("line-not-used", { path, reason: reason(failure) });
    }
  }

  #feed(line: FeedLine): void {
    if (line.t === "state") this.#state(line.state);
    else if (line.t === "latest") {
      const { director } = this.#options;
      director.find(line.id)?.segmentPublished(line.hold, director.now().timeline);
    }
  }

  #state(state: LiveState): void {
    const { director, log } = this.#options;
    const space = director.find(state.id);
    if (!space) {
      void director.settle(state.id, state).then(
        () => {
          const taken = director.find(state.id);
          if (taken) this.#known(taken, state);
        },
        (failure: unknown) => log.warn("space-not-settled", { space: state.id, reason: reason(failure) }),
      );
      return;
    }
    this.#known(space, state);
  }

  #known(space: ActiveSpace, state: LiveState): void {
    const { director, log } = this.#options;
    space.listeners = state.listeners;
    space.edges = state.edges;
    const { liveAt, delayMs } = reported(state);
    const opened = liveAt !== null && (space.record.liveAt !== liveAt || space.record.delayMs !== delayMs);
    const replay = state.replay && space.life.kind === "ended";
    if (!opened && !replay) return;
    const plan = director.change(space, (now) => {
      const step = replay && space.life.kind === "ended" ? offerReplay(space.life, now) : undefined;
      return { ...(step ? { steps: [step] } : {}), ...(opened ? { patch: { liveAt, delayMs } } : {}) };
    });
    plan.catch((failure: unknown) => log.warn("report-not-kept", { space: space.id, reason: reason(failure) }));
  }

  #event(line: StageLine): void {
    const { director, watchers } = this.#options;
    switch (line.t) {
      case "session": {
        this.#snapshot?.add(`${line.space} ${line.participant}`);
        const space = director.find(line.space);
        if (space) this.#session(space, line);
        break;
      }
      case "voices": {
        const space = director.find(line.space);
        if (!space) break;
        for (const { id, speaking } of line.voices) if (speaking) space.spoke.add(id);
        watchers.voices(space, line.voices);
        break;
      }
      case "health": {
        director.stageHas(line.space);
        const space = director.find(line.space);
        if (!space) break;
        space.health = line;
        watchers.health(space);
        break;
      }
      case "synced":
        this.#synced();
        break;
      case "tick":
        break;
    }
  }

  #session(space: ActiveSpace, line: Extract<StageLine, { t: "session" }>): void {
    const { director, watchers } = this.#options;
    const { participant, session, state } = line;
    const known = space.sessions.get(participant);
    if (state === "gone") {
      // A session that another one has replaced, or that left, goes unnoticed.
      if (known?.session !== session) return;
      space.sessions.delete(participant);
      space.spoke.delete(participant);
      director.act(space, (room, now) => room.heard(participant, false, now));
      watchers.sessionLost(space, participant, "session-lost");
      return;
    }
    if (known?.session !== session) space.spoke.delete(participant);
    space.sessions.set(participant, { session, state });
    director.act(space, (room, now) => room.heard(participant, state === "connected", now));
  }

  /** The stage has named all its sessions: what it did not name is gone. */
  #synced(): void {
    const { director, watchers } = this.#options;
    const named = this.#snapshot ?? new Set<string>();
    this.#snapshot = null;
    director.stageIsKnown();
    for (const space of director.spaces) {
      for (const participant of space.sessions.keys()) {
        if (named.has(`${space.id} ${participant}`)) continue;
        space.sessions.delete(participant);
        director.act(space, (room, now) => room.heard(participant, false, now));
        watchers.sessionLost(space, participant, "stage-restarted");
      }
    }
  }
}
