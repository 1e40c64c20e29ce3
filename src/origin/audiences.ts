import { reason } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import type { KeptAudience } from "../wire/timelines.ts";
import type { AudienceShelf } from "./audience-shelf.ts";
import { SpaceAudience } from "./space-audience.ts";

/** What has changed is kept this often, ms. */
export const audienceKeptEveryMs = 30_000;

export interface AudiencesOptions {
  readonly shelf: AudienceShelf;
  readonly log: Log;
  /** ms since 1970. */
  readonly now: () => number;
  /** A Space has a salt, or another one. */
  readonly onSalt: (space: string) => void;
}

/** The audiences of all open Spaces. */
export class Audiences {
  readonly #options: AudiencesOptions;
  readonly #open = new Map<string, SpaceAudience>();
  /** What was kept of Spaces that are not open again yet. */
  readonly #kept: Map<string, KeptAudience>;
  /** One write of a Space after the other. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: AudiencesOptions, kept: readonly KeptAudience[]) {
    this.#options = options;
    this.#kept = new Map(kept.map((one) => [one.id, one]));
  }

  static async load(options: AudiencesOptions): Promise<Audiences> {
    return new Audiences(options, await options.shelf.load());
  }

  get(space: string): SpaceAudience | undefined {
    return this.#open.get(space);
  }

  /** A Space has opened: it has a salt from now on, the one that was kept or a new one. */
  open(space: string): void {
    if (this.#open.has(space)) return;
    const { now, onSalt } = this.#options;
    this.#open.set(space, this.#made(space, now(), this.#kept.get(space)));
    this.#kept.delete(space);
    this.#write(() => this.#keepOne(this.#open.get(space)));
    onSalt(space);
  }

  /** A Space is over: its salt and its sketch are forgotten. */
  close(space: string): void {
    const known = this.#open.delete(space);
    if (!this.#kept.delete(space) && !known) return;
    this.#write(() => this.#options.shelf.remove(space));
  }

  /** Gives another salt to Spaces that have been open for a day. */
  renewSalts(): void {
    for (const audience of this.#open.values()) {
      if (!audience.renewSalt(this.#options.now())) continue;
      this.#write(() => this.#keepOne(audience));
      this.#options.onSalt(audience.id);
    }
  }

  /** Keeps what has changed; resolves when it is written, or could not be. */
  keep(): Promise<void> {
    for (const audience of this.#open.values()) this.#write(() => this.#keepOne(audience));
    return this.#writing;
  }

  /** What was kept may not be a sketch of this version: it is counted anew then. */
  #made(space: string, now: number, kept: KeptAudience | undefined): SpaceAudience {
    try {
      return new SpaceAudience(space, now, kept);
    } catch (failure) {
      this.#options.log.warn("audience-unreadable", { space, reason: reason(failure) });
      return new SpaceAudience(space, now);
    }
  }

  async #keepOne(audience: SpaceAudience | undefined): Promise<void> {
    const kept = audience?.toKeep();
    if (kept && this.#open.has(kept.id)) await this.#options.shelf.save(kept);
  }

  #write(run: () => Promise<void>): void {
    this.#writing = this.#writing.then(run).catch((failure: unknown) => {
      this.#options.log.warn("audience-not-kept", { reason: reason(failure) });
    });
  }
}
