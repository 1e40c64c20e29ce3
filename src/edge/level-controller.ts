import { type LevelCause, type LevelTold, mayBeSeated, nextLevel, type Standing } from "../wire/levels.ts";
import type { ServiceLevel } from "../wire/state.ts";
import { type Limits, Load, placesOf, type Pressure, type Usage } from "./load.ts";
import type { Levels } from "./service-level.ts";

/** How many are seated a second when an edge has just become full, and at least and at most. */
export const pace = { first: 20, least: 2, most: 2000 } as const;
/** While a second was as calm as this, more are seated in the next one; when it was as full as that, half as many. */
const calm = { busy: 0.85, lag: 0.05 } as const;
const full = { busy: 0.95, lag: 0.1, behind: 0.96 } as const;
const growth = 1.25;

export interface LevelControllerOptions {
  readonly limits?: Limits | undefined;
  /** Who plays at this moment. */
  readonly playing: () => number;
  /** Monotonic, seconds. @default performance.now */
  readonly now?: (() => number) | undefined;
  /** Called when the level has changed, with what it was. */
  readonly onChange?: ((told: Pick<LevelTold, "level" | "cause">, before: ServiceLevel) => void) | undefined;
}

/** Moves an edge's own level by what it measures. To be told each second what that was. */
export class LevelController implements Levels {
  readonly #options: LevelControllerOptions;
  readonly #load: Load;
  readonly #now: () => number;
  #standing: Standing = { level: 0, calmSince: undefined };
  #cause: LevelCause = "calm";
  #pressure: Pressure;
  /** Who played when it was looked last. */
  #playing = 0;
  #pace: number = pace.first;

  constructor(options: LevelControllerOptions) {
    this.#options = options;
    this.#load = new Load(options.limits);
    // Whoever comes before the first second is over is seated by the same places.
    this.#pressure = { share: 0, lag: 0, cause: "connections", room: placesOf(options.limits ?? {}) };
    this.#now = options.now ?? (() => performance.now() / 1000);
  }

  /** A second has passed. */
  second(usage: Usage): void {
    const { level: before } = this.#standing;
    this.#pressure = this.#load.second(usage);
    this.#playing = usage.playing;
    const { share, lag, cause } = this.#pressure;
    this.#standing = nextLevel(this.#standing, this.#now(), share, lag);
    const { level } = this.#standing;
    this.#adjustPace(usage);
    if (level === before) return;
    this.#cause = level > before ? cause : level === 0 ? "calm" : this.#cause;
    this.#options.onChange?.({ level, cause: level > before ? cause : "calm" }, before);
  }

  of(): ServiceLevel {
    return this.own;
  }

  /** As soon as the last seat is taken it is level 3: the next second may bring thousands. */
  get own(): ServiceLevel {
    const { level } = this.#standing;
    return level < 3 && this.#room <= 0 ? 3 : level;
  }

  get cause(): LevelCause {
    return this.own > this.#standing.level ? this.#pressure.cause : this.#cause;
  }

  get seats(): number {
    const { level } = this.#standing;
    if (!mayBeSeated(this.#standing, this.#pressure.lag)) return 0;
    const room = Math.max(0, this.#room);
    return level < 3 ? room : Math.min(room, Math.floor(this.#pace));
  }

  /** What is left of the room there was when it was looked last. */
  get #room(): number {
    return this.#pressure.room - (this.#options.playing() - this.#playing);
  }

  /** Grows gently, and is halved when a second was too full. */
  #adjustPace({ busy, lag, behind }: Usage): void {
    if (this.#standing.level < 3) this.#pace = pace.first;
    else if (busy >= full.busy || lag >= full.lag || behind >= full.behind)
      this.#pace = Math.max(pace.least, this.#pace / 2);
    else if (busy < calm.busy && lag < calm.lag) this.#pace = Math.min(pace.most, this.#pace * growth + 1);
  }
}
